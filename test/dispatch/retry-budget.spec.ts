// The retry budget: a fifth of the calls and ten a second, over any ten seconds.
import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../src/dispatch/retry-budget.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

const SETTINGS = { ratio: 0.2, minPerSecond: 10 };
const take = (budget: RetryBudget, times: number) => {
  let taken = 0;
  for (let i = 0; i < times; i++) if (budget.withdraw()) taken += 1;
  return taken;
};

describe('the budget', () => {
  it('starts with ten seconds of credit', () => {
    const budget = new RetryBudget(SETTINGS, manualClock());
    expect(budget.left).toBe(100);
    expect(take(budget, 500)).toBe(100);
  });

  it('grows by a fifth of each call', () => {
    const budget = new RetryBudget(SETTINGS, manualClock());
    for (let i = 0; i < 1_000; i++) budget.deposit();
    expect(take(budget, 1_000)).toBe(300);
  });

  it('gives nothing without a whole unit', () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 }, manualClock());
    for (let i = 0; i < 4; i++) budget.deposit();
    expect(budget.withdraw()).toBe(false);
    budget.deposit();
    expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
  });

  it('is full again some ten seconds later', async () => {
    const clock = manualClock();
    const budget = new RetryBudget(SETTINGS, clock);
    take(budget, 100);
    await clock.advance(9_999);
    expect(budget.withdraw()).toBe(false);
    await clock.advance(1_400);
    expect(take(budget, 500)).toBe(100);
  });

  it('forgets the calls of ten seconds ago', async () => {
    const clock = manualClock();
    const budget = new RetryBudget({ ratio: 0.5, minPerSecond: 0 }, clock);
    for (let i = 0; i < 10; i++) budget.deposit();
    await clock.advance(10_000);
    expect(budget.withdraw()).toBe(false);
  });

  it('may be switched off', () => {
    const budget = new RetryBudget(false, manualClock());
    expect([budget.left, take(budget, 10_000)]).toEqual([Number.POSITIVE_INFINITY, 10_000]);
  });

  it('is never overdrawn: at each extra attempt, those of the last 10 s are within 0.2 × calls + 100', async () => {
    const step = fc.record({ pause: fc.integer({ min: 0, max: 2_500 }), calls: fc.nat(400), wish: fc.nat(200) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const clock = manualClock();
        const budget = new RetryBudget(SETTINGS, clock);
        const calls: number[] = [];
        const extra: number[] = [];
        const lately = (times: number[]) => times.filter((at) => clock.now() - at <= 10_000).length;
        for (const { pause, calls: many, wish } of steps) {
          await clock.advance(pause);
          for (let i = 0; i < many; i++) {
            budget.deposit();
            calls.push(clock.now());
          }
          for (let i = 0; i < wish && budget.withdraw(); i++) extra.push(clock.now());
          if (extra.at(-1) === clock.now()) expect(lately(extra)).toBeLessThanOrEqual(0.2 * lately(calls) + 100);
          if (lately(extra) === 0) expect(budget.left).toBeGreaterThanOrEqual(80);
        }
      }),
      runs(60),
    );
  });

  it('holds for steady load: 1,000 calls a second that all fail make at most a fifth more, and 100', async () => {
    const clock = manualClock();
    const budget = new RetryBudget(SETTINGS, clock);
    const made: number[] = [];
    for (let tick = 0; tick < 300; tick++) {
      await clock.advance(100);
      for (let i = 0; i < 100; i++) budget.deposit();
      made.push(take(budget, 100));
    }
    for (let from = 0; from + 100 <= made.length; from++) {
      const sum = made.slice(from, from + 100).reduce((all, each) => all + each, 0);
      expect(sum).toBeLessThanOrEqual(0.2 * 10_000 + 100);
    }
    expect(made.slice(-100).reduce((all, each) => all + each, 0)).toBeGreaterThan(1_500);
  });
});
