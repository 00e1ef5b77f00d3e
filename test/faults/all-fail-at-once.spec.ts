// The promise: when an endpoint dies with thousands of calls open, none is lost, and the process is not held up for longer than
// the plain SDK would hold it up.
import { expect, it } from 'vitest';
import { FULL } from '../support/calls.ts';
import { runChild } from '../support/child.ts';

const CHILD = new URL('./children/all-fail-at-once.ts', import.meta.url);
const CALLS = FULL ? 10_000 : 1_000;
/** The longest stall (ms) that our own code may cause, without what the SDK does for each request. */
const OWN = 50;

it('thousands of calls fail at once: none lost, no stall longer than the plain SDK’s', {
  timeout: 240_000,
}, async () => {
  const stalls = await runChild<{ plain: number; ours: number; own: number; lost: number }>(
    CHILD,
    { calls: CALLS, rounds: 3 },
    240_000,
  );
  if (FULL) console.log('longest stall in ms', stalls);
  expect(stalls.lost).toBe(0);
  // Stalls of a few milliseconds, as a thousand calls make them, say nothing about each other.
  if (FULL) expect(stalls.ours).toBeLessThanOrEqual(1.25 * stalls.plain);
  expect(stalls.own).toBeLessThanOrEqual(OWN);
});
