// How many calls may be hedged: a share of them, with a reserve for those that wait twice as long.
import { expect, it } from 'vitest';
import { HedgeBudget } from '../../src/dispatch/hedge-budget.ts';
import { fc, runs } from '../support/property.ts';

it('begins with its reserve, which only late calls may use', () => {
  const hedges = new HedgeBudget();
  expect([hedges.covers(false), hedges.covers(true), hedges.figures.left]).toEqual([false, true, 4]);
  for (let hedge = 0; hedge < 4; hedge++) hedges.spend();
  expect([hedges.covers(false), hedges.covers(true), hedges.figures]).toEqual([
    false,
    false,
    { left: 0, sent: 4, won: 0 },
  ]);
});

it('gives what calls brought, down to the reserve', () => {
  const hedges = new HedgeBudget();
  for (let call = 0; call < 9; call++) hedges.deposit(0.125);
  expect(hedges.covers(false)).toBe(true);
  hedges.spend();
  expect(hedges.covers(false)).toBe(false);
  hedges.told();
  expect(hedges.figures).toEqual({ left: 4, sent: 1, won: 1 });
});

it('is never overdrawn, and never saves up more than ten', () => {
  const step = fc.record({
    calls: fc.nat(100),
    share: fc.constantFrom(0, 0.05, 0.1, 1),
    late: fc.boolean(),
    wish: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const hedges = new HedgeBudget();
      let brought = 4;
      for (const { calls, share, late, wish } of steps) {
        for (let call = 0; call < calls; call++) hedges.deposit(share);
        brought += calls * share;
        expect(hedges.figures.left).toBeLessThanOrEqual(10);
        const before = hedges.figures.sent;
        for (let hedge = 0; hedge < wish && hedges.covers(late); hedge++) hedges.spend();
        expect(hedges.figures.sent - before).toBeLessThanOrEqual(late ? 10 : 6);
        expect(hedges.figures.sent).toBeLessThanOrEqual(brought + 1e-9);
      }
    }),
    runs(100),
  );
});
