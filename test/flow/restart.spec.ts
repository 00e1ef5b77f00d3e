// The promise: after a restart, with a store that survived it, every call about an object of before goes straight to the account
// that made it. The process before the restart is a real one; what comes after it is this one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStore } from '../../examples/file-store.ts';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { runChild } from '../support/child.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { STATEFUL_OBJECTS, type Step, take } from '../support/stateful-objects.ts';
import type { Before } from './children/before-restart.ts';

const CHILD = new URL('./children/before-restart.ts', import.meta.url);
const NAMES = ['a', 'b', 'c'] as const;
const folder = mkdtempSync(join(tmpdir(), 'restart-'));
const path = join(folder, 'ids');
let stage: Stage<(typeof NAMES)[number]>;
let before: Before;

beforeAll(async () => {
  stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
  before = await runChild<Before>(CHILD, { options: stage.options, path });
}, 120_000);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A client that knows nothing but what the file says: each call is the first one after the restart. */
const restarted = () => new LoadBalancedOpenAI({ ...stage.options, store: fileStore(path), shareState: false });
const visits = () => NAMES.map((name) => stage.servers[name].calls);

/** Which servers were asked for the call; a `GET` to look for an id would show. */
async function asked(step: Step, ids: Readonly<Record<string, string>>): Promise<string> {
  const from = visits();
  const client = restarted();
  await take(client, step, ids);
  await client.close();
  return NAMES.flatMap((name, index) => Array<string>(visits()[index]! - from[index]!).fill(name)).join(' ');
}

describe.each(STATEFUL_OBJECTS)('$name', ({ name, listed, used }) => {
  it('made before the restart: every later call goes where it was made, and nowhere else', async () => {
    for (const owner of NAMES)
      for (const step of used) expect([step, await asked(step, before.made[owner]![name]!)]).toEqual([step, owner]);
  });

  it.runIf(listed)('seen in a list before the restart: the same', async () => {
    for (const owner of NAMES) {
      const [step] = used;
      expect([step, await asked(step!, before.listed[owner]![name]!)]).toEqual([step, owner]);
    }
  });
});

it('told by a stream before the restart, also by one that was left: the same', async () => {
  for (const owner of NAMES) {
    expect(before.streamed[owner]).toHaveLength(3);
    for (const id of before.streamed[owner]!) expect(await asked(['get', `/responses/${id}`], {})).toBe(owner);
  }
});

it('seen in the list of the whole pool before the restart: the same', async () => {
  for (const owner of NAMES) expect(await asked(['get', `/files/${before.merged[owner]}`], {})).toBe(owner);
});

it('without the store every id is looked for at all endpoints', async () => {
  const client = new LoadBalancedOpenAI({ ...stage.options, shareState: false });
  const from = visits();
  for (const owner of NAMES) await take(client, ['get', `/responses/${before.streamed[owner]![1]}`], {});
  expect(visits().map((count, index) => count - from[index]!)).toEqual([3, 3, 3]);
  await client.close();
});
