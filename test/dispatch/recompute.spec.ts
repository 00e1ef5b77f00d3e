// From a decision alone, as JSON, the same strategy makes the same pick: for every strategy of the library, whatever came before.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/call/decision.ts';
import type { AttemptReport } from '../../src/call/outcome.ts';
import { Choice } from '../../src/dispatch/choice.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { leastLoaded, priority } from '../../src/index.ts';
import { strategyNamed, strategyNames } from '../../src/strategy/named.ts';
import { repick } from '../../src/strategy/repick.ts';
import type { Candidate, Strategy, StrategyCall, TrackRecord } from '../../src/strategy/strategy.ts';
import { seeded } from '../simulator/chance.ts';

interface Member {
  weight: number;
  priority: number;
  inFlight: number;
  time: number;
  silentFor: number;
  failing: number;
  headroom: number;
  caches: boolean | undefined;
}

const member = fc.record<Member>({
  weight: fc.constantFrom(0, 0.3, 1, 1, 1, 2, 7),
  priority: fc.integer({ min: 0, max: 2 }),
  inFlight: fc.constantFrom(0, 0, 1, 2, 3, 30),
  time: fc.constantFrom(0, 50, 200, 900, 3_000),
  silentFor: fc.constantFrom(0, 0, 0, 5_000),
  failing: fc.constantFrom(0, 0, 0.1, 0.9),
  headroom: fc.double({ min: 0, max: 1, noNaN: true }),
  caches: fc.constantFrom(true, false, undefined),
});

const step = fc.record({
  members: fc.oneof(
    { weight: 3, arbitrary: fc.constant(Array.from({ length: 20 }, (_, place) => place)) },
    fc.array(fc.nat({ max: 19 }), { minLength: 1, maxLength: 20 }),
  ),
  changes: fc.array(fc.tuple(fc.nat({ max: 19 }), member), { maxLength: 4 }),
  prefix: fc.constantFrom(undefined, 1, 1, 1, 2, 3),
  passed: fc.constantFrom(1, 1, 100, 100, 400_000),
});

const NOW = 1_000_000;

function recordOf({ time, silentFor, failing }: Member, now: number): TrackRecord {
  const timing = { time, pace: time * 1_000, learnedAt: now - 10, silentSince: silentFor > 0 ? now - silentFor : 0 };
  return { streams: timing, plain: timing, failing, avoidUntil: failing > 0 ? now + 1_000 : 0 };
}

/** One pick, taken down as the dispatcher takes it down. */
function pickOf(strategy: Strategy, candidates: readonly Candidate[], call: StrategyCall): Decision {
  const choice = new Choice();
  const list = candidates as unknown as readonly Endpoint[];
  choice.begin(list);
  const picked = strategy.pick(candidates, { ...call, note: choice });
  choice.see(list, []);
  choice.report = { endpoint: picked.name } as AttemptReport;
  choice.reason = strategy.name;
  choice.made(call.now, 0);
  return JSON.parse(JSON.stringify(choice.tell())) as Decision;
}

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Picks of one strategy as a pool changes; each with what its decision gives again. */
function play(strategy: Strategy, start: readonly Member[], steps: readonly Step[]): [Decision, string | undefined][] {
  const now = { is: NOW };
  const facts = start.map((each) => ({ ...each }));
  const all = facts.map((_, index): Candidate => {
    const own = () => facts[index] as Member;
    const { weight, priority: rank } = own();
    return {
      ...{ name: `e${index}`, weight, priority: rank, tags: [] },
      get inFlight() {
        return own().inFlight;
      },
      trackRecord: () => recordOf(own(), now.is),
      headroom: () => own().headroom,
      cachesPrompts: () => own().caches,
    };
  });
  const lists = new Map<string, Candidate[]>();
  return steps.map(({ members, changes, prefix, passed }) => {
    now.is += passed;
    for (const [who, becomes] of changes) if (facts[who]) facts[who] = becomes;
    const places = [...new Set(members.map((place) => place % all.length))].sort((a, b) => a - b);
    const key = places.join();
    const list = lists.get(key) ?? places.map((place) => all[place] as Candidate);
    lists.set(key, list);
    const call = { operation: 'chat', model: 'm', stream: true, tokens: 9, now: now.is, prefix };
    const decision = pickOf(strategy, list, call);
    return [decision, repick(decision)];
  });
}

