// What every strategy promises, whatever it is: run with each of ours, and with a user's own.
//   strategyContract('round-robin', roundRobin);

import { describe, expect, it } from 'vitest';
import type { Candidate, Strategy, StrategyCall } from '../../src/strategy/strategy.ts';
import { fc, runs } from '../support/property.ts';

/** What differs between strategies. */
export interface ContractOptions {
  /** Shares follow the weights over the whole set. @default true */
  readonly weighted?: boolean;
}

/** A candidate; only what a test names differs. */
export function candidate(name: string, changes: Partial<Candidate> = {}): Candidate {
  return { name, weight: 1, priority: 0, tags: [], inFlight: 0, ...changes };
}

/** A call as strategies see it. */
export const CALL: StrategyCall = { operation: 'chat', model: 'gpt-5', stream: false };

/** Picks `times` times and counts by name. */
export function countPicks(strategy: Strategy, candidates: readonly Candidate[], times: number): Map<string, number> {
  const counts = new Map(candidates.map(({ name }) => [name, 0]));
  for (let i = 0; i < times; i++) {
    const { name } = strategy.pick(candidates, CALL);
    counts.set(name, (counts.get(name) ?? Number.NaN) + 1);
  }
  return counts;
}

/** Sets of candidates as they occur: any weights, zero among them, any priorities. */
export const candidateSets: fc.Arbitrary<Candidate[]> = fc
  .array(
    fc.record({ weight: fc.oneof(fc.nat(10), fc.double({ min: 0, max: 1e6, noNaN: true })), priority: fc.nat(3) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((rows) => rows.map((row, index) => candidate(`e${index}`, row)));

/** The suite. @param make builds a fresh strategy */
export function strategyContract(name: string, make: () => Strategy, { weighted = true }: ContractOptions = {}): void {
  describe(`${name}: what every strategy promises`, () => {
    it('has a name for snapshots', () => {
      expect(make().name).toMatch(/^[a-z-]+(\([a-z-]+\))?$/);
    });

    it('answers at once, with one of the candidates, the very object', () => {
      fc.assert(
        fc.property(candidateSets, fc.nat(50), (candidates, picks) => {
          const strategy = make();
          for (let i = 0; i <= picks; i++) expect(candidates).toContain(strategy.pick(candidates, CALL));
        }),
        runs(40),
      );
    });

    it('takes the only one there is, even one without a share', () => {
      const only = [candidate('a', { weight: 0, inFlight: 99 })];
      const strategy = make();
      expect([strategy.pick(only, CALL), strategy.pick([...only], CALL)]).toEqual([only[0], only[0]]);
    });

    it('never picks one that is not among the candidates of this call, in whatever order sets come and go', () => {
      fc.assert(
        fc.property(
          fc.array(fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }), { minLength: 1, maxLength: 40 }),
          (subsets) => {
            const strategy = make();
            const all = [0, 1, 2, 3, 4].map((i) => candidate(`e${i}`, { weight: i + 1 }));
            for (const subset of subsets) {
              const candidates = subset.map((index) => all[index]!);
              expect(candidates).toContain(strategy.pick(candidates, CALL));
            }
          },
        ),
      );
    });

    it('changes nothing about what it is given', () => {
      const candidates = Object.freeze([1, 2, 3].map((weight) => Object.freeze(candidate(`e${weight}`, { weight }))));
      const strategy = make();
      for (let i = 0; i < 20; i++) strategy.pick(candidates, Object.freeze({ ...CALL }));
    });

    it('reads candidates anew when they come in another array', () => {
      const strategy = make();
      strategy.pick([candidate('a'), candidate('b')], CALL);
      const changed = [candidate('c'), candidate('d')];
      expect(changed).toContain(strategy.pick(changed, CALL));
    });

    it('keeps nothing of sets that are gone: ever new ones cost no memory to speak of', () => {
      const strategy = make();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 3_000; i++) {
        const candidates = [candidate(`a${i}`), candidate(`b${i}`), candidate(`c${i}`)];
        strategy.pick(candidates, CALL);
      }
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
    });

    if (weighted) {
      it('shares calls out by weight, within 1 % of all calls', () => {
        const candidates = [1, 2, 5].map((weight) => candidate(`w${weight}`, { weight }));
        const counts = countPicks(make(), candidates, 100_000);
        for (const { name: each, weight } of candidates)
          expect(Math.abs(counts.get(each)! / 100_000 - weight / 8)).toBeLessThan(0.01);
      });

      it('gives nothing to a weight of 0 while another has a share, and equal parts when nobody has', () => {
        const some = [candidate('a', { weight: 0 }), candidate('b'), candidate('c', { weight: 0 })];
        expect([...countPicks(make(), some, 300).values()]).toEqual([0, 300, 0]);
        const none = [candidate('a', { weight: 0 }), candidate('b', { weight: 0 })];
        for (const count of countPicks(make(), none, 2_000).values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
      });

      it('spreads the share of one that is out evenly over the others', () => {
        const rest = [1, 3].map((weight) => candidate(`w${weight}`, { weight }));
        const strategy = make();
        countPicks(strategy, [candidate('out', { weight: 4 }), ...rest], 1_000);
        const counts = countPicks(strategy, rest, 40_000);
        expect(counts.get('w3')! / counts.get('w1')!).toBeGreaterThan(2.7);
        expect(counts.get('w3')! / counts.get('w1')!).toBeLessThan(3.3);
      });
    }
  });
}
