// A store that throws, rejects, hangs, dawdles or answers rubbish costs a moment at most, and is left alone until it works again.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { memoryStore } from '../../src/state/memory-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import type { StoreNews } from '../../src/state/store-health.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const HOUR = 3_600_000;
const never = new Promise<never>(() => undefined);

let clock: ManualClock;
let inner: SharedStore;
let news: StoreNews[];
/** What each operation does in place of its own work, by name; may be changed at any time. */
let broken: Partial<Record<'get' | 'set', (work: () => unknown) => unknown>>;
let asked: string[];
let store: GuardedStore;
const hear = (item: StoreNews) => void news.push(item);

beforeEach(() => {
  clock = manualClock();
  inner = memoryStore(clock);
  [news, broken, asked] = [[], {}, []];
  const does = (name: 'get' | 'set', key: string, work: () => unknown) => {
    asked.push(`${name} ${key}`);
    return (broken[name] ? broken[name](work) : work()) as never;
  };
  store = new GuardedStore(
    {
      ...inner,
      get: (key) => does('get', key, () => inner.get(key)),
      set: (key, value, ttl) => does('set', key, () => inner.set(key, value, ttl)),
    },
    clock,
  );
  store.users.add(hear);
});

/** What comes of a read, and after how many ms. */
async function timed(reading: Promise<string | undefined>): Promise<[value: string | undefined, ms: number]> {
  const from = clock.now();
  let done: [string | undefined, number] | undefined;
  void reading.then((value) => {
    done = [value, clock.now() - from];
  });
  for (let waited = 0; !done && waited < 1_000; waited++) await clock.advance(1);
  if (!done) throw new Error('The read does not end.');
  return done;
}
const names = () => news.map(({ is }) => is);

describe('a store that works', () => {
  it('is written to before the next turn of the event loop, and read', async () => {
    store.write('key', 'value', HOUR);
    expect(asked).toEqual([]);
    await Promise.resolve();
    expect(asked).toEqual(['set key']);
    expect(await inner.get('key')).toBe('value');
    await store.flush();
    expect(await store.read('key')).toBe('value');
    expect(await store.read('other')).toBeUndefined();
    await clock.advance(HOUR);
    expect(await store.read('key')).toBeUndefined();
    expect(news).toEqual([]);
  });

  it('is written to within the same turn, also while another fact was written just before', async () => {
    const turned = vi.fn();
    setImmediate(turned);
    for (const key of ['first', 'second']) {
      store.write(key, 'x', HOUR);
      for (let step = 0; step < 20; step++) await Promise.resolve();
      expect([inner.get(key), turned.mock.calls.length]).toEqual(['x', 0]);
    }
  });

  it('gets the last of several values written at once, and each once', async () => {
    for (const value of ['a', 'b', 'c']) store.write('key', value, HOUR);
    await store.flush();
    expect([asked, await inner.get('key')]).toEqual([['set key'], 'c']);
  });

  it('leaves no timer behind, whether it answers at once or later or not at all', async () => {
    const later: Broken = async (work) => {
      await new Promise<void>((resolve) => clock.after(1, resolve));
      return work();
    };
    for (const way of [undefined, later]) {
      broken = way ? { get: way, set: way } : {};
      store.write('key', 'value', HOUR);
      await clock.advance(2);
      expect(await timed(store.read('key'))).toEqual(['value', way ? 1 : expect.any(Number)]);
      expect(clock.pending).toBe(0);
    }
    broken.get = thrown;
    await store.read('other');
    expect(clock.pending).toBe(0);
  });

  it('gets the last value also when another one was on its way', async () => {
    const let_go: (() => void)[] = [];
    broken.set = (work) => new Promise<void>((resolve) => let_go.push(() => resolve(work() as undefined)));
    store.write('key', 'old', HOUR);
    await clock.advance(1);
    store.write('key', 'new', HOUR);
    await clock.advance(1);
    // Never two at a time for one key: the older one might come later.
    expect(asked).toEqual(['set key']);
    let_go[0]!();
    await clock.advance(1);
    let_go[1]!();
    await clock.advance(1);
    expect(await inner.get('key')).toBe('new');
    expect(asked).toEqual(['set key', 'set key']);
  });

  it('knows what is still on its way', async () => {
    broken.set = () => never;
    store.write('key', 'value', HOUR);
    expect(await store.read('key')).toBe('value');
    expect(asked).not.toContain('get key');
  });

  it('is given 64 facts at one time and not more, and all in the end', async () => {
    let [running, most] = [0, 0];
    broken.set = async (work) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => clock.after(5, resolve));
      running -= 1;
      work();
    };
    for (let i = 0; i < 1_000; i++) store.write(`key-${i}`, 'x', HOUR);
    await clock.advance((1_000 / 64) * 5 + 50);
    expect(most).toBe(64);
    expect(await inner.get('key-999')).toBe('x');
    expect(new Set(asked).size).toBe(1_000);
    expect(asked).toHaveLength(1_000);
  });

  it('that answers at once lets others have their turn between the lots', async () => {
    for (let i = 0; i < 640; i++) store.write(`key-${i}`, 'x', HOUR);
    let turns = 0;
    while (asked.length < 640) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThanOrEqual(9);
    expect(turns).toBeLessThan(30);
  });

  it('may leave facts unwritten only when 10,000 wait, the oldest ones', async () => {
    broken.set = () => never;
    for (let i = 0; i < 10_100; i++) store.write(`key-${i}`, 'x', HOUR);
    expect(names()).toEqual(Array(100).fill('behind'));
    expect(await store.read('key-100')).toBe('x');
    expect(await inner.get('key-99')).toBeUndefined();
    await clock.advance(1);
    broken = {};
    await clock.advance(20_000);
    // Those that hung count as failed, and went again.
    expect([await inner.get('key-99'), await inner.get('key-100')]).toEqual([undefined, 'x']);
  });
});

