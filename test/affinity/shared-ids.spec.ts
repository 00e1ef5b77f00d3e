// Ids that clients share through a store: found by the other, kept while they are used, and never readable there.
import { beforeEach, describe, expect, it } from 'vitest';
import { Affinity } from '../../src/affinity/affinity.ts';
import { keyOf, SharedIds } from '../../src/affinity/shared-ids.ts';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { memoryStore } from '../../src/state/memory-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const DAY = 24 * 60 * 60_000;
let clock: ManualClock;
let inner: SharedStore;
let said: string[];
let guard: GuardedStore;

beforeEach(() => {
  clock = manualClock();
  inner = memoryStore(clock);
  said = [];
  const store: SharedStore = {
    ...inner,
    get: (key) => {
      said.push(`get ${key}`);
      return inner.get(key);
    },
    set: (key, value, ttl) => {
      said.push(`set ${key} ${value} ${ttl}`);
      return inner.set(key, value, ttl);
    },
  };
  guard = new GuardedStore(store, clock);
});

/** The affinity of one client whose pool has these endpoints. */
const client = (endpoints: readonly string[] = ['a', 'b'], limit?: number) =>
  new Affinity(
    clock,
    new SharedIds(
      guard,
      (name) => endpoints.find((each) => each === name),
      () => undefined,
    ),
    limit,
  );

describe('an id that another client learnt', () => {
  it('is found, and remembered', async () => {
    client().learn(['file-1', 'file-2'], 'b');
    const other = client();
    expect(other.ownerOf('file-1')).toBeUndefined();
    await clock.advance(1);
    expect(await other.find('file-1')).toBe('b');
    expect(other.ownerOf('file-1')).toBe('b');
    said = [];
    expect(await other.find('file-1')).toBe('b');
    expect(said).toEqual([]);
  });

  it('is found at once, also while it is on its way to the store', async () => {
    client().learn(['file-1'], 'b');
    expect(await client().find('file-1')).toBe('b');
  });

  it('is asked for once by many at the same time', async () => {
    await inner.set(keyOf('file-1'), 'a', DAY);
    const one = client();
    const found = await Promise.all(Array.from({ length: 10 }, () => one.find('file-1')));
    expect([found, said]).toEqual([Array(10).fill('a'), [`get ${keyOf('file-1')}`]]);
  });

  it('is not asked for again within the pause of those who set one', async () => {
    const one = client();
    await one.find('ft:x', 10_000);
    await clock.advance(9_999);
    await one.find('ft:x', 10_000);
    expect(said).toEqual([`get ${keyOf('ft:x')}`]);
    await inner.set(keyOf('ft:x'), 'b', DAY);
    expect(await client().find('ft:x', 10_000)).toBe('b');
    await clock.advance(1);
    expect(await one.find('ft:x', 10_000)).toBe('b');
    said = [];
    await one.find('file-1');
    await one.find('file-1');
    expect(said).toHaveLength(2);
  });

  it('is unknown where no endpoint has the name of its owner', async () => {
    client(['elsewhere']).learn(['file-1'], 'elsewhere');
    await clock.advance(1);
    expect(await client().find('file-1')).toBeUndefined();
  });

  it('counts less than what was learnt meanwhile', async () => {
    await inner.set(keyOf('file-1'), 'a', DAY);
    const one = client();
    const finding = one.find('file-1');
    one.learn(['file-1'], 'b');
    expect(await finding).toBe('b');
    expect(one.ownerOf('file-1')).toBe('b');
  });

  it('is asked for again when nobody knew it before', async () => {
    const one = client();
    expect(await one.find('file-1')).toBeUndefined();
    client().learn(['file-1'], 'a');
    expect(await one.find('file-1')).toBe('a');
  });

  it('crowds out others when there is no more room', async () => {
    client().learn(['1', '2', '3'], 'a');
    const small = client(['a'], 2);
    for (const id of ['1', '2', '3']) await small.find(id);
    expect(['1', '2', '3'].map((id) => small.ownerOf(id))).toEqual([undefined, 'a', 'a']);
  });
});

describe('what the store is told', () => {
  it('is the hash of an id and the name of an endpoint, for 30 days, once', async () => {
    const one = client();
    for (let i = 0; i < 5; i++) one.learn(['resp_1'], 'a');
    await clock.advance(1);
    expect(said).toEqual([`set ${keyOf('resp_1')} a ${30 * DAY}`]);
    expect(keyOf('resp_1')).toMatch(/^lbo:1:id:[\w-]{43}$/);
    expect(keyOf('resp_1')).not.toBe(keyOf('resp_2'));
  });

  it('is told again after a day of use, and when another endpoint hands it out', async () => {
    const one = client();
    one.learn(['file-1'], 'a');
    await clock.advance(DAY - 1);
    one.ownerOf('file-1');
    await clock.advance(1);
    expect(said).toHaveLength(1);
    one.ownerOf('file-1');
    await clock.advance(1);
    expect(said).toHaveLength(2);
    one.learn(['file-1'], 'b');
    await clock.advance(1);
    expect(said.at(-1)).toContain(' b ');
  });

  it('keeps an id that somebody uses for as long as it is used', async () => {
    const one = client();
    one.learn(['file-1'], 'a');
    for (let day = 0; day < 100; day++) {
      await clock.advance(DAY);
      one.ownerOf('file-1');
    }
    await clock.advance(1);
    expect(await client().find('file-1')).toBe('a');
    await clock.advance(30 * DAY);
    expect([one.ownerOf('file-1'), await client().find('file-1')]).toEqual([undefined, undefined]);
  });

  it('is nothing about an id longer than any id is, and nothing is asked about it', async () => {
    const one = client();
    one.learn(['x'.repeat(513)], 'a');
    expect(await one.find('x'.repeat(513))).toBeUndefined();
    await clock.advance(1);
    expect(said).toEqual([]);
  });
});

it('closing writes what is to be written, and lets the store be when the last one is closed', async () => {
  const [one, other] = [client(), client()];
  one.learn(['file-1'], 'a');
  await one.close();
  expect(said).toEqual([`set ${keyOf('file-1')} a ${30 * DAY}`]);
  other.learn(['file-2'], 'a');
  await other.close();
  expect(await client().find('file-2')).toBe('a');
});

it('closing one leaves the others what they have still to tell', async () => {
  let fails = true;
  const set = inner.set;
  inner.set = (...fact) => {
    if (fails) throw new Error('full');
    return set(...fact);
  };
  const [one, other] = [client(), client()];
  other.learn(['file-2'], 'a');
  await clock.advance(1);
  await one.close();
  fails = false;
  await clock.advance(6_000);
  expect(await inner.get(keyOf('file-2'))).toBe('a');
  await other.close();
});

it('without a store nothing is asked, and closing is over at once', async () => {
  const alone = new Affinity(clock);
  alone.learn(['file-1'], 'a');
  expect(await alone.find('file-2')).toBeUndefined();
  await alone.close();
});
