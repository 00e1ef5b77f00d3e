// Lines of calls that wait for slots: who goes, when, and at what price. Slots come from a bucket that fills evenly.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Importance } from '../../src/call/steering.ts';
import { type Place, rankOf, type Slot } from '../../src/dispatch/line.ts';
import { WaitingRoom } from '../../src/dispatch/waiting-room.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const MAX_WAIT = 60_000;
let clock: ManualClock;
let room: WaitingRoom;
let changed: () => void;
beforeEach(() => {
  clock = manualClock();
  changed = () => undefined;
  room = new WaitingRoom({
    clock,
    maxWait: MAX_WAIT,
    watch: (look) => {
      changed = look;
      return () => {
        changed = () => undefined;
      };
    },
  });
});

/** Slots, one every `every` ms from now on. @param pause their beginning is the end of a cooldown */
function slots(every: number, pause = false) {
  let nextAt = clock.now() + every;
  const slot = () => ({ at: nextAt > clock.now() ? nextAt : 0, pause });
  const seen = { looks: 0, went: [] as [name: string, at: number][] };
  const place = (name: string, changes: Partial<Place['call']> & { limit?: number } = {}) => {
    const { limit = clock.now() + MAX_WAIT, ...call } = changes;
    return {
      call: { startedAt: clock.now(), importance: 'normal', ...call } as Place['call'],
      limit,
      over: false,
      slot,
      look: () => {
        seen.looks += 1;
        return slot();
      },
      go: () => {
        nextAt = Math.max(nextAt, clock.now()) + every;
        seen.went.push([name, clock.now()]);
      },
      giveUp: vi.fn(),
    };
  };
  const names = () => seen.went.map(([name]) => name);
  const stop = (until: number) => {
    nextAt = until;
  };
  return { seen, place, names, stop };
}

/** Stands in line as a call does, and goes at once if it may. */
function stand(line: string, place: Place & { slot: () => Slot }): () => void {
  const leave = room.join(line, place, place.slot());
  room.lookIfDue();
  return leave;
}

describe('a line', () => {
  it('lets one go for each slot, in the order in which they came, exactly then', async () => {
    const { place, seen } = slots(100);
    for (const name of ['a', 'b', 'c', 'd']) stand('line', place(name));
    await clock.advance(1_000);
    expect(seen.went).toEqual([
      ['a', 100],
      ['b', 200],
      ['c', 300],
      ['d', 400],
    ]);
    expect([room.busy, clock.pending]).toEqual([false, 0]);
  });

  it('looks again when something changes, and not otherwise', async () => {
    const { place, seen, stop } = slots(10_000);
    stand('line', place('a'));
    await clock.advance(5_000);
    expect(seen.looks).toBe(0);
    stop(0);
    changed();
    changed();
    expect(seen.went).toEqual([]);
    await clock.advance(0);
    expect([seen.went, seen.looks]).toEqual([[['a', 5_000]], 1]);
  });

  it('goes on without those that left', async () => {
    const { place, names } = slots(100);
    const leave = ['a', 'b', 'c'].map((name) => stand('line', place(name)));
    leave[0]?.();
    await clock.advance(100);
    leave[1]?.();
    leave[2]?.();
    await clock.advance(1_000);
    expect(names()).toEqual(['b']);
    expect([room.busy, clock.pending]).toEqual([false, 0]);
  });

  it('gives the place that was kept back to who came before: a second wait is no new beginning', async () => {
    const { place, names } = slots(100);
    await clock.advance(50);
    for (const name of ['a', 'b', 'c']) stand('line', place(name));
    stand('line', place('older', { startedAt: 10 }));
    await clock.advance(1_000);
    expect(names()).toEqual(['older', 'a', 'b', 'c']);
  });

  it('learns at once when no slot will come in time, and only those for whom that is so', async () => {
    const { place, names, stop } = slots(0);
    stop(1_000);
    const [short, long, exact] = [
      place('short', { limit: 4_999 }),
      place('long', { limit: 9_000 }),
      place('exact', { limit: 5_000 }),
    ];
    for (const each of [long, short, exact]) stand('line', each);
    stop(5_000);
    changed();
    await clock.advance(10);
    expect([short, long, exact].map(({ giveUp }) => giveUp.mock.calls.length)).toEqual([1, 0, 0]);
    await clock.advance(6_000);
    expect(names()).toEqual(['long', 'exact']);
  });

  it('lets nobody wait beyond the limit: so many slots came, not enough', async () => {
    const { place, names } = slots(10_000);
    const places = Array.from({ length: 8 }, (_, index) => place(`${index}`));
    for (const each of places) stand('line', each);
    await clock.advance(59_999);
    expect(places.map(({ giveUp }) => giveUp.mock.calls.length)).toEqual(Array(8).fill(0));
    await clock.advance(1);
    expect(names()).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(places.map(({ giveUp }) => giveUp.mock.calls.length)).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
    expect([room.busy, clock.pending]).toEqual([false, 0]);
  });

  it('comes in one after the other when a pause ends, and starts anew after the next', async () => {
    const open = slots(0, true);
    open.stop(1_000);
    for (let i = 0; i < 40; i++) stand('line', open.place(`${i}`));
    await clock.advance(1_000);
    expect(open.names()).toEqual(['0']);
    room.passed('line');
    await clock.advance(0);
    expect(open.names()).toHaveLength(3);
    await clock.advance(250);
    expect(open.names()).toHaveLength(3 + 4);
    open.stop(3_000);
    changed();
    await clock.advance(1_750);
    expect(open.names()).toHaveLength(3 + 4 + 1);
    await clock.advance(10_000);
    expect(open.names()).toEqual(Array.from({ length: 40 }, (_, index) => `${index}`));
  });

  it('is told of one that was let in, whether it still stands or not', () => {
    expect(() => room.passed('nowhere')).not.toThrow();
  });

  it('does not go round and round for a call that comes back in the same breath', async () => {
    const { place, seen } = slots(0);
    const back = { ...place('back'), go: vi.fn(() => void stand('line', back)) };
    stand('line', back);
    await clock.advance(10);
    expect(back.go.mock.calls.length).toBeLessThan(15);
    expect(seen.looks).toBeLessThan(50);
  });
});

