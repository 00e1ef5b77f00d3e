// Counts over a sliding window, by time and without timers.
import { expect, it } from 'vitest';
import { RollingCount } from '../../src/endpoint/rolling-count.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

it('counts what came within the window and nothing older', async () => {
  const clock = manualClock();
  const count = new RollingCount(clock, 10_000);
  count.add(3);
  await clock.advance(9_000);
  count.add(2);
  expect(count.total).toBe(5);
  await clock.advance(1_000);
  expect(count.total).toBe(2);
  await clock.advance(10_000);
  expect(count.total).toBe(0);
});

it('forgets everything after a long pause, also one of a whole number of windows', async () => {
  const clock = manualClock();
  const count = new RollingCount(clock, 1_000);
  for (const pause of [1_000, 10_000, 1_234_567]) {
    count.add(1);
    await clock.advance(pause);
    expect(count.total).toBe(0);
  }
});

it('takes fractions and starts at any time of the clock', async () => {
  const clock = manualClock();
  await clock.advance(123_456.7);
  const count = new RollingCount(clock, 500);
  count.add(0.25);
  count.add(0.5);
  expect(count.total).toBeCloseTo(0.75);
  expect(clock.pending).toBe(0);
});

it('is between the sums over nine tenths of the window and over all of it', async () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.nat(5)), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(100, 1_000, 2_345), async (all, window) => {
      const clock = manualClock();
      const count = new RollingCount(clock, window);
      const events: Array<{ at: number; amount: number }> = [];
      const since = (ms: number) =>
        events.filter(({ at }) => clock.now() - at < ms).reduce((sum, { amount }) => sum + amount, 0);
      for (const [pause, amount] of all) {
        await clock.advance(pause);
        count.add(amount);
        events.push({ at: clock.now(), amount });
        expect(count.total).toBeLessThanOrEqual(since(window));
        expect(count.total).toBeGreaterThanOrEqual(since(0.9 * window));
      }
    }),
    runs(40),
  );
});
