// Calls packed as bytes come out as they went in, by their numbers, whatever is forgotten in the meantime.
import { expect, it } from 'vitest';
import { PackedCalls } from '../../../src/gateway/store/packed-calls.ts';
import { callOf } from './store-contract.ts';

const ids = (calls: PackedCalls, before = calls.end, from = calls.start, query = {}) =>
  [...calls.before(before, from, query)].map(([number, { id }]) => `${number} ${id}`);

it('gives back what it was given, whatever is written in it, the newest first', () => {
  const calls = new PackedCalls();
  const given = [
    callOf({ id: 'a', body: `${'😀ß"\\\n'.repeat(60_000)}`, model: 'mödel "5"' }),
    callOf({ id: 'b', cost: undefined, tokens: undefined, code: 'x\ud800' }),
    callOf({ id: 'c', body: 'y'.repeat(200_000) }),
  ];
  for (const call of given) calls.add(call);
  expect([...calls.before(3, 0, {})].map(([, call]) => call)).toEqual(given.toReversed());
  expect(ids(calls, 2, 1)).toEqual(['1 b']);
});

it('leaves out what cannot be meant, and nothing that is', () => {
  const calls = new PackedCalls();
  for (const model of ['one', 'two', 'one "two"']) calls.add(callOf({ id: model, model }));
  expect(ids(calls, 3, 0, { model: 'two' })).toContain('1 two');
  expect(ids(calls, 3, 0, { model: 'one "two"' })).toEqual(['2 one "two"']);
  expect(ids(calls, 3, 0, { key: 'nobody' })).toEqual([]);
});

it('forgets by number and by age, over many blocks, and keeps the numbers of the rest', () => {
  const calls = new PackedCalls();
  for (let at = 0; at < 5_000; at += 1) calls.add(callOf({ id: `call ${at}`, at }));
  calls.drop(1_234, 0);
  expect([calls.start, calls.end, calls.oldest]).toEqual([1_234, 5_000, 1_234]);
  expect(ids(calls, 1_236)).toEqual(['1235 call 1235', '1234 call 1234']);
  calls.drop(0, 4_998);
  expect(ids(calls)).toEqual(['4999 call 4999', '4998 call 4998']);
  calls.drop(9_999, 0);
  expect([ids(calls), calls.oldest, calls.start]).toEqual([[], undefined, 5_000]);
  calls.add(callOf({ id: 'next', at: 1 }));
  expect(ids(calls)).toEqual(['5000 next']);
});
