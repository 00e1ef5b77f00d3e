/**
 * Panic: everybody is ejected for health. Lets calls through by adaptive throttling (Google SRE book, ch. 21).
 * Why: ejection must not itself be the outage. In a brownout of 50 % nearly everything passes, in a total outage about a call a second.
 */
import type { Clock } from '../clock.ts';
import { RollingCount } from '../endpoint/rolling-count.ts';

/** One pool's throttle. */
export class Throttle {
  readonly #requests: RollingCount;
  readonly #accepts: RollingCount;
  readonly #k: number;
  readonly #clock: Clock;

  /** @param k how many times the accepted calls may be tried; 2 = let through until half fail. */
  constructor(k: number, clock: Clock) {
    this.#k = k;
    this.#clock = clock;
    this.#requests = new RollingCount(clock, 1_000);
    this.#accepts = new RollingCount(clock, 1_000);
  }

  /** A call began. */
  requested(): void {
    this.#requests.add(1);
  }

  /** Whether one of the calls that began may be tried. */
  admit(): boolean {
    // The call that asks is counted already; alone it always passes.
    const others = Math.max(0, this.#requests.total - 1);
    const refuse = Math.max(0, (others - this.#k * this.#accepts.total) / (others + 1));
    return this.#clock.random() >= refuse;
  }

  /** A call got an answer. */
  accepted(): void {
    this.#accepts.add(1);
  }
}