type Broken = (work: () => unknown) => unknown;
const thrown = () => {
  throw new Error('no such host redis://user:secret@10.0.0.1:6379/0');
};
const thenable = (then: () => void) => Object.defineProperty({}, 'then', { value: then });
const WAYS: readonly [string, Broken, ms: number, reason: RegExp][] = [
  ['throws', thrown, 0, /^read: no such host redis:\/\/10\.0\.0\.1:6379\/0$/],
  ['rejects', async () => thrown(), 0, /^read: no such host/],
  ['rejects with nothing', () => Promise.reject(), 0, /^read: undefined$/],
  [
    'throws what cannot be said',
    () => {
      throw Object.create(null);
    },
    0,
    /^read: .*no words/,
  ],
  [
    'throws an error whose message is no text',
    () => {
      throw Object.assign(new Error('x'), { message: { of: 'another kind' } });
    },
    0,
    /^read: \[object Object\]$/,
  ],
  [
    'throws lines of a log',
    () => Promise.reject(new Error('a\n\u001b[31mwarn: forged')),
    0,
    /^read: a\\u000a\\u001b\[31mwarn/,
  ],
  ['hangs', () => never, 50, /^read: no answer within 50 ms$/],
  ['is too slow', (work) => new Promise((resolve) => clock.after(51, () => resolve(work()))), 50, /within 50 ms/],
  [
    'is too slow and then fails',
    () => new Promise((_, reject) => clock.after(300, () => reject(new Error('late')))),
    50,
    /within/,
  ],
  ['is a thenable that hangs', () => thenable(() => undefined), 50, /within 50 ms/],
  ['is a thenable that throws', () => thenable(thrown), 0, /no such host/],
  ['gives an object', () => ({ endpoint: 'a' }), 0, /^read: get\(\) gave object in place of a text$/],
  ['gives a number', async () => 7, 0, /gave number/],
  ['gives a function', async () => thrown, 0, /gave function/],
  ['gives a buffer', async () => Buffer.from('a'), 0, /gave object/],
  ['gives an endless text', async () => 'x'.repeat(1e6), 0, /a text of 1000000 letters, which nobody set/],
];

describe('a store whose get', () => {
  it.each(WAYS)('%s is as good as none, within 50 ms', async (_, get, ms, reason) => {
    broken.get = get;
    expect(await timed(store.read('key'))).toEqual([undefined, ms]);
    expect(news).toEqual([{ is: 'degraded', reason: expect.stringMatching(reason) }]);
    await clock.advance(1_000);
    expect(names()).toEqual(['degraded']);
  });

  it('dawdles is back only once it is fast enough for those who wait, whatever is read in the background', async () => {
    broken.get = (work) => new Promise((resolve) => clock.after(200, () => resolve(work())));
    expect(await timed(store.found('key', 2_000))).toEqual([undefined, 200]);
    expect(await timed(store.read('key'))).toEqual([undefined, 50]);
    await clock.advance(1_000);
    void store.found('other', 2_000);
    store.write('key', 'value', HOUR);
    await clock.advance(20_000);
    expect(names()).toEqual(['degraded']);
    broken = {};
    await clock.advance(5_000);
    expect(names()).toEqual(['degraded', 'recovered']);
  });

  it.each(WAYS)(
    '%s is asked once in 2 s, costs the others nothing, and is back with its first answer',
    async (_, get) => {
      await inner.set('key', 'value', HOUR);
      broken.get = get;
      const together = await Promise.all(Array.from({ length: 20 }, () => timed(store.read('key'))));
      expect(together.every(([value]) => value === undefined)).toBe(true);
      asked = [];
      const reads: number[] = [];
      for (let waited = 0; waited < 8_000; waited += 100) {
        const [value, ms] = await timed(store.read('key'));
        expect(value).toBeUndefined();
        reads.push(ms);
        await clock.advance(100 - (ms % 100));
      }
      expect(asked.length).toBeGreaterThanOrEqual(3);
      expect(asked.length).toBeLessThanOrEqual(4);
      expect(reads.filter((ms) => ms > 0).length).toBeLessThanOrEqual(4);
      broken = {};
      await clock.advance(5_000);
      expect(await store.read('key')).toBe('value');
      expect(news.slice(1)).toEqual([{ is: 'recovered', lost: 0 }]);
      expect(await store.read('key')).toBe('value');
    },
  );
});

describe('a store whose set', () => {
  it.each<[string, Broken]>([
    ['throws', thrown],
    ['rejects', async () => thrown()],
    ['hangs', () => never],
  ])('%s keeps nothing from being read, and gets every fact once it works', async (_, set) => {
    await inner.set('there', 'x', HOUR);
    broken.set = set;
    store.write('key-0', 'x', HOUR);
    await clock.advance(2_000);
    expect(news).toEqual([{ is: 'degraded', reason: expect.stringMatching(/^write: /) }]);
    expect(await store.read('there')).toBe('x');
    asked = [];
    for (let i = 1; i < 100; i++) store.write(`key-${i}`, 'x', HOUR);
    await clock.advance(13_000);
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(asked.length).toBeLessThanOrEqual(7);
    expect(names()).toEqual(['degraded']);
    broken = {};
    await clock.advance(4_200);
    expect(news.slice(1)).toEqual([{ is: 'recovered', lost: 0 }]);
    for (let i = 0; i < 100; i++) expect(await inner.get(`key-${i}`)).toBe('x');
    expect(clock.pending).toBe(0);
  });

  it('fails long enough loses the oldest facts, and says how many when it is back', async () => {
    broken.set = thrown;
    for (let i = 0; i < 10; i++) store.write(`old-${i}`, 'x', HOUR);
    await clock.advance(1);
    for (let i = 0; i < 10_000; i++) store.write(`new-${i}`, 'x', HOUR);
    broken = {};
    await clock.advance(6_000);
    expect(news.slice(1)).toEqual([{ is: 'recovered', lost: 10 }]);
    expect([await inner.get('old-9'), await inner.get('new-0')]).toEqual([undefined, 'x']);
    broken.get = thrown;
    await store.read('key');
    broken = {};
    await clock.advance(5_000);
    await store.read('key');
    expect(news.slice(3)).toEqual([{ is: 'recovered', lost: 0 }]);
  });

  it('hangs like its get does not make reads wait again', async () => {
    broken = { get: () => never, set: () => never };
    store.write('key', 'x', HOUR);
    await clock.advance(0);
    expect((await timed(store.read('other')))[1]).toBe(50);
    // The write is given up, and says no more than the read did.
    await clock.advance(1_960);
    expect((await timed(store.read('other')))[1]).toBe(0);
    expect(names()).toEqual(['degraded']);
  });

  it('works while get fails is written to once get works again, though nobody reads', async () => {
    broken.get = thrown;
    await store.read('any');
    store.write('key', 'x', HOUR);
    await clock.advance(4_000);
    expect(await inner.get('key')).toBeUndefined();
    await clock.advance(10_000);
    expect(names()).toEqual(['degraded']);
    broken = {};
    await clock.advance(6_000);
    expect([names(), await inner.get('key')]).toEqual([['degraded', 'recovered'], 'x']);
    expect(clock.pending).toBe(0);
  });
});

describe('flushing', () => {
  /** Ms until it is over. */
  async function flushed(): Promise<number> {
    const from = clock.now();
    let ms: number | undefined;
    void store.flush().then(() => {
      ms = clock.now() - from;
    });
    for (let waited = 0; ms === undefined && waited < 5_000; waited += 10) await clock.advance(10);
    return ms ?? Number.NaN;
  }

  it('is over at once when nothing waits', async () => expect(await flushed()).toBe(0));

  it('waits until all is written', async () => {
    broken.set = async (work) => {
      await new Promise<void>((resolve) => clock.after(100, resolve));
      work();
    };
    for (let i = 0; i < 100; i++) store.write(`key-${i}`, 'x', HOUR);
    expect(await flushed()).toBe(200);
    expect(await inner.get('key-99')).toBe('x');
  });

  it('gives up after 2 s where the store hangs', async () => {
    broken.set = () => never;
    store.write('key', 'x', HOUR);
    expect(await flushed()).toBe(2_000);
  });

  it.each(['get', 'set'] as const)(
    'tries a store whose %s failed at once and once, and then gives up',
    async (name) => {
      broken[name] = thrown;
      await store.read('any');
      store.write('key', 'x', HOUR);
      await clock.advance(100);
      asked = [];
      expect(await flushed()).toBe(0);
      expect(asked).toEqual([name === 'get' ? 'get lbo:1:still-there' : 'set key']);
      broken = {};
      expect(await flushed()).toBe(0);
      expect(await inner.get('key')).toBe('x');
      expect(names()).toEqual(['degraded', 'recovered']);
    },
  );

  it('and resting leaves the store alone, whatever could not be written', async () => {
    broken.set = thrown;
    store.write('key', 'x', HOUR);
    await clock.advance(1);
    expect(store.users.remove(hear)).toBe(false);
    store.rest();
    asked = [];
    await clock.advance(60_000);
    expect([asked, clock.pending]).toEqual([[], 0]);
  });

  it('and resting forgets nothing: what is still to be written goes with what the next user writes', async () => {
    broken.set = thrown;
    store.write('old', 'x', HOUR);
    await clock.advance(1);
    store.rest();
    // It failed a moment ago, so that nothing goes at once.
    store.write('new', 'x', HOUR);
    broken = {};
    await clock.advance(6_000);
    expect([await inner.get('old'), await inner.get('new')]).toEqual(['x', 'x']);
  });
});

describe('its users', () => {
  it('hear the same, until they listen no more; one that is left says so', () => {
    const others: string[] = [];
    const other = ({ is }: StoreNews) => void others.push(is);
    store.users.add(other);
    store.users.tell({ is: 'behind' });
    expect(store.users.remove(other)).toBe(true);
    store.users.tell({ is: 'behind' });
    expect([names(), others]).toEqual([['behind', 'behind'], ['behind']]);
    expect(store.users.remove(hear)).toBe(false);
  });

  it('are not kept alive by it', async () => {
    // One that was collected: its reference leads nowhere.
    const deref = vi.spyOn(WeakRef.prototype, 'deref').mockReturnValue(undefined);
    for (let i = 0; i < 1_000; i++) store.users.add(() => undefined);
    expect(deref.mock.calls.length).toBeLessThan(5_000);
    deref.mockClear();
    deref.mockRestore();
    const alive = Array.from({ length: 1_000 }, () => () => undefined);
    const looked = vi.spyOn(WeakRef.prototype, 'deref');
    for (const listener of alive) store.users.add(listener);
    expect(looked.mock.calls.length).toBeLessThan(5_000);
    looked.mockRestore();
    store.users.tell({ is: 'behind' });
    expect(names()).toEqual([]);
  });
});
