// Budgets over days, months and clocks that are set.
import { describe, expect, it } from 'vitest';
import type { ClientKey } from '../../../src/gateway/config/settings.ts';
import { Allowances } from '../../../src/gateway/keys/allowance.ts';
import { manualClock } from '../../../src/testing/index.ts';

const DAY = 86_400_000;
const keyWith = (per: 'day' | 'month'): ClientKey => ({
  ...{ name: 'app', digest: '', groups: undefined, expiresAt: undefined },
  limits: { budget: { amount: 1, per } },
});
const settled = (cost: number) => ({ tokens: 0, reserved: 0, cost });

describe.each(['day', 'month'] as const)('a budget for a %s', (per) => {
  it('holds when the clock was ahead for a while', () => {
    const clock = manualClock();
    const allowances = new Allowances(clock);
    const key = keyWith(per);
    allowances.settle(key, settled(0.6));
    clock.jump(400 * DAY);
    allowances.settle(key, settled(0.1));
    clock.jump(-400 * DAY);
    allowances.enter(key);
    allowances.settle(key, settled(0.5));
    expect(() => allowances.enter(key)).toThrow(/has spent its budget/);
  });

  it('begins anew with the next one, and not before', () => {
    const clock = manualClock();
    const allowances = new Allowances(clock);
    const key = keyWith(per);
    allowances.settle(key, settled(2));
    expect(() => allowances.enter(key)).toThrow(/has spent its budget/);
    clock.jump((per === 'day' ? 1 : 31) * DAY);
    allowances.enter(key);
  });

  it('remembers what was spent in the past, day by day', () => {
    const clock = manualClock();
    const allowances = new Allowances(clock);
    for (let day = 31; day > 0; day -= 1) allowances.spend('app', 1, clock.date() - day * DAY);
    allowances.spend('app', 1, clock.date());
    expect(() => allowances.enter(keyWith(per))).toThrow(/has spent its budget/);
  });
});
