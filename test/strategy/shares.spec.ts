// Drawing places by weight: exactly as walking the sums would, however long the list.
import { expect, it } from 'vitest';
import { Shares } from '../../src/strategy/shares.ts';
import { candidate } from '../support/candidates.ts';
import { fc } from '../support/property.ts';

const sharesOf = (weights: readonly number[]) => new Shares(weights.map((weight, i) => candidate(`e${i}`, { weight })));

/** The slow way. */
function walked(weights: readonly number[], chance: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const [place, weight] of weights.entries()) {
    sum += weight;
    if (weight > 0 && sum > chance * total) return place;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('finds the place that walking the sums finds', () => {
  const weight = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.constant(1_000));
  const weights = fc.array(weight, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(weights, chance, (all, at) => {
      fc.pre(all.some((each) => each > 0));
      expect(sharesOf(all).place(at)).toBe(walked(all, at));
    }),
  );
});

it('never a place without a share, whatever the weights are', () => {
  const weights = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(weights, chance, (all, at) => {
      fc.pre(all.some((each) => each > 0));
      expect(all[sharesOf(all).place(at)]).toBeGreaterThan(0);
    }),
  );
});

it('equal parts when nobody has a share', () => {
  const shares = sharesOf([0, 0, 0, 0]);
  expect([0, 0.3, 0.5, 0.99].map((at) => shares.place(at))).toEqual([0, 1, 2, 3]);
  expect([...shares.weights]).toEqual([1, 1, 1, 1]);
});

it('takes the last one with a share for a chance of 1, which is none', () => {
  expect(sharesOf([1, 1, 0]).place(1)).toBe(1);
});
