// Prompt-cache strategy: the same home for the same prefix, within a fair share, and nothing of that for calls without one.
import { describe, expect, it } from 'vitest';
import { mix } from '../../src/call/hash.ts';
import { priority } from '../../src/strategy/priority.ts';
import { promptCache } from '../../src/strategy/prompt-cache.ts';
import type { Candidate, StrategyCall } from '../../src/strategy/strategy.ts';
import { tally } from '../support/calls.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';

const pool = (count: number, changes: Partial<Candidate> = {}) =>
  Array.from({ length: count }, (_, index) => candidate(`e${index}`, changes));
const about = (prefix: number): StrategyCall => ({ ...CALL, prefix: mix(prefix) });
const PREFIXES = Array.from({ length: 6_000 }, (_, index) => index + 1);

describe('calls with a prefix', () => {
  it.each([2, 10, 16, 17, 100, 2_000])('go to the same one of %d, whatever comes between', (count) => {
    const [one, other] = [promptCache(), promptCache()];
    const list = pool(count);
    for (const prefix of PREFIXES.slice(0, 300)) {
      const home = one.pick(list, about(prefix));
      other.pick(list, CALL);
      other.pick(list, about(prefix + 1_000_000));
      expect(other.pick([...list], about(prefix))).toBe(home);
      expect(one.pick(list, about(prefix))).toBe(home);
    }
  });

  it('share the endpoints by weight', () => {
    const list = [1, 2, 5].map((weight, index) => candidate(`e${index}`, { weight }));
    const strategy = promptCache();
    const counts = tally(PREFIXES.map((prefix) => strategy.pick(list, about(prefix)).name));
    for (const { name, weight } of list) expect(counts[name]! / PREFIXES.length).toBeCloseTo(weight / 8, 1.6);
  });

  it.each([5, 40])('of the one of %d that is out move to second homes; others stay, and they come back', (count) => {
    const strategy = promptCache();
    const list = pool(count);
    const homes = PREFIXES.map((prefix) => strategy.pick(list, about(prefix)));
    const left = list.slice(1);
    const seconds = PREFIXES.map((prefix) => strategy.pick(left, about(prefix)));
    const elsewhere = promptCache();
    homes.forEach((home, index) => {
      if (home !== list[0]) expect(seconds[index]).toBe(home);
      expect(elsewhere.pick([...left], about(PREFIXES[index]!))).toBe(seconds[index]);
    });
    expect(new Set(seconds.filter((_, index) => homes[index] === list[0])).size).toBeGreaterThan(count / 2);
    expect(PREFIXES.map((prefix) => strategy.pick(list, about(prefix)))).toEqual(homes);
  });

  describe('of a home that carries too much', () => {
    type Busy = Candidate & { inFlight: number };
    const busy = () => pool(4).map((each): Busy => ({ ...each, inFlight: 10 }));
    const at = (now: number): StrategyCall => ({ ...about(7), now });

    it('go to the next home, the one they have when theirs is out', () => {
      const list = busy();
      const home = promptCache().pick(list, at(0)) as Busy;
      home.inFlight = 40;
      const next = promptCache().pick(list, at(0));
      expect(next).not.toBe(home);
      const left = list.filter((each) => each !== home);
      expect(promptCache().pick(left, at(0))).toBe(next);
    });

    it('stay there, where the cache is now, as long as they come again within five minutes', () => {
      const strategy = promptCache();
      const list = busy();
      const home = strategy.pick(list, at(0)) as Busy;
      home.inFlight = 40;
      const next = strategy.pick(list, at(0));
      home.inFlight = 9;
      for (let turn = 1; turn < 4; turn++) expect(strategy.pick([...list], at(turn * 299_999))).toBe(next);
      expect(strategy.pick(list, at(3 * 299_999 + 300_000))).toBe(home);
    });

    it('go home when the next one leaves', () => {
      const strategy = promptCache();
      const list = busy();
      const home = strategy.pick(list, at(0)) as Busy;
      home.inFlight = 40;
      const next = strategy.pick(list, at(0));
      home.inFlight = 9;
      const left = list.filter((each) => each !== next);
      expect(strategy.pick(left, at(1))).toBe(home);
      expect(strategy.pick(list, at(2))).toBe(home);
    });

    it.each([3, 5, 10])('spread over as many of %d as it takes when all come at once', (count) => {
      const strategy = promptCache();
      const list = pool(count) as Busy[];
      for (let call = 0; call < 40 * count; call++) (strategy.pick(list, at(0)) as Busy).inFlight += 1;
      expect(Math.max(...list.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(50);
    });

    it('stay where they are while nobody has more room', () => {
      const strategy = promptCache();
      const list = busy();
      const home = strategy.pick(list, at(0));
      for (const each of list) each.inFlight = 100;
      expect(strategy.pick(list, at(0))).toBe(home);
    });
  });

  it('move a bounded number of times into memory', () => {
    const strategy = promptCache();
    const list = pool(2) as (Candidate & { inFlight: number })[];
    list[0]!.inFlight = 1_000;
    for (const prefix of Array.from({ length: 30_000 }, (_, index) => index)) strategy.pick(list, about(prefix));
    list[0]!.inFlight = 0;
    const back = Array.from({ length: 30_000 }, (_, index) => index).filter(
      (prefix) => promptCache().pick(list, about(prefix)) === list[0] && strategy.pick(list, about(prefix)) !== list[0],
    );
    expect(back.length).toBeLessThanOrEqual(10_000);
    expect(back.length).toBeGreaterThan(5_000);
  });

  it('pass over a home that caches nothing, for the next one that does', () => {
    const strategy = promptCache();
    const names = pool(5);
    const order = [strategy.pick(names, about(7))];
    const rest = () => names.filter((each) => !order.includes(each));
    while (rest().length > 0) order.push(strategy.pick(rest(), about(7)));
    const asked: unknown[] = [];
    const saying = (...says: (boolean | undefined)[]) =>
      names.map((each) => ({
        ...each,
        cachesPrompts(call: unknown) {
          asked.push(call);
          return says[order.indexOf(each)];
        },
      }));
    const picked = (...says: (boolean | undefined)[]) =>
      order.findIndex(({ name }) => name === strategy.pick(saying(...says), about(7)).name);
    expect(picked(false, undefined, false, true, true)).toBe(3);
    expect(picked(false, undefined, false)).toBe(0);
    expect(picked(undefined, true)).toBe(0);
    expect(picked(true, true)).toBe(0);
    expect(asked[0]).toMatchObject({ operation: 'chat', model: 'gpt-5' });
  });
});

describe('calls with a stem', () => {
  const asks = (stem: number, conversation: number): StrategyCall => ({
    ...about(1_000_000 * (stem + 1) + conversation),
    stem: mix(-stem),
  });

  it('go to one endpoint, whatever else they ask, while many stems are asked about', () => {
    const strategy = promptCache();
    const list = pool(5);
    const served = new Map<number, Set<Candidate>>();
    for (let call = 0; call < 3_000; call++) {
      const stem = (call * 7) % 50;
      const places = served.get(stem) ?? new Set();
      served.set(stem, places.add(strategy.pick(list, asks(stem, call))));
    }
    expect([...served.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set([...served.values()].map(([place]) => place)).size).toBe(5);
  });

  it('are spread by conversation when most share one, each conversation staying where it is', () => {
    const strategy = promptCache();
    const list = pool(5);
    for (let call = 0; call < 50; call++) strategy.pick(list, asks(1, call));
    const first = Array.from({ length: 100 }, (_, conversation) => strategy.pick(list, asks(1, conversation)));
    const later = Array.from({ length: 100 }, (_, conversation) => strategy.pick(list, asks(1, conversation)));
    expect(later).toEqual(first);
    expect(Math.min(...Object.values(tally(first.map(({ name }) => name))))).toBeGreaterThan(8);
  });

  it('of a single agent stay together: its turns count once', () => {
    const strategy = promptCache();
    const list = pool(5);
    const served = Array.from({ length: 200 }, () => strategy.pick(list, asks(1, 1)));
    expect(new Set(served).size).toBe(1);
  });

  it('are known in a bounded number', () => {
    const strategy = promptCache();
    const list = pool(3);
    for (let call = 0; call < 20_000; call++) strategy.pick(list, asks(call, call));
    expect(strategy.pick(list, asks(0, 5))).toBe(promptCache().pick(list, asks(0, 6)));
  });
});

describe('calls without a prefix', () => {
  it('take turns by weight', () => {
    const list = [1, 3].map((weight, index) => candidate(`e${index}`, { weight }));
    expect([...countPicks(promptCache(), list, 400).values()]).toEqual([100, 300]);
  });

  it('go where another strategy says', () => {
    const list = pool(3);
    expect(promptCache({ pick: (candidates) => candidates[2]! }).pick(list, CALL)).toBe(list[2]);
  });
});

it('stays within a priority', () => {
  const list = [candidate('a'), candidate('b'), candidate('spare', { priority: 1 })];
  const strategy = priority(promptCache());
  const counts = tally(PREFIXES.map((prefix) => strategy.pick(list, about(prefix)).name));
  expect(Object.keys(counts).sort()).toEqual(['a', 'b']);
  expect([strategy.keepsCaches, strategy.name, priority().keepsCaches]).toEqual([
    true,
    'priority(prompt-cache)',
    false,
  ]);
});
