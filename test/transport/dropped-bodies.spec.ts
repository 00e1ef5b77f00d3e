// Connections are few with the fast transport: what nobody reads must not keep one.
import { expect, it } from 'vitest';
import { runChild } from '../support/child.ts';

it('bodies that are dropped unread free their connections, and those that are read stay whole', async () => {
  const script = new URL('./children/dropped-bodies.ts', import.meta.url);
  expect(await runChild(script, null, 20_000)).toEqual({ left: 0, whole: true });
});
