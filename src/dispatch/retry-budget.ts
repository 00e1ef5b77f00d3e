/**
 * The share of extra attempts allowed over all calls of a pool: failovers, waits that end in another try, rescues.
 * Why a budget and not only attempts per call: when everything fails, attempts per call multiply the load exactly when the
 * endpoints can bear it least. 20 % and 10 a second are Finagle's and Envoy's figures; unused credit lives 10 s.
 */
import type { Clock } from '../clock.ts';
import { RollingCount } from '../endpoint/rolling-count.ts';

const WINDOW = 10_000;
/** A tenth longer than the window plus one bucket, so that no 10 s anywhere hold more than the budget. */
const SPENT_WINDOW = 11_200;

/** One pool's budget. */
export class RetryBudget {
  readonly #calls: RollingCount;
  readonly #spent: RollingCount;
  readonly #settings: { ratio: number; minPerSecond: number } | false;

  /** @param settings `false` = no limit. */
  constructor(settings: { ratio: number; minPerSecond: number } | false, clock: Clock) {
    this.#settings = settings;
    this.#calls = new RollingCount(clock, WINDOW);
    this.#spent = new RollingCount(clock, SPENT_WINDOW);
  }

  /** One more call: adds its share to the budget. */
  deposit(now?: number): void {
    this.#calls.add(1, now);
  }

  /** Extra attempts left now. */
  get left(): number {
    if (!this.#settings) return Number.POSITIVE_INFINITY;
    const { ratio, minPerSecond } = this.#settings;
    return ratio * this.#calls.total + minPerSecond * (WINDOW / 1_000) - this.#spent.total;
  }

  /** Takes one extra attempt from the budget. @returns false when it is used up. */
  withdraw(): boolean {
    if (this.left < 1) return false;
    this.#spent.add(1);
    return true;
  }
}
