// The breaker under any history: the rules it keeps whatever happens, in whatever order.
import { describe, expect, it } from 'vitest';
import type { Permit } from '../../src/endpoint/live-facts.ts';
import { breakerBench as bench } from '../support/breaker-bench.ts';
import { fc, runs } from '../support/property.ts';

describe('any history', () => {
  type Op =
    | { do: 'admit' | 'force' | 'look' }
    | { do: 'advance'; ms: number }
    | { do: 'settle'; which: number; health: 'success' | 'failure' | 'neutral' };
  // Weighted so that histories get deep: rare successes, rare force.
  const often = <T>(...pairs: [number, T][]) =>
    fc.oneof(...pairs.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
  const op: fc.Arbitrary<Op> = fc.oneof(
    { weight: 6, arbitrary: often<Op>([6, { do: 'admit' }], [1, { do: 'force' }], [1, { do: 'look' }]) },
    { weight: 4, arbitrary: often(...[1, 4_600, 5_000, 31_000].map((ms): [number, Op] => [1, { do: 'advance', ms }])) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(3),
        health: often([1, 'success' as const], [3, 'failure' as const], [3, 'neutral' as const]),
      }),
    },
  );
  const LEGAL = new Set(['closed open', 'open half-open', 'half-open open', 'half-open closed', 'open closed']);

  it('keeps the rules: legal transitions, one probe at a time, stale results and neutral ones change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 20, maxLength: 150 }),
        fc.constantFrom(1, 2),
        async (ops, consecutiveFailures) => {
          const { breaker, clock, changes } = bench({ consecutiveFailures, volumeThreshold: 4 });
          const flying: Array<{ permit: Permit; era: number; takenAt: number }> = [];
          let state = breaker.state;
          const see = (may: readonly string[]) => {
            const next = breaker.state;
            if (next !== state) {
              expect(LEGAL).toContain(`${state} ${next}`);
              expect(may).toContain(next);
            }
            state = next;
            if (state !== 'closed') expect(breaker.comeback).toBeUndefined();
            expect(breaker.opensAt === 0).toBe(state === 'closed');
          };
          for (const step of ops) {
            // Time alone only ends the patience with a probe.
            if (step.do === 'advance') await clock.advance(step.ms);
            see(['open']);
            if (step.do === 'admit' || step.do === 'force') {
              const due = breaker.opensAt;
              const permit = step.do === 'admit' ? breaker.admit() : breaker.admitAnyway();
              if (step.do === 'force') expect(permit).toBeDefined();
              if (step.do === 'admit')
                expect(permit !== undefined).toBe(state === 'closed' || (state === 'open' && due <= clock.now()));
              if (permit?.probe) {
                expect([state, due <= clock.now()]).toEqual(['open', true]);
                const others = flying.filter((each) => each.permit.probe && clock.now() - each.takenAt < 30_000);
                expect(others.filter((each) => each.permit.epoch === permit.epoch)).toEqual([]);
              }
              if (permit) flying.push({ permit, era: changes.length, takenAt: clock.now() });
              see(permit?.probe ? ['half-open'] : []);
            } else if (step.do === 'settle' && flying.length > 0) {
              const [{ permit, era }] = flying.splice(step.which % flying.length, 1) as [(typeof flying)[number]];
              const told = changes.length;
              const before = [state, breaker.opensAt, breaker.comeback];
              breaker.settle(permit, step.health);
              // Taken before the last ejection or recovery, other than by giving up on it as a probe: of no interest any more.
              const stale = era < told && !permit.probe;
              if (stale && !(permit.panic && step.health === 'success'))
                expect([breaker.state, breaker.opensAt, breaker.comeback]).toEqual(before);
              if (step.health === 'neutral') {
                expect(changes).toHaveLength(told);
                see(permit.probe ? ['open'] : []);
              } else see(step.health === 'success' ? ['closed'] : ['open']);
            }
          }
        },
      ),
      runs(300),
    );
  });
});
