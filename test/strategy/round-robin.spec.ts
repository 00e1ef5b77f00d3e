// Smooth weighted round robin: exact shares, no bursts, O(1) a pick, places kept per set of candidates.

import { describe, expect, it } from 'vitest';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import type { Candidate } from '../../src/strategy/strategy.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';
import { fc, runs } from '../support/property.ts';

const pool = (...weights: number[]) => weights.map((weight, index) => candidate(`e${index}`, { weight }));
const order = (candidates: readonly Candidate[], times: number, strategy = roundRobin()) =>
  Array.from({ length: times }, () => strategy.pick(candidates, CALL).name.slice(1)).join('');

describe('the order', () => {
  it.each<[string, number[], string]>([
    ['equal weights', [1, 1, 1], '012012'],
    ['equal weights other than 1', [7, 7], '0101'],
    ['1:2', [1, 2], '101101'],
    ['5:1:1, as nginx documents it', [5, 1, 1], '0010200'],
    ['fractions', [0.5, 1.5], '1011'],
    ['a weight of 0', [0, 1, 1], '1212'],
  ])('of %s', (_, weights, expected) => {
    expect(order(pool(...weights), expected.length)).toBe(expected);
  });

  it('never has one endpoint twice in a row while it has no more than half', () => {
    const seen = order(pool(1, 2, 3), 600);
    for (let i = 1; i < seen.length; i++) expect(seen[i] === seen[i - 1] && seen[i] !== '2').toBe(false);
  });
});

describe('shares', () => {
  it('of 1:2:5 over 1,000 calls are off by at most one call', () => {
    const counts = [...countPicks(roundRobin(), pool(1, 2, 5), 1_000).values()];
    [125, 250, 625].forEach((share, index) => {
      expect(Math.abs(counts[index]! - share)).toBeLessThanOrEqual(1);
    });
  });

  it('are exact after each round, and within a round off by less than two calls', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(weights, (all) => {
        const total = all.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const candidates = pool(...all);
        const strategy = roundRobin();
        const counts = all.map(() => 0);
        for (let call = 1; call <= 2 * total; call++) {
          const index = candidates.indexOf(strategy.pick(candidates, CALL));
          counts[index] = counts[index]! + 1;
          counts.forEach((count, each) => {
            const off = Math.abs(count - (call * all[each]!) / total);
            expect(off).toBeLessThan(call % total === 0 ? 1e-9 : 2);
          });
        }
      }),
      runs(60),
    );
  });

  it('of weights that are no whole multiples are off by at most a thousandth', () => {
    const weights = fc.array(fc.double({ min: 0.05, max: 50, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, (all) => {
        const total = all.reduce((sum, weight) => sum + weight, 0);
        const counts = [...countPicks(roundRobin(), pool(...all), 20_000).values()];
        counts.forEach((count, index) => {
          expect(Math.abs(count / 20_000 - all[index]! / total)).toBeLessThan(0.001);
        });
      }),
      runs(12),
    );
  });

  it('of one endpoint among 1,000 are its own', () => {
    const counts = countPicks(
      roundRobin(),
      pool(...Array.from({ length: 1_000 }, (_, i) => (i === 500 ? 3 : 1))),
      10_020,
    );
    expect([counts.get('e0'), counts.get('e500')]).toEqual([10, 30]);
  });

  it('of 1,000 endpoints of many weights keep their order and a tenth of exactness', () => {
    const weights = Array.from({ length: 1_000 }, (_, i) => (i % 10) + 1);
    const counts = [...countPicks(roundRobin(), pool(...weights), 55_000).values()];
    const byWeight = Array.from({ length: 10 }, (_, weight) =>
      counts.filter((_, index) => index % 10 === weight).reduce((sum, count) => sum + count, 0),
    );
    byWeight.forEach((count, index) => {
      expect(Math.abs(count / 55_000 - (index + 1) / 55)).toBeLessThan(0.1 * ((index + 1) / 55) + 1e-9);
    });
  });
});

describe('places', () => {
  it('are kept while the candidates come and go, so that changes of the set favour nobody', () => {
    const strategy = roundRobin();
    const all = pool(1, 1, 1);
    const two = [all[0]!, all[2]!];
    expect(order(all, 2, strategy)).toBe('01');
    expect(order(two, 1, strategy)).toBe('0');
    expect(order(all, 2, strategy)).toBe('20');
    expect(order(two, 2, strategy)).toBe('20');
  });

  it('belong to the members, not to the array', () => {
    const strategy = roundRobin();
    expect(order(pool(1, 1, 1), 2, strategy)).toBe('01');
    expect(order(pool(1, 1, 1), 2, strategy)).toBe('20');
  });

  it('start anew when a weight changes', () => {
    const strategy = roundRobin();
    expect(order(pool(1, 1), 1, strategy)).toBe('0');
    expect(order(pool(1, 3), 4, strategy)).toBe('1011');
  });

  it('of an endpoint that flaps are fair: no neighbour inherits its whole share', () => {
    const strategy = roundRobin();
    const all = pool(1, 1, 1, 1);
    const without = all.slice(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 4_000; i++) {
      const { name } = strategy.pick(i % 10 < 5 ? all : without, CALL);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const rest = ['e1', 'e2', 'e3'].map((name) => counts.get(name)!);
    expect(Math.max(...rest) - Math.min(...rest)).toBeLessThanOrEqual(4);
  });
});

it('takes about as long for a pick among 1,000 as among 2', () => {
  const time = (candidates: Candidate[]) => {
    const strategy = roundRobin();
    countPicks(strategy, candidates, 1_000);
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) strategy.pick(candidates, CALL);
    return performance.now() - start;
  };
  const few = Math.min(...Array.from({ length: 5 }, () => time(pool(1, 1))));
  const many = Math.min(...Array.from({ length: 5 }, () => time(pool(...Array.from({ length: 1_000 }, () => 1)))));
  expect(many).toBeLessThan(20 * few + 5);
});