describe('importance', () => {
  const mixed = (importances: readonly Importance[]) => importances.map((importance) => ({ importance }));

  it('high goes first, low last', async () => {
    const { place, names } = slots(100);
    const order = mixed(['low', 'normal', 'high', 'low', 'normal', 'high']);
    for (const [index, call] of order.entries()) stand('line', place(`${call.importance} ${index}`, call));
    await clock.advance(1_000);
    expect(names()).toEqual(['high 2', 'high 5', 'normal 1', 'normal 4', 'low 0', 'low 3']);
  });

  it('starves nobody: one turn in four is for those whom others go before, once half of their time is gone', async () => {
    const { place, seen } = slots(100);
    const arrivals: Importance[] = ['high', 'high', 'normal', 'low'];
    // More of high importance alone than there are slots, for minutes.
    for (let i = 0; i < 3_000; i++) {
      for (const importance of arrivals) stand('line', place(importance, { importance }));
      await clock.advance(100);
    }
    const late = seen.went.filter(([, at]) => at > 100_000).map(([name]) => name);
    const share = (name: string) => late.filter((each) => each === name).length / late.length;
    expect(late).toHaveLength(2_000);
    expect(share('high')).toBeGreaterThan(0.7);
    expect(Math.min(share('normal'), share('low'))).toBeGreaterThan(0.05);
  });

  it('counts for less where nobody may wait for long', () => {
    const call = (importance: Importance) => ({ startedAt: 1_000, importance });
    expect((['high', 'normal', 'low'] as const).map((each) => rankOf(call(each), 60_000))).toEqual([
      ...[1_000, 16_000, 31_000],
    ]);
    expect((['high', 'normal', 'low'] as const).map((each) => rankOf(call(each), 2_000))).toEqual([
      1_000, 1_500, 2_000,
    ]);
    expect(rankOf(call('low'), 3_600_000)).toBe(31_000);
  });
});

describe('several lines', () => {
  it('share slots in the order of their calls', async () => {
    const { place, names } = slots(100);
    for (const [index, line] of ['x', 'y', 'x', 'z', 'y'].entries()) {
      stand(line, place(`${line}${index}`));
      await clock.advance(1);
    }
    await clock.advance(1_000);
    expect(names()).toEqual(['x0', 'y1', 'x2', 'z3', 'y4']);
  });

  it('do not hold each other up', async () => {
    const [shut, open] = [slots(50_000), slots(100)];
    stand('shut', shut.place('s'));
    await clock.advance(1);
    stand('open', open.place('o'));
    await clock.advance(200);
    expect([shut.names(), open.names()]).toEqual([[], ['o']]);
    expect([room.nextOf('shut'), room.nextOf('open')]).toEqual([50_000, undefined]);
  });
});

describe('at scale', () => {
  const MANY = 10_000;

  it('10,000 in line: order kept, one look per slot and call', async () => {
    const { place, seen, names } = slots(5);
    const wanted = Array.from({ length: MANY }, (_, index) => `${index}`);
    for (const name of wanted) stand('line', place(name));
    await clock.advance(5 * MANY);
    expect(names()).toEqual(wanted);
    // Each time one goes, the next one is asked: two looks per slot.
    expect(seen.looks).toBeLessThanOrEqual(2 * MANY + 2);
    expect([room.busy, clock.pending]).toEqual([false, 0]);
  });

  it('all at once: in turns of the event loop, in order', async () => {
    const { place, names } = slots(0);
    for (let index = 0; index < MANY; index++) stand('line', place(`${index}`));
    let most = 0;
    let before = 0;
    while (names().length < MANY) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, names().length - before);
      before = names().length;
    }
    expect(most).toBeLessThanOrEqual(2 * 64);
    expect(names()).toEqual(Array.from({ length: MANY }, (_, index) => `${index}`));
  });

  it('10,000 that leave cost about as much each as 1,000 do', () => {
    const time = (count: number) => {
      const { place } = slots(1_000_000);
      const leave = Array.from({ length: count }, (_, index) => stand('line', place(`${index}`)));
      const begun = process.cpuUsage();
      for (let index = 0; index < count; index++) leave[(index * 7) % count]?.();
      const { user, system } = process.cpuUsage(begun);
      room.look();
      return (user + system) / count;
    };
    time(1_000);
    const [few, many] = [Math.min(time(1_001), time(1_001), time(1_001)), time(10_001)];
    expect(many).toBeLessThan(8 * few + 20);
    expect(room.busy).toBe(false);
  });

  it('keeps nothing of those that left', async () => {
    const { place } = slots(1_000_000);
    stand('line', place('stays'));
    const gone: WeakRef<object>[] = [];
    for (let index = 0; index < 1_000; index++) {
      const one = place(`${index}`);
      gone.push(new WeakRef(one));
      stand('line', one)();
    }
    const { collectGarbage } = await import('../support/parts.ts');
    await collectGarbage();
    expect(gone.filter((ref) => ref.deref()).length).toBeLessThan(5);
  });
});
