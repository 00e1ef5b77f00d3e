/** How a recovered endpoint comes back: from a tenth of its share to all of it, gated by successes. */
import type { Clock } from '../clock.ts';

/** Full share after this time and this many successes, whichever is later. */
const RAMP_MS = 10_000;
const RAMP_SUCCESSES = 20;

/** The way back of one breaker after a recovery. */
export class SlowStart {
  readonly #since: number;
  readonly #clock: Clock;
  #successes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** One more success since the recovery. */
  succeeded(): void {
    this.#successes += 1;
  }

  /** Share of the normal traffic, from 0.1 to 1. */
  get share(): number {
    const time = (this.#clock.now() - this.#since) / RAMP_MS;
    return Math.min(1, 0.1 + 0.9 * Math.min(time, this.#successes / RAMP_SUCCESSES));
  }
}
