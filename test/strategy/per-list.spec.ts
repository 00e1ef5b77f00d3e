// Facts about a list, worked out once.
import { expect, it, vi } from 'vitest';
import { perList } from '../../src/strategy/per-list.ts';
import { candidate } from '../support/candidates.ts';
import { collectGarbage } from '../support/parts.ts';

it('works them out once for each list, in whatever order lists come', () => {
  const make = vi.fn((list: readonly { name: string }[]) => list.map(({ name }) => name).join(''));
  const factsOf = perList(make);
  const [a, b] = [[candidate('a')], [candidate('b')]];
  expect([a, a, b, a, b, b].map((list) => factsOf(list))).toEqual(['a', 'a', 'b', 'a', 'b', 'b']);
  expect(make).toHaveBeenCalledTimes(2);
});

it('keeps no list but the last', async () => {
  const factsOf = perList((list) => list.length);
  const refs = ['a', 'b', 'c'].map((name) => {
    const list = [candidate(name)];
    factsOf(list);
    return new WeakRef(list);
  });
  await collectGarbage();
  expect(refs.map((ref) => ref.deref() !== undefined)).toEqual([false, false, true]);
});
