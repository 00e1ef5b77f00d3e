// What is published and counted over a user's store is nobody's wait, and who listens hears again once it is back.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { memoryStore } from '../../src/state/memory-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import type { StoreNews } from '../../src/state/store-health.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const HOUR = 3_600_000;
const never = new Promise<never>(() => undefined);
const thrown = () => {
  throw new Error('gone');
};
type Way = (work: () => unknown) => unknown;
type Name = keyof SharedStore;

let clock: ManualClock;
let inner: SharedStore;
let news: StoreNews[];
let broken: Partial<Record<Name, Way>>;
let asked: string[];
let store: GuardedStore;
let heard: string[];
const hearNews = (item: StoreNews) => void news.push(item);
const hear = (message: string) => void heard.push(message);

beforeEach(() => {
  clock = manualClock();
  inner = memoryStore(clock);
  [news, broken, asked, heard] = [[], {}, [], []];
  const does = (name: Name, about: string, work: () => unknown) => {
    asked.push(`${name} ${about}`);
    return (broken[name] ? broken[name](work) : work()) as never;
  };
  store = new GuardedStore(
    {
      get: (key) => does('get', key, () => inner.get(key)),
      set: (key, value, ttl) => does('set', key, () => inner.set(key, value, ttl)),
      add: (key, n, ttl) => does('add', key, () => inner.add(key, n, ttl)),
      publish: (channel, message) => does('publish', channel, () => inner.publish(channel, message)),
      subscribe: (channel, listener) => does('subscribe', channel, () => inner.subscribe(channel, listener)),
    },
    clock,
  );
  store.users.add(hearNews);
});

const names = () => news.map(({ is }) => is);
const count = (what: string) => asked.filter((each) => each === what).length;
/** What is told by somebody else. */
const tell = async (message: string) => {
  await inner.publish('news', message);
  await clock.advance(0);
};

const FAILS: readonly [string, Way][] = [
  ['throws', thrown],
  ['rejects', async () => thrown()],
  ['hangs', () => never],
  ['dawdles', (work) => new Promise((resolve) => clock.after(2_001, () => resolve(work())))],
];

describe('publishing', () => {
  it('goes out after the caller, in order, and to everybody', async () => {
    store.subscribe('news', hear);
    await clock.advance(0);
    for (const message of ['a', 'b', 'c']) store.publish('news', message);
    expect(count('publish news')).toBe(0);
    await clock.advance(0);
    expect(heard).toEqual(['a', 'b', 'c']);
    expect([news, clock.pending]).toEqual([[], 0]);
  });

  it.each(FAILS)('to a store that %s is dropped, tried every 2 s with nothing, and heals', async (_, publish) => {
    store.subscribe('news', hear);
    broken = { publish };
    for (let i = 0; i < 1_000; i++) store.publish('news', 'lost');
    await clock.advance(2_000);
    expect(count('publish news')).toBeLessThanOrEqual(64);
    expect(news).toEqual([
      { is: 'degraded', reason: expect.stringMatching(/^publish: (gone|no answer within 2000 ms)$/) },
    ]);
    asked = [];
    for (let i = 0; i < 150; i++) {
      store.publish('news', 'lost as well');
      await clock.advance(100);
    }
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(asked.length).toBeLessThanOrEqual(8);
    // What else the store can do goes on meanwhile.
    store.write('key', 'value', HOUR);
    await clock.advance(10);
    expect([await inner.get('key'), await store.read('other')]).toEqual(['value', undefined]);
    broken = {};
    await clock.advance(7_100);
    heard = [];
    store.publish('news', 'back');
    await clock.advance(1);
    expect([names(), heard]).toEqual([['degraded', 'recovered'], ['back']]);
    expect(clock.pending).toBe(0);
  });

  it('is not tried again for the sake of nobody', async () => {
    broken.publish = thrown;
    store.publish('news', 'x');
    await clock.advance(60_000);
    expect([asked, clock.pending]).toEqual([['publish news'], 0]);
  });

  it('goes on over a store that is full', async () => {
    store.subscribe('news', hear);
    broken.set = thrown;
    store.write('key', 'x', HOUR);
    await clock.advance(1);
    store.publish('news', 'still');
    await clock.advance(1);
    expect([names(), heard]).toEqual([['degraded'], ['still']]);
  });
});

