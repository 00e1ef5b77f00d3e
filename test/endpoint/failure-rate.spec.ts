// The share of failures of the last ten seconds.
import { expect, it } from 'vitest';
import { FailureRate } from '../../src/endpoint/failure-rate.ts';
import { manualClock } from '../../src/testing/index.ts';

it('is failures per attempt over the last 10 s, never more than all', async () => {
  const clock = manualClock();
  const rate = new FailureRate(clock);
  expect(rate.value).toBe(0);
  for (let i = 0; i < 4; i++) rate.attempted();
  expect(rate.value).toBe(0);
  rate.failed();
  expect(rate.value).toBe(0.25);
  await clock.advance(9_500);
  rate.attempted();
  rate.failed();
  rate.failed();
  await clock.advance(1_000);
  expect(rate.value).toBe(1);
  await clock.advance(10_000);
  expect(rate.value).toBe(0);
});

it('forgives the failures that were not the endpoint’s', async () => {
  const clock = manualClock();
  const rate = new FailureRate(clock);
  for (let i = 0; i < 4; i++) rate.attempted();
  for (let i = 0; i < 2; i++) rate.failed();
  for (let i = 0; i < 2; i++) rate.doubted();
  expect([rate.value, rate.inDoubt]).toEqual([0.5, true]);
  rate.decided(true);
  expect([rate.value, rate.inDoubt]).toEqual([0.5, true]);
  rate.decided(false);
  expect([rate.value, rate.inDoubt]).toEqual([0.25, false]);
});

it('is never less than none, when one is forgiven long after it has passed', async () => {
  const clock = manualClock();
  const rate = new FailureRate(clock);
  rate.failed();
  rate.doubted();
  await clock.advance(10_000);
  rate.attempted();
  rate.decided(false);
  expect(rate.value).toBe(0);
});

it('knows for ten seconds whether most of those that were asked about were the calls’ own', async () => {
  const clock = manualClock();
  const rate = new FailureRate(clock);
  expect(rate.mostlyTheCallsOwn).toBe(false);
  rate.judged(false);
  expect(rate.mostlyTheCallsOwn).toBe(true);
  rate.judged(true);
  expect(rate.mostlyTheCallsOwn).toBe(false);
  await clock.advance(5_000);
  rate.judged(false);
  expect(rate.mostlyTheCallsOwn).toBe(true);
  await clock.advance(11_000);
  expect(rate.mostlyTheCallsOwn).toBe(false);
});
