// The SDK's own curve of waits.
import { expect, it } from 'vitest';
import { backoff } from '../../src/dispatch/backoff.ts';

it.each<[number, number, number]>([
  [0, 0, 500],
  [0, 0.999, 375],
  [1, 0, 1_000],
  [2, 0, 2_000],
  [3, 0.5, 3_500],
  [4, 0, 8_000],
  [5, 0, 8_000],
  [1_000, 0.5, 7_000],
])('after %d waits, with chance %d: %d ms', (round, random, ms) => {
  expect(Math.round(backoff(round, random))).toBe(ms);
});
