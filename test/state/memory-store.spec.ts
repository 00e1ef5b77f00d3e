// The store in memory: what every store promises, and what is its own.
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/state/memory-store.ts';
import { manualClock, sharedStoreContract } from '../../src/testing/index.ts';

describe('what every store promises', () => {
  const clock = manualClock();
  const contract = sharedStoreContract(() => memoryStore(clock), { wait: (ms) => clock.advance(ms) });
  for (const { promise, check } of contract) it(promise, check);

  it('also by the clock of the machine', async () => {
    const check = sharedStoreContract(() => memoryStore()).find(({ promise }) => promise.includes('no longer'));
    await check?.check();
  });

  const both = memoryStore();
  for (const { promise, check } of sharedStoreContract(() => both, { shared: true }).slice(0, 4)) it(promise, check);
});

it('forgets a fact to the millisecond', async () => {
  const clock = manualClock();
  const store = memoryStore(clock);
  await store.set('key', 'value', 1_000);
  await clock.advance(999);
  expect(await store.get('key')).toBe('value');
  await clock.advance(1);
  expect(await store.get('key')).toBeUndefined();
});

it('keeps 200,000 keys and forgets those written longest ago', async () => {
  const store = memoryStore();
  for (let i = 0; i < 200_010; i++) void store.set(`key-${i}`, 'x', 60_000);
  void store.set('key-10', 'again', 60_000);
  void store.set('one-more', 'x', 60_000);
  const found = ['key-9', 'key-10', 'key-11', 'key-12', 'one-more'].map((key) => store.get(key));
  expect(found).toEqual([undefined, 'again', undefined, 'x', 'x']);
});

it('bears an async listener that fails', async () => {
  const store = memoryStore();
  await store.subscribe('channel', async () => {
    throw new Error('later');
  });
  await store.publish('channel', 'x');
  await new Promise((resolve) => setImmediate(resolve));
});
