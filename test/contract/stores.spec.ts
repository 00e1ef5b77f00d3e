// A store as users write one, in a file, keeps the contract of stores, by itself and beside another one on the same file; and
// each way to break a promise is noticed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileStore } from '../../examples/file-store.ts';
import { memoryStore, type SharedStore } from '../../src/index.ts';
import { manualClock, sharedStoreContract } from '../../src/testing/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a store in a file', () => {
  const contract = sharedStoreContract(() => fileStore(join(folder, 'facts')), { shared: true });
  it.concurrent.each(contract)('$promise', ({ check }) => check());

  it('knows after a restart what was set before', async () => {
    const path = join(folder, 'restart');
    await fileStore(path).set('key', 'value', 60_000);
    expect(await fileStore(path).get('key')).toBe('value');
  });
});

type Twisted = (store: SharedStore) => Partial<SharedStore>;
const twice = (run: () => unknown) => [run(), run()];
const TWISTS: readonly [string, Twisted, promise: RegExp][] = [
  ['knows what nobody set', (store) => ({ get: async (key) => (await store.get(key)) ?? 'x' }), /nobody set/],
  ['makes numbers of texts', (store) => ({ get: (key) => JSON.parse(`${store.get(key)}`) }), /very text/],
  ['trims', (store) => ({ set: (key, value, ttl) => store.set(key, value.trim(), ttl) }), /very text/],
  [
    'keeps the first value',
    (store) => ({ set: (key, value, ttl) => (store.get(key) === undefined ? store.set(key, value, ttl) : undefined) }),
    /very text/,
  ],
  ['knows no case', (store) => onKeys(store, (key) => key.toLowerCase()), /mixes up no keys/],
  ['forgets nothing', (store) => ({ set: (key, value) => store.set(key, value, 1e9) }), /no longer/],
  ['takes ttl for seconds', (store) => ({ set: (key, value, ttl) => store.set(key, value, ttl * 1e3) }), /no longer/],
  ['forgets early', (store) => ({ set: (key, value, ttl) => store.set(key, value, ttl / 10) }), /for its ttl/],
  [
    'takes timers for days',
    (store) => ({ set: (key, value, ttl) => store.set(key, value, ttl > 2 ** 31 ? 1 : ttl) }),
    /30 days/,
  ],
  ['says what was there', (store) => ({ add: async (key, n, ttl) => (await store.add(key, n, ttl)) - n }), /the total/],
  ['prolongs counters', (store) => ({ add: (key, n) => store.add(key, n, 1e9) }), /first addition/],
  ['is deaf to itself', () => ({ publish: () => undefined }), /every listener/],
  [
    'says everything twice',
    (store) => ({ publish: (to, text) => twice(() => store.publish(to, text)) }),
    /each message once/,
  ],
  [
    'has one channel',
    (store) => ({ publish: (_, text) => store.publish('', text), subscribe: (_, hear) => store.subscribe('', hear) }),
    /every listener/,
  ],
  [
    'never ends',
    (store) => ({ subscribe: (on, hear) => [store.subscribe(on, hear)].map(() => Boolean)[0]! }),
    /ended it/,
  ],
];

function onKeys(store: SharedStore, change: (key: string) => string): Partial<SharedStore> {
  return { get: (key) => store.get(change(key)), set: (key, value, ttl) => store.set(change(key), value, ttl) };
}

describe('the contract notices a store that', () => {
  it.each(TWISTS)('%s', async (_, twist, promise) => {
    const clock = manualClock();
    const make = () => {
      const store = memoryStore(clock);
      return { ...store, ...twist(store) };
    };
    const broken: string[] = [];
    const contract = sharedStoreContract(make, { wait: (ms) => clock.advance(ms) });
    for (const { promise: what, check } of contract) await check().catch(() => broken.push(what));
    expect(broken.filter((what) => promise.test(what))).not.toEqual([]);
  });

  it('is none', async () => {
    const { add: _, subscribe: __, ...half } = memoryStore();
    const [first] = sharedStoreContract(() => half as SharedStore);
    await expect(first?.check()).rejects.toThrow(/no store; missing are add, subscribe/);
    expect(() => sharedStoreContract(memoryStore() as never)).toThrow(/expected a function that makes a store/);
  });
});
