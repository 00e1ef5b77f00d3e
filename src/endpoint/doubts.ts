/**
 * Calls that failed alike everywhere although this endpoint works: most likely their own fault. They are set aside until
 * somebody succeeds here, which acquits the endpoints, or nobody does for far longer than usual: then it was an outage after
 * all, and the failures count. Why not by their number: a burst of bad calls has as many in a row as an outage has.
 */

/** The failures of one call, which count together or not at all. */
export interface Doubt {
  /** How long the slowest of them took, in ms. */
  readonly ms: number;
  readonly settled: boolean;
  acquit(): void;
  convict(): void;
}

/** The longest pause between two successes, as long as little is known of them, and at most, in ms. */
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 20_000;
/** It is forgotten by half in this time, in ms. */
const HALF_LIFE = 10_000;
/** So many times the longest pause without a success is no pause any more. */
const FACTOR = 3;
/** An event loop that is busy for a moment must not look like an outage, in ms. */
const SHORTEST = 500;
/** Nor must one where everything takes long; as far as that may be the endpoints' doing it is not waited for, in ms. */
const SLOWEST = 1_500;
/** More at a time change no verdict. */
const KEPT = 500;

/** The doubts about one model of an endpoint. */
export class Doubts {
  readonly #open: Doubt[] = [];
  /** When the first of them was set aside. */
  #since = 0;
  #succeededAt: number | undefined;
  #longestPause = 0;
  /** The longest that an attempt took since the last success, in ms. */
  #slowest = 0;
  /** Nobody has succeeded for too long: until somebody does, failures count at once. */
  #outage = false;

  /** True while it is known that nobody succeeds. */
  get outage(): boolean {
    return this.#outage;
  }

  /** Sets a call's failures aside. */
  add(doubt: Doubt, now: number): void {
    while (this.#open[0]?.settled) this.#open.shift();
    if (this.#open.length === 0) this.#since = now;
    if (this.#open.length < KEPT) this.#open.push(doubt);
    else doubt.acquit();
    this.#slowest = Math.max(this.#slowest, Math.min(doubt.ms, SLOWEST));
    this.#outage ||= now - this.#since > Math.max(SHORTEST, FACTOR * Math.max(this.#longestPause, this.#slowest));
    if (this.#outage) for (const each of this.#open.splice(0)) each.convict();
  }

  /** A call succeeded here. */
  clear(now: number): void {
    const pause = this.#succeededAt === undefined ? FIRST_PAUSE : Math.min(now - this.#succeededAt, LONGEST_PAUSE);
    this.#longestPause = Math.max(pause, this.#longestPause * 0.5 ** (pause / HALF_LIFE));
    this.#succeededAt = now;
    this.#slowest = 0;
    this.#outage = false;
    if (this.#open.length > 0) for (const each of this.#open.splice(0)) each.acquit();
  }
}
