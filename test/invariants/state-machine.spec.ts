// The pool under any history: calls, answers good and bad, pieces of bodies, aborts, time, endpoints that come and go, in any
// order, on a real client over endpoints in memory and a clock turned by hand. Beside it runs a much simpler account of
// calls, attempts, breakers and cooldowns (world/rules.ts), which speaks up as soon as a rule is broken.
//
// Where each invariant is tested:
//    1 success if possible      here, success-if-possible.spec.ts
//    2 attempts ≤ maxAttempts   here, never-hangs.spec.ts (counted at real servers)
//    3 amplification            amplification.spec.ts, test/dispatch/retry-budget.spec.ts
//    4 deadline                 here (exact, by the clock turned by hand), never-hangs.spec.ts (real sockets)
//    5 key isolation            secrets-*.spec.ts, test/flow/key-isolation.spec.ts
//    6 no replay after commit   here
//    7 no splice                here, test/faults/streams-cut-at-every-byte.spec.ts
//    8 no silent short answer   here, test/faults/streams-cut-at-every-byte.spec.ts
//    9 caller's faults neutral  callers-faults.spec.ts
//   10 legal transitions        here, test/endpoint/breaker-history.spec.ts
//   11 cooldown is a max        here, test/endpoint/cooldown.spec.ts
//   12 accounting               here, never-hangs.spec.ts
//   13 quiet close              quiet-close.spec.ts
//   14 no rejection unhandled   quiet-close.spec.ts, never-hangs.spec.ts
//   15 secrets                  secrets-*.spec.ts
//   16 drop-in                  test/contract/differential.spec.ts
//   17 fair pick                fair-pick.spec.ts, test/strategy/round-robin.spec.ts
//   19 time-shift               time-shift.spec.ts
import { describe, it } from 'vitest';
import { fc, runs } from '../support/property.ts';
import { calm, commands } from './world/commands.ts';
import { BREAKER, watchedWorld } from './world/rules.ts';
import type { WorldOptions } from './world/world.ts';

const SETUPS: [what: string, options: WorldOptions][] = [
  ['with default options', {}],
  ['in the order of the list', { strategy: 'priority', retryBudget: { ratio: 0, minPerSecond: 1 } }],
  ['without breakers, panic, rescue or budget', { breaker: false, panic: false, rescue: false, retryBudget: false }],
  ['with a bound on each attempt', { attemptTimeout: 2_000 }],
  ['without failover', { failover: false }],
  ['without a waiting room', { waitingRoom: false, maxRetries: 5 }],
  ['with early rescues', { rescue: { after: 100, factor: 2 } }],
];

describe('invariants 1, 2, 4, 6, 7, 8, 10, 11, 12: any history keeps the rules', () => {
  it.each(SETUPS)('%s', { timeout: 120_000 }, async (_, options) => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: '+2' }), async (all) => {
        const real = watchedWorld(['a', 'b', 'c'], { breaker: BREAKER, ...options });
        await fc.asyncModelRun(() => ({ model: {}, real }), all);
        await calm(real);
      }),
      runs(40),
    );
  });
});
