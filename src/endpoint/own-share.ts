/**
 * What a process may use of a shared limit while the store does not answer: an equal part, as many as shared it when they were
 * last heard. Pure. Why it goes on for a moment after the store has answered again: others may find that out later.
 */

/** A store that failed is tried again every 5 s, by each process when its own time has come. */
const UNTIL_ALL_KNOW = 6_000;

/** A part of a limit, from the moment the store fell silent. */
export class OwnShare {
  readonly #parts: number;
  readonly #rate: number;
  readonly #most: number;
  #at: number;
  #failed = false;
  #answeredAt: number | undefined;

  /**
   * @param limit what the whole bucket holds. @param rate filled per ms.
   * @param parts into how many it is divided.
   */
  constructor(limit: number, rate: number, parts: number, now: number) {
    this.#parts = parts;
    this.#rate = rate / parts;
    // Less than one call is still one at a time.
    this.#most = Math.max(limit / parts, Math.min(1, limit));
    this.#at = now;
  }

  /** Filled per ms. */
  get rate(): number {
    return this.#rate;
  }

  /** The first of it. @param left what is left of the whole bucket, as far as known. */
  begin(left: number): number {
    return Math.min(this.#most, Math.max(0, left) / this.#parts);
  }

  /** What has come since it was last asked. @param held what of it is there already. */
  more(held: number, now: number): number {
    const come = this.#rate * (now - this.#at);
    this.#at = now;
    return Math.max(0, Math.min(come, this.#most - held));
  }

  /** The store said that it does not work. */
  failed(): void {
    this.#failed = true;
    this.#answeredAt = undefined;
  }

  /** The store answered. @returns whether this is over. */
  answered(now: number): boolean {
    this.#answeredAt ??= now;
    return !this.#failed || now - this.#answeredAt >= UNTIL_ALL_KNOW;
  }
}
