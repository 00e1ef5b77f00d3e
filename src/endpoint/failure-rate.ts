/** How often an endpoint failed of late: what decides whether a failover to it is worth a free attempt. */
import type { Clock } from '../clock.ts';
import { RollingCount } from './rolling-count.ts';

const WINDOW = 10_000;

/** The share of failed attempts over the last 10 s. */
export class FailureRate {
  readonly #attempts: RollingCount;
  readonly #failures: RollingCount;
  readonly #excused: RollingCount;
  /** Failures of which a second attempt of the call told whose they were, and of those the calls' own. */
  readonly #judged: RollingCount;
  readonly #callsOwn: RollingCount;
  #doubted = 0;

  constructor(clock: Clock) {
    this.#attempts = new RollingCount(clock, WINDOW);
    this.#failures = new RollingCount(clock, WINDOW);
    this.#excused = new RollingCount(clock, WINDOW);
    this.#judged = new RollingCount(clock, WINDOW);
    this.#callsOwn = new RollingCount(clock, WINDOW);
  }

  /** An attempt began. */
  attempted(): void {
    this.#attempts.add(1);
  }

  /** An attempt failed. Told at once, whosever fault it is: until that is known, going on elsewhere is no free ride. */
  failed(): void {
    this.#failures.add(1);
  }

  /** One of these failures may be its call's own fault. */
  doubted(): void {
    this.#doubted += 1;
  }

  /** Now it is known whose fault that one was. */
  decided(guilty: boolean): void {
    this.#doubted -= 1;
    if (!guilty) this.#excused.add(1);
  }

  /** A second attempt of its call told whose fault a failure was. */
  judged(guilty: boolean): void {
    this.#judged.add(1);
    if (!guilty) this.#callsOwn.add(1);
  }

  /** True when most of those failures were the calls' own: then one that nobody could ask about may be as well. */
  get mostlyTheCallsOwn(): boolean {
    return 2 * this.#callsOwn.total > this.#judged.total;
  }

  /** True while there are failures in doubt. */
  get inDoubt(): boolean {
    return this.#doubted > 0;
  }

  /** Failures per attempt, 0 to 1. */
  get value(): number {
    const attempts = this.#attempts.total;
    return attempts === 0 ? 0 : Math.min(1, Math.max(0, this.#failures.total - this.#excused.total) / attempts);
  }
}
