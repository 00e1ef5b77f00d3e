import { expect, it } from 'vitest';
import { shownDuration } from '../../../src/gateway/pools/pool-room.ts';

it.each([
  [0, '0ms'],
  [20, '20ms'],
  [999.2, '1000ms'],
  [1_500, '1.5s'],
  [59_990, '59.99s'],
  [360_000, '6m0s'],
  [361_400, '6m1s'],
])('%d ms is written as the API writes it: %s', (ms, shown) => {
  expect(shownDuration(ms)).toBe(shown);
});
