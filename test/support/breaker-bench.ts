// A breaker on a clock turned by hand, driven by letters: s, f and n for success, failure, neutral.
import type { BreakerSettings } from '../../src/config/settings.ts';
import { Breaker } from '../../src/endpoint/breaker.ts';
import type { Permit } from '../../src/endpoint/live-facts.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { breakerSettings } from './parts.ts';

/** A breaker, its clock, and ways to drive it. */
export interface BreakerBench {
  clock: ManualClock;
  breaker: Breaker;
  /** `ejected 5000`, `restored`, … */
  changes: string[];
  /** Settles fresh attempts one after the other: s, f or n. */
  play(outcomes: string): void;
  /** Lets a closed breaker open, by failures in a row. */
  eject(): void;
  /** Waits until it may be probed, and takes the probe. */
  probe(): Promise<Permit>;
}

const HEALTH = { s: 'success', f: 'failure', n: 'neutral' } as const;

/** A closed breaker. @param changes to the default settings */
export function breakerBench(changes: Partial<BreakerSettings> = {}): BreakerBench {
  const clock = manualClock();
  const told: string[] = [];
  const settings = breakerSettings(changes);
  const breaker = new Breaker(settings, clock, (state, openMs) =>
    told.push(state === 'ejected' ? `ejected ${Math.round(openMs)}` : state),
  );
  const self: BreakerBench = {
    clock,
    breaker,
    changes: told,
    play(outcomes) {
      for (const outcome of outcomes) breaker.settle(breaker.admit()!, HEALTH[outcome as keyof typeof HEALTH]);
    },
    eject: () => self.play('f'.repeat(settings.consecutiveFailures)),
    async probe() {
      await clock.advance(Math.max(0, breaker.opensAt - clock.now()));
      return breaker.admit()!;
    },
  };
  return self;
}
