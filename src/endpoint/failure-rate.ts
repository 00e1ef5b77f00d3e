/** How often an endpoint failed of late: what decides whether a failover to it is worth a free attempt. */
import type { Clock } from '../clock.ts';
import { RollingCount } from './rolling-count.ts';

const WINDOW = 10_000;

/** The share of failed attempts over the last 10 s. */
export class FailureRate {
  readonly #attempts: RollingCount;
  readonly #failures: RollingCount;
  #doubted = 0;

  constructor(clock: Clock) {
    this.#attempts = new RollingCount(clock, WINDOW);
    this.#failures = new RollingCount(clock, WINDOW);
  }

  /** An attempt began. */
  attempted(): void {
    this.#attempts.add(1);
  }

  /** An attempt failed. */
  failed(): void {
    this.#failures.add(1);
  }

  /** So many more failures may be their calls' own fault: they count here until that is known. */
  doubted(more: number): void {
    this.#doubted += more;
  }

  /** True while there are such failures. */
  get inDoubt(): boolean {
    return this.#doubted > 0;
  }

  /** Failures per attempt, 0 to 1. */
  get value(): number {
    const attempts = this.#attempts.total;
    return attempts === 0 ? 0 : Math.min(1, (this.#failures.total + this.#doubted) / attempts);
  }
}
