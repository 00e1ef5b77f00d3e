/**
 * One rate-limit window as a bucket that fills evenly, as the vendors' own do: how much is left now, and when there will be enough.
 * Why no count per minute: that would be empty for half a minute and then let everybody through at once.
 */

/** Rounding while it fills must not cost a call its turn. */
const CRUMB = 1e-6;

/** A window. Amounts are requests or tokens, times monotonic ms. */
export class Window {
  #limit: number;
  /** Filled per ms. */
  #rate: number;
  #level: number;
  #at: number;

  /** @param level what is left at `now`. @default all of it */
  constructor(limit: number, rate: number, now: number, level = limit) {
    this.#limit = limit;
    this.#rate = rate;
    this.#level = level;
    this.#at = now;
  }

  get limit(): number {
    return this.#limit;
  }

  get rate(): number {
    return this.#rate;
  }

  /** What is left; less than nothing when more was taken than there was. */
  level(now: number): number {
    if (now > this.#at) {
      this.#level = Math.min(this.#limit, this.#level + this.#rate * (now - this.#at));
      this.#at = now;
    }
    return this.#level;
  }

  /** Takes `amount`, which may be negative: that gives it back. */
  take(amount: number, now: number): void {
    this.#level = Math.min(this.#limit, this.level(now) - amount);
  }

  /** Sets what is known better now. */
  set(limit: number, rate: number, level: number, now: number): void {
    this.#limit = limit;
    this.#rate = rate;
    this.#level = Math.min(limit, level);
    this.#at = now;
  }

  /** When there is room for `amount`, in monotonic ms; 0 = now. What is more than the whole window goes when that is full. */
  readyAt(amount: number, now: number): number {
    const missing = Math.min(amount, this.#limit) - this.level(now);
    return missing <= CRUMB ? 0 : now + Math.ceil(missing / this.#rate - CRUMB);
  }

  /** Ms until it is full. */
  fullIn(now: number): number {
    return (this.#limit - this.level(now)) / this.#rate;
  }

  /** The share that is left, 0 to 1. */
  share(now: number): number {
    return Math.max(0, this.level(now)) / this.#limit;
  }
}
