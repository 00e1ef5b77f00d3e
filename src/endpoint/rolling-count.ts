/** Counts over the last few seconds, by time and without timers: ten buckets that are cleared as they are passed. */
import type { Clock } from '../clock.ts';

const BUCKETS = 10;

/** A sum over a sliding window of time. */
export class RollingCount {
  /** Made with the first amount: most of what could be counted never happens. */
  #buckets: number[] | undefined;
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
    this.#buckets ??= new Array(BUCKETS).fill(0);
    const index = this.#turn % BUCKETS;
    this.#buckets[index] = (this.#buckets[index] as number) + amount;
    this.#total += amount;
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
    if (!this.#buckets) return;
    for (let step = Math.max(before + 1, turn - BUCKETS + 1); step <= turn; step++) this.#buckets[step % BUCKETS] = 0;
    this.#total = this.#buckets.reduce((sum, amount) => sum + amount, 0);
  }
}
