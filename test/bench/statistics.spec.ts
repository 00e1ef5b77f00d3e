// What the figures of the bench are made of.
import { expect, it } from 'vitest';
import { against, cutOff, differences, median, quantile, ratios, spread } from './statistics.ts';

it('takes the middle, whatever the order', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(() => median([])).toThrow(RangeError);
});

it('takes the value that a share of all stays below', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 51, 100, 100]);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

it.each([
  // From the tables of the sign test: at 6 values both ends are needed, below it nothing is sure.
  [1, 0],
  [5, 0],
  [6, 0],
  [7, 0],
  [9, 1],
  [15, 3],
  [31, 9],
])('of %i values cuts off %i at each end', (count, cut) => {
  expect(cutOff(count)).toBe(cut);
});

it('holds the true median in 95 of 100 cases', () => {
  // Fixed draws: a small generator with a seed.
  let state = 42;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let held = 0;
  for (let i = 0; i < 2_000; i++) {
    const { low, high } = spread(Array.from({ length: 31 }, () => draw() ** 3));
    if (low <= 0.125 && 0.125 <= high) held++;
  }
  expect(held / 2_000).toBeGreaterThan(0.95);
  expect(held / 2_000).toBeLessThan(0.99);
});

it('compares each round with its own base only', () => {
  // The machine got three times slower in the second round, for both.
  expect(ratios([2, 6, 2], [4, 12, 4])).toEqual([0.5, 0.5, 0.5]);
  expect(differences([5, 16], [4, 12])).toEqual([1, 4]);
  expect(() => ratios([1], [1, 2])).toThrow('1 rounds beside 2');
});

it('tells the ends, the middle and the interval, and takes the difference of equals off', () => {
  const found = spread([5, 1, 4, 2, 3, 9, 8, 7, 6]);
  expect(found).toEqual({ min: 1, median: 5, max: 9, low: 2, high: 8, of: 9 });
  expect(against(found, 2)).toEqual({ min: 0.5, median: 2.5, max: 4.5, low: 1, high: 4, of: 9 });
});
