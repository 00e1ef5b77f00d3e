// The processes on one store, as each knows the others: their number, and the time that is the same for all.
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { Fleet, type InUse } from '../../src/state/fleet.ts';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

let clock: ManualClock;
let store: SharedStore;
beforeEach(() => {
  clock = manualClock();
  store = memoryStore(clock);
});

/** Looked after for as long as it wants. */
class Used implements InUse {
  readonly owner: string;
  wanted = true;
  ticks = 0;
  givenUp = 0;
  constructor(owner = 'a') {
    this.owner = owner;
  }
  tick() {
    this.ticks += 1;
    return this.wanted;
  }
  async giveUp() {
    this.givenUp += 1;
  }
}

/** One more process. @param ahead by how much its wall clock is, in ms. @param owner of what it uses. */
function started(ahead = 0, owner = 'a') {
  const own = { ...clock, now: clock.now, after: clock.after, date: () => clock.date() + ahead };
  const fleet = new Fleet(new GuardedStore(store, own), own);
  const used = new Used(owner);
  fleet.join();
  fleet.lookAfter(used);
  return { fleet, used };
}

describe('the number of processes', () => {
  it('is one, until others are heard; nobody knows before some beats that there are none', async () => {
    const { fleet } = started();
    expect([fleet.sizeOf('a'), fleet.knowsOthers]).toEqual([1, false]);
    await clock.advance(4_000);
    expect([fleet.sizeOf('a'), fleet.knowsOthers]).toEqual([1, true]);
  });

  it('is that of those in use: who uses nothing any more is gone after some beats', async () => {
    const all = Array.from({ length: 5 }, () => started());
    await clock.advance(3_000);
    expect(all.map(({ fleet }) => fleet.sizeOf('a'))).toEqual([5, 5, 5, 5, 5]);
    for (const { used } of all.slice(0, 2)) used.wanted = false;
    await clock.advance(8_000);
    expect(all.slice(2).map(({ fleet }) => fleet.sizeOf('a'))).toEqual([3, 3, 3]);
  });

  it('is that of those with limits of the same owner: other programs on the store take nothing away', async () => {
    const [one, other, foreign] = [started(), started(), started(0, 'b')];
    await clock.advance(3_000);
    const sizes = ({ fleet }: typeof one) => ['a', 'b', 'c'].map((owner) => fleet.sizeOf(owner));
    expect([one, other, foreign].map(sizes)).toEqual([
      [2, 2, 1],
      [2, 2, 1],
      [3, 1, 1],
    ]);
    // What it begins to share is known within a moment, and what it shares no more within some beats.
    const used = new Used('b');
    one.fleet.lookAfter(used);
    await clock.advance(600);
    expect(foreign.fleet.sizeOf('b')).toBe(2);
    used.wanted = false;
    await clock.advance(3_000);
    expect([foreign.fleet.sizeOf('b'), other.fleet.sizeOf('a')]).toEqual([1, 2]);
  });

  it.each([
    ['of another release that does not say what it shares', undefined],
    ['with more than are told apart', Array.from({ length: 101 }, (_, i) => `o${i}`)],
    ['whose owners are none', [1]],
  ])('counts whoever is %s', async (_, of) => {
    const { fleet } = started();
    await store.publish('lbo:1:quota', JSON.stringify({ id: 'x', at: 1, of }));
    await clock.advance(10);
    expect(fleet.sizeOf('a')).toBe(2);
  });

  it('stays as it was last known while nobody is heard, oneself included', async () => {
    const [one, other] = [started(), started()];
    await clock.advance(3_000);
    store.publish = () => undefined;
    await clock.advance(60_000);
    expect([one.fleet.sizeOf('a'), other.fleet.sizeOf('a')]).toEqual([2, 2]);
  });

  it.each([
    ['rubbish', 'nobody'],
    ['nothing', 'null'],
    ['a number for a name', '{"id":1,"at":1}'],
    ['no time', '{"id":"x"}'],
    ['a time that is none', '{"id":"x","at":1e300}'],
    ['a time before all', '{"id":"x","at":-1}'],
    ['a name without end', JSON.stringify({ id: 'x'.repeat(1_000), at: 1 })],
  ])('counts nobody who says %s', async (_, message) => {
    const { fleet } = started();
    const before = fleet.time();
    await clock.advance(10);
    await store.publish('lbo:1:quota', message);
    await clock.advance(10);
    expect([fleet.sizeOf('a'), fleet.time()]).toEqual([1, before + 20]);
  });
});

describe('the time', () => {
  it('is that of the clock furthest ahead, for all of them, and never goes back', async () => {
    const all = [started(60_000), started(-90_000), started()];
    await clock.advance(3_000);
    for (const { fleet } of all) expect(Math.abs(fleet.time() - clock.date() - 60_000)).toBeLessThan(2);
    all[0]!.used.wanted = false;
    await clock.advance(60_000);
    for (const { fleet } of all) expect(Math.abs(fleet.time() - clock.date() - 60_000)).toBeLessThan(2);
  });

  it('follows no step of the wall clock', async () => {
    const { fleet } = started();
    const before = fleet.time();
    clock.date = () => 0;
    await clock.advance(5_000);
    expect(fleet.time()).toBe(before + 5_000);
  });
});

describe('who is looked after', () => {
  it('is looked at four times a second, while in use', async () => {
    const { used } = started();
    await clock.advance(10_000);
    expect(used.ticks).toBe(40);
    used.wanted = false;
    await clock.advance(10_000);
    expect([used.ticks, clock.pending]).toEqual([41, 0]);
  });

  it('gives up what it holds once the last client is closed, and leaves no timer', async () => {
    const { fleet, used } = started();
    fleet.join();
    await fleet.leave();
    expect(used.givenUp).toBe(0);
    await fleet.leave();
    await clock.advance(0);
    expect([used.givenUp, clock.pending]).toEqual([1, 0]);
  });
});

it('beats once a second, the more there are the less often', async () => {
  let told = 0;
  const { publish } = store;
  store.publish = (channel, message) => {
    told += 1;
    return publish(channel, message);
  };
  started();
  await clock.advance(10_000);
  expect(told).toBe(10 + 1);
  for (let i = 1; i < 100; i++) started();
  await clock.advance(10_000);
  told = 0;
  await clock.advance(30_000);
  // Every 3 s, by the next of its looks.
  expect(told).toBeGreaterThan(800);
  expect(told).toBeLessThanOrEqual(1_000);
});
