/** How often an endpoint failed of late: what decides whether a failover to it is worth a free attempt. */
import type { Clock } from '../clock.ts';
import { RollingCount } from './rolling-count.ts';

const WINDOW = 10_000;

/** What is counted once an endpoint has failed. */
interface Failures {
  readonly all: RollingCount;
  readonly excused: RollingCount;
  /** Failures of which a second attempt of the call told whose they were, and of those the calls' own. */
  readonly judged: RollingCount;
  readonly callsOwn: RollingCount;
}

/** The share of failed attempts over the last 10 s. */
export class FailureRate {
  readonly #clock: Clock;
  readonly #attempts: RollingCount;
  #failures: Failures | undefined;
  #doubted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#attempts = new RollingCount(clock, WINDOW);
  }

  #failed(): Failures {
    const count = () => new RollingCount(this.#clock, WINDOW);
    this.#failures ??= { all: count(), excused: count(), judged: count(), callsOwn: count() };
    return this.#failures;
  }

  /** An attempt began. */
  attempted(now?: number): void {
    this.#attempts.add(1, now);
  }

  /** An attempt failed. Told at once, whosever fault it is: until that is known, going on elsewhere is no free ride. */
  failed(): void {
    this.#failed().all.add(1);
  }

  /** One of these failures may be its call's own fault. */
  doubted(): void {
    this.#doubted += 1;
  }

  /** Now it is known whose fault that one was. */
  decided(guilty: boolean): void {
    this.#doubted -= 1;
    if (!guilty) this.#failed().excused.add(1);
  }

  /** A second attempt of its call told whose fault a failure was. */
  judged(guilty: boolean): void {
    const { judged, callsOwn } = this.#failed();
    judged.add(1);
    if (!guilty) callsOwn.add(1);
  }

  /** True when most of those failures were the calls' own: then one that nobody could ask about may be as well. */
  get mostlyTheCallsOwn(): boolean {
    if (!this.#failures) return false;
    const { judged, callsOwn } = this.#failures;
    return 2 * callsOwn.total > judged.total;
  }

  /** True while there are failures in doubt. */
  get inDoubt(): boolean {
    return this.#doubted > 0;
  }

  /** Failures per attempt, 0 to 1. */
  get value(): number {
    if (!this.#failures) return 0;
    const { all, excused } = this.#failures;
    const attempts = this.#attempts.total;
    return attempts === 0 ? 0 : Math.min(1, Math.max(0, all.total - excused.total) / attempts);
  }
}
