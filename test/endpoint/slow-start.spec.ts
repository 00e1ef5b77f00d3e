// From a small share to all of it: by time and successes, whichever is later.
import { expect, it } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import type { SlowStartSettings } from '../../src/config/settings.ts';
import { shareOf } from '../../src/endpoint/slow-start.ts';

const share = (ms: number, successes: number, changes: Partial<SlowStartSettings> = {}) =>
  shareOf({ since: 1_000, successes }, { ...defaults.slowStart, ...changes }, 1_000 + ms);

it.each([
  [0, 0, 0.1],
  [0, 100, 0.1],
  [60_000, 0, 0.1],
  [5_000, 100, 0.55],
  [60_000, 10, 0.55],
  [5_000, 5, 0.325],
  [10_000, 19, 0.955],
  [9_999, 20, 0.99991],
  [10_000, 20, 1],
])('after %d ms and %d successes', (ms, successes, expected) => {
  expect(share(ms, successes)).toBeCloseTo(expected);
  expect(share(ms, successes) === 1).toBe(expected === 1);
});

it('goes by the settings', () => {
  expect(share(500, 1, { initialPercentage: 50, duration: 1_000, successes: 1 })).toBeCloseTo(0.75);
  expect(share(0, 0, { duration: 0, successes: 0 })).toBe(1);
  expect(share(1, 0, { successes: 0 })).toBeLessThan(0.2);
  expect(share(0, 0, { initialPercentage: 100 })).toBe(1);
});

it('is never nothing, or it would stay so', () => {
  expect(share(0, 0, { initialPercentage: 0 })).toBe(0.001);
});
