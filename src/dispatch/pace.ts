/**
 * How fast those who waited for a cooldown's end come in: one, then two for each that was let in, or twice as many after a moment
 * without a refusal. Why: nobody says how much room there is behind a 429; whoever sends everybody at once gets the next one.
 */

/** A limiter refuses at once; what was not refused after this long, in ms, was let in, however long its answer takes. */
const MOMENT = 250;
/** From here on it is plain that there is room. */
const WIDE = 256;

/** The pace of one line. */
export class Pace {
  #size = 1;
  #left = 1;
  #lastAt = 0;

  /** Leave for one more. @returns when to ask again, in monotonic ms; 0 = it may go. */
  leave(now: number): number {
    if (this.#size >= WIDE) return 0;
    if (this.#left === 0) {
      const next = this.#lastAt + MOMENT;
      if (now < next) return next;
      this.#size *= 2;
      this.#left = this.#size;
    }
    this.#left -= 1;
    this.#lastAt = now;
    return 0;
  }

  /** One that went was let in. */
  passed(): void {
    this.#size += 1;
    this.#left += 2;
  }
}
