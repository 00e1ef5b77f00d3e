/** Counts over the last few seconds, by time and without timers: ten buckets that are cleared as they are passed. */
import type { Clock } from '../clock.ts';

const BUCKETS = 10;

/** A sum over a sliding window of time. */
export class RollingCount {
  /** Made for amounts of a second turn: most of what could be counted never happens, or once in a while. */
  #buckets: number[] | undefined;
  /** The turn of all amounts so far, as long as there are no buckets. */
  #only = 0;
  readonly #clock: Clock;
  readonly #width: number;
  #turn: number;
  #total = 0;

  /** @param windowMs length of the window in ms. */
  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#width = windowMs / BUCKETS;
    this.#turn = Math.floor(clock.now() / this.#width);
  }

  /** Adds to the current bucket. @param now monotonic ms, for whoever has just looked at the clock */
  add(amount: number, now = this.#clock.now()): void {
    this.#advance(now);
    if (!this.#buckets) {
      if (this.#total === 0) this.#only = this.#turn;
      else if (this.#only !== this.#turn) this.#buckets = this.#spread();
    }
    this.#total += amount;
    if (!this.#buckets) return;
    const index = this.#turn % BUCKETS;
    this.#buckets[index] = (this.#buckets[index] as number) + amount;
  }

  #spread(): number[] {
    const buckets = new Array<number>(BUCKETS).fill(0);
    buckets[this.#only % BUCKETS] = this.#total;
    return buckets;
  }

  /** The sum over the window. */
  get total(): number {
    this.#advance(this.#clock.now());
    return this.#total;
  }

  #advance(now: number): void {
    const turn = Math.floor(now / this.#width);
    if (turn === this.#turn) return;
    const before = this.#turn;
    this.#turn = turn;
    if (!this.#buckets) {
      if (turn - this.#only >= BUCKETS) this.#total = 0;
      return;
    }
    for (let step = Math.max(before + 1, turn - BUCKETS + 1); step <= turn; step++) this.#buckets[step % BUCKETS] = 0;
    this.#total = this.#buckets.reduce((sum, amount) => sum + amount, 0);
  }
}
