/** A bucket that fills evenly up to what one minute allows: the rate limits of client keys. */

const MINUTE = 60_000;

/** So much per minute, all of it at once if nothing was taken for a minute. */
export class Bucket {
  readonly #perMinute: number;
  #level: number;
  #at: number;

  /** @param now monotonic ms, as everywhere here. */
  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute;
    this.#level = perMinute;
    this.#at = now;
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#perMinute, this.#level + (Math.max(0, now - this.#at) / MINUTE) * this.#perMinute);
    this.#at = now;
  }

  /** How long until `amount` can be taken, in ms; 0 = now. What is larger than the bucket needs a full one. */
  wait(amount: number, now: number): number {
    this.#fill(now);
    const lacking = Math.min(amount, this.#perMinute) - this.#level;
    return lacking <= 1e-9 ? 0 : (lacking / this.#perMinute) * MINUTE;
  }

  /** There is that much now, as others count it. */
  set(level: number, now: number): void {
    this.#level = Math.min(this.#perMinute, level);
    this.#at = now;
  }

  /** Takes what was used, also more than there is; less than nothing gives back. */
  take(amount: number, now: number): void {
    this.#fill(now);
    this.#level = Math.min(this.#perMinute, this.#level - amount);
  }
}
