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

  it('of a home that carries too much go to the next home, and back', () => {
    const strategy = promptCache();
    const list = pool(4).map((each) => ({ ...each, inFlight: 10 }));
    const home = strategy.pick(list, about(7)) as Candidate & { inFlight: number };
    home.inFlight = 40;
    const next = strategy.pick(list, about(7));
    expect(next).not.toBe(home);
    expect(strategy.pick(list, about(7))).toBe(next);
    expect(
      strategy.pick(
        list.filter((each) => each !== home),
        about(7),
      ),
    ).toBe(next);
    home.inFlight = 9;
    expect(strategy.pick(list, about(7))).toBe(home);
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
