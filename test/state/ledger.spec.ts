// One limit as all processes count it, over one counter: who draws gets a stretch of time that is nobody else's.
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { type Counters, Fleet } from '../../src/state/fleet.ts';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { Ledger } from '../../src/state/ledger.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const WHOLE = 60_000;
let clock: ManualClock;
let store: SharedStore;
let silent: number;
beforeEach(() => {
  clock = manualClock();
  store = memoryStore(clock);
  silent = 0;
});

/** One more process. */
function started(counters: Counters = new GuardedStore(store, clock)) {
  const fleet = new Fleet(counters, clock);
  const ledger = new Ledger(fleet, 'limit', WHOLE, () => {
    silent += 1;
  });
  return { fleet, ledger };
}

/** What comes of it, while time passes. */
async function done<Value>(work: Promise<Value>): Promise<Value> {
  let over = false;
  void work.then(() => {
    over = true;
  });
  for (let waited = 0; !over && waited < 2_000; waited++) await clock.advance(10);
  return work;
}

describe('a stretch', () => {
  it('begins where a full bucket does, and the next one where it ends, whoever draws', async () => {
    const [one, other] = [started(), started()];
    const first = await done(one.ledger.draw(1_000));
    expect(first!.until - first!.from).toBe(1_000);
    expect(Math.abs(first!.from - (one.fleet.time() - WHOLE))).toBeLessThan(100);
    const second = await done(other.ledger.draw(500));
    expect([second!.from, second!.until]).toEqual([first!.until, first!.until + 500]);
  });

  it("is nobody else's, however many draw at the same time from a new counter", async () => {
    const all = Array.from({ length: 20 }, () => started().ledger);
    const stretches = await Promise.all(all.map((ledger) => done(ledger.draw(500))));
    const inOrder = stretches.map((each) => each!).sort((a, b) => a.from - b.from);
    for (const [index, { from }] of inOrder.entries())
      if (index > 0) expect(from).toBeGreaterThanOrEqual(inOrder[index - 1]!.until);
    expect(inOrder.at(-1)!.until - inOrder[0]!.from).toBeCloseTo(10_000, 0);
  });

  it('of a bucket that was full for long is of now: what it could not hold is lost', async () => {
    const { ledger, fleet } = started();
    await done(ledger.draw(1_000));
    await clock.advance(10 * WHOLE);
    const later = await done(ledger.draw(1_000));
    expect(Math.abs(later!.from - (fleet.time() - WHOLE))).toBeLessThan(WHOLE * 0.02);
  });

  it('that is given back is drawn again', async () => {
    const { ledger } = started();
    const first = await done(ledger.draw(1_000));
    expect(await done(ledger.giveBack(400))).toBe(true);
    expect((await done(ledger.draw(1_000)))!.from).toBe(first!.until - 400);
    expect(await done(ledger.giveBack(0))).toBe(true);
  });
});

it('a look moves nothing, and says what others drew', async () => {
  const [one, other] = [started().ledger, started().ledger];
  const drawn = await done(one.draw(5_000));
  await done(other.look());
  await done(other.look());
  expect([other.spentUntil, one.spentUntil]).toEqual([drawn!.until, drawn!.until]);
  expect(clock.now() - other.knownAt).toBeLessThan(50);
});

it('one counter follows the other: an empty bucket stays so when the next one begins', async () => {
  const { ledger, fleet } = started();
  await done(ledger.draw(WHOLE));
  for (let ms = 0; ms < 1_300_000; ms += 10_000) {
    await clock.advance(10_000);
    const { until } = (await done(ledger.draw(10_000)))!;
    expect(Math.abs(until - fleet.time())).toBeLessThan(2_000);
  }
});

it('a counter that was lost begins where it was last known to be', async () => {
  const lost: { store: SharedStore } = { store };
  const { ledger } = started(new GuardedStore({ ...store, add: (key, n, ttl) => lost.store.add(key, n, ttl) }, clock));
  const first = await done(ledger.draw(WHOLE));
  lost.store = memoryStore(clock);
  const next = await done(ledger.draw(1_000));
  expect(next!.from).toBeGreaterThanOrEqual(first!.until);
  expect(next!.from).toBeLessThan(first!.until + 1_000);
});

describe('a store that', () => {
  it.each<[string, SharedStore['add']]>([
    ['fails', () => Promise.reject(new Error('away'))],
    ['gives rubbish', (() => 'many') as never],
  ])('%s gives nothing, at once', async (_, add) => {
    const { ledger } = started(new GuardedStore({ ...store, add }, clock));
    const from = clock.now();
    expect(await done(ledger.draw(1_000))).toBeUndefined();
    expect(await done(ledger.giveBack(1_000))).toBe(false);
    expect([clock.now() - from <= 20, ledger.spentUntil, silent]).toEqual([true, undefined, 0]);
  });

  it('hangs is said to do so after 100 ms, long before that is certain', async () => {
    const add = () => new Promise<never>(() => undefined);
    const { ledger } = started(new GuardedStore({ ...store, add }, clock));
    const drawing = ledger.draw(1_000);
    await clock.advance(99);
    expect(silent).toBe(0);
    await clock.advance(2);
    expect(silent).toBe(1);
    await clock.advance(2_000);
    expect(await drawing).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});