describe('listening', () => {
  it('asks the store once for a channel, and no more when nobody listens', async () => {
    const other: string[] = [];
    const hearToo = (message: string) => void other.push(message);
    const [end, endToo] = [store.subscribe('news', hear), store.subscribe('news', hearToo)];
    await tell('1');
    end();
    end();
    await tell('2');
    endToo();
    await tell('3');
    expect([heard, other]).toEqual([['1'], ['1', '2']]);
    expect(asked).toEqual(['subscribe news']);
    store.subscribe('news', hear);
    await tell('4');
    expect(heard).toEqual(['1', '4']);
  });

  it('ended while the store was being asked ends what comes of it', async () => {
    const ended = vi.fn();
    broken.subscribe = async () => ended;
    store.subscribe('news', hear)();
    await clock.advance(0);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('goes on beside a listener that throws, and gets texts of a bounded length only', async () => {
    const throws = () => thrown();
    store.subscribe('news', throws);
    store.subscribe('news', hear);
    await clock.advance(0);
    for (const message of ['x'.repeat(100_001), 7, null, {}, 'text']) await tell(message as string);
    expect(heard).toEqual(['text']);
  });

  it('keeps nobody alive, and ends with the next message when all are gone', async () => {
    const ended = vi.fn();
    let tellIt: (message: string) => void = () => undefined;
    inner = {
      ...inner,
      subscribe: (_, listener) => {
        tellIt = listener;
        return ended;
      },
    };
    store.subscribe('news', hear);
    await clock.advance(0);
    const deref = vi.spyOn(WeakRef.prototype, 'deref').mockReturnValue(undefined);
    tellIt('anybody?');
    deref.mockRestore();
    expect([heard, ended.mock.calls.length]).toEqual([[], 1]);
  });

  it.each([...FAILS, ['gives no function', () => 'OK'] as [string, Way]])(
    'to a store that %s begins once it works, whatever comes late',
    async (_, subscribe) => {
      broken = { subscribe };
      store.subscribe('news', hear);
      await clock.advance(14_000);
      expect(count('subscribe news')).toBeGreaterThanOrEqual(4);
      expect(count('subscribe news')).toBeLessThanOrEqual(7);
      expect(news).toEqual([{ is: 'degraded', reason: expect.stringMatching(/^subscribe: /) }]);
      broken = {};
      await clock.advance(10_000);
      await tell('heard once');
      expect([names(), heard, clock.pending]).toEqual([['degraded', 'recovered'], ['heard once'], 0]);
    },
  );

  it('begins with all channels when the first of them could be subscribed to', async () => {
    broken.subscribe = thrown;
    store.subscribe('news', hear);
    store.subscribe('other', hear);
    await clock.advance(1);
    broken = {};
    await clock.advance(5_000);
    await tell('one');
    await inner.publish('other', 'two');
    await clock.advance(0);
    expect(heard).toEqual(['one', 'two']);
  });

  it('begins anew when the store was away, without hearing anything twice', async () => {
    store.subscribe('news', hear);
    await clock.advance(0);
    // As after a connection was lost: nobody is told any more.
    inner = { ...memoryStore(clock) };
    broken.get = thrown;
    await store.read('key');
    await tell('lost');
    broken = {};
    await clock.advance(5_000);
    await tell('heard');
    expect([heard, names(), count('subscribe news')]).toEqual([['heard'], ['degraded', 'recovered'], 2]);
    broken.get = thrown;
    await store.read('key');
    broken = {};
    await clock.advance(5_000);
    await tell('once');
    expect([heard, count('subscribe news'), clock.pending]).toEqual([['heard', 'once'], 3, 0]);
  });

  it('that began while the store was away hears once it is back', async () => {
    broken.get = thrown;
    await store.read('key');
    store.subscribe('news', hear);
    await clock.advance(1);
    expect(asked).toEqual(['get key']);
    broken = {};
    await clock.advance(5_000);
    await tell('hello');
    expect(heard).toEqual(['hello']);
  });
});

describe('counting', () => {
  it('gives the total over everybody', async () => {
    await inner.add('count', 5, HOUR);
    expect([await store.add('count', 2, HOUR), await store.add('count', -1, HOUR)]).toEqual([7, 6]);
    expect([news, clock.pending]).toEqual([[], 0]);
  });

  it.each<[string, Way]>([
    ...FAILS,
    ['answers with a text', () => '7'],
    ['answers with no number', () => Number.NaN],
    ['answers with nothing', () => undefined],
  ])('over a store that %s gives nothing, at once from the second time on, until it works', async (_, add) => {
    broken = { add };
    let total: number | undefined | 'waits' = 'waits';
    void store.add('count', 1, HOUR).then((value) => {
      total = value;
    });
    await clock.advance(2_001);
    expect(total).toBeUndefined();
    expect(news).toEqual([{ is: 'degraded', reason: expect.stringMatching(/^write: /) }]);
    asked = [];
    expect(await store.add('count', 1, HOUR)).toBeUndefined();
    expect(asked).toEqual([]);
    broken = {};
    await clock.advance(5_000);
    expect(await store.add('new', 1, HOUR)).toBe(1);
    expect(names()).toEqual(['degraded', 'recovered']);
  });

  it('is refused when a thousand answers are missing', async () => {
    broken.add = () => never;
    for (let i = 0; i < 1_000; i++) void store.add('count', 1, HOUR);
    expect(await store.add('count', 1, HOUR)).toBeUndefined();
    expect(asked).toHaveLength(1_000);
  });
});