const names = strategyNames.filter((name) => name !== 'priority');
const strategies: [string, (chance: () => number) => Strategy][] = [
  ...strategyNames.map((name): [string, (chance: () => number) => Strategy] => [
    name,
    (chance) => strategyNamed(name, chance),
  ]),
  ...names.map((name): [string, (chance: () => number) => Strategy] => [
    `priority(${name})`,
    (chance) => priority(strategyNamed(name, chance)),
  ]),
  ['by a metric', (chance) => leastLoaded(({ inFlight, weight }) => inFlight * 3 + weight, { chance })],
];

describe('the pick of a decision, worked out again', () => {
  it.each(strategies)('is the same: %s', (_, make) => {
    const property = fc.property(
      fc.array(member, { minLength: 1, maxLength: 20 }),
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.integer(),
      (start, steps, seed) => {
        for (const [decision, again] of play(make(seeded(seed)), start, steps)) {
          if (again !== decision.picked) throw new Error(`${again} in place of ${JSON.stringify(decision)}`);
        }
      },
    );
    fc.assert(property, { numRuns: 150 });
    // A prefix that settled where no share is left for it.
    fc.assert(property, { numRuns: 50, seed: 2077238372 });
  });

  it('is the same by load among hundreds, of which two were compared', () => {
    const list = Array.from({ length: 300 }, (_, index) => index);
    const chance = seeded(5);
    const strategy = strategyNamed('least-busy', chance);
    const all = list.map(
      (index): Candidate => ({
        name: `e${index}`,
        weight: 1 + (index % 3),
        priority: 0,
        tags: [],
        inFlight: index % 5,
      }),
    );
    for (let turn = 0; turn < 200; turn++) {
      const decision = pickOf(strategy, all, { operation: 'chat', model: 'm', stream: false, tokens: 1, now: NOW });
      expect(decision.figures?.length).toBeLessThanOrEqual(2);
      expect(decision.more).toBe(280);
      expect(repick(decision)).toBe(decision.picked);
    }
  });

  it('is the same for a prefix that is too much for any single home', () => {
    const running: Record<string, number> = { a: 0, b: 0, c: 0 };
    const all = Object.keys(running).map(
      (name): Candidate => ({
        ...{ name, weight: 1, priority: 0, tags: [] },
        get inFlight() {
          return running[name] as number;
        },
      }),
    );
    const strategy = strategyNamed('prompt-cache');
    const call = { operation: 'chat', model: 'm', stream: true, tokens: 9_000, now: NOW, prefix: 7 };
    const picks: (string | undefined)[] = [];
    const next = () => {
      const decision = pickOf(strategy, all, call);
      expect(repick(decision)).toBe(decision.picked);
      picks.push(decision.picked);
      return decision;
    };
    const full = (name: string | undefined) => Object.assign(running, { [name as string]: 300 });
    full(next().picked);
    full(next().picked);
    expect(next().basis).toMatchObject({ prefix: 7, settled: picks[1], crowded: false });
    Object.assign(running, { a: 0, b: 0, c: 0 });
    expect(next().basis).toMatchObject({ settled: picks[2], crowded: true });
    // Back at home, although the one it went to last had room as well.
    expect(picks[3]).toBe(picks[0]);
    expect(picks[2]).not.toBe(picks[0]);
  });

  it('is nobody where the names do not say it, and where no strategy of the library picked', () => {
    const all = Array.from(
      { length: 30 },
      (_, index): Candidate => ({ name: `e${index}`, weight: 1, priority: 0, tags: [], inFlight: 0 }),
    );
    const call = { operation: 'chat', model: 'm', stream: false, tokens: 1, now: NOW };
    expect(repick(pickOf(strategyNamed('round-robin'), all, call))).toBeUndefined();
    const own: Strategy = { name: 'mine', pick: (candidates) => candidates.at(-1) as Candidate };
    expect(repick(pickOf(own, all.slice(0, 3), call))).toBeUndefined();
    expect(repick({ ms: 0, eligible: [], excluded: [], picked: undefined })).toBeUndefined();
  });
});
