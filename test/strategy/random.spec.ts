// Weighted random choice, with chance handed in.

import { expect, it } from 'vitest';
import { random } from '../../src/strategy/random.ts';
import { manualClock } from '../../src/testing/index.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';
import { fc } from '../support/property.ts';

const pool = (...weights: number[]) => weights.map((weight, index) => candidate(`e${index}`, { weight }));

it.each<[number, number, string]>([
  [0, 0.249, 'e0'],
  [0, 0.25, 'e1'],
  [0, 0.999, 'e1'],
  [1, 0.999, 'e1'],
])('by chance %#: weights 1:3', (_, chance, name) => {
  expect(random(() => chance).pick(pool(1, 3), CALL).name).toBe(name);
});

it('leaves a crumb of rounding to the last one that has a share', () => {
  const crumbs = random(() => 1 - 2 ** -53);
  expect(crumbs.pick(pool(0.1, 0.2, 0.3, 0), CALL).name).toBe('e2');
  expect(random(() => 1).pick(pool(1, 1, 0), CALL).name).toBe('e1');
});

it('picks by weight for any weights and any chance, never a weight of 0', () => {
  const weights = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (all, chance) => {
      fc.pre(all.some((weight) => weight > 0));
      const picked = Number(
        random(() => chance)
          .pick(pool(...all), CALL)
          .name.slice(1),
      );
      expect(all[picked]).toBeGreaterThan(0);
      const total = all.reduce((sum, weight) => sum + weight, 0);
      const before = all.slice(0, picked).reduce((sum, weight) => sum + weight, 0);
      expect(chance * total).toBeGreaterThanOrEqual(before - 1e-9 * total);
      expect(chance * total).toBeLessThanOrEqual(before + all[picked]! + 1e-9 * total);
    }),
  );
});

it('is even when nobody has a share', () => {
  expect(random(() => 0.5).pick(pool(0, 0), CALL).name).toBe('e1');
  const counts = countPicks(random(manualClock({ seed: 3 }).random), pool(0, 0, 0), 3_000);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

it('reads the weights anew for another array', () => {
  const strategy = random(() => 0.5);
  expect(strategy.pick(pool(1, 9), CALL).name).toBe('e1');
  expect(strategy.pick(pool(9, 1), CALL).name).toBe('e0');
});
