/** What calls of one kind take on an endpoint: a decaying average, and whether anything is answered at all. */
import type { Timing as TimingFacts } from '../strategy/strategy.ts';

/** The least weight of a new time in the average: about the last twenty count. */
const LEAST = 0.1;
/** After this long what was known is worth half of a new time, in ms. */
const HALF_LIFE = 30_000;
/** A failure weighs more than an answer, and counts as no quicker than this, in ms: being quick to fail is no merit. */
const FAILURE = { weight: 0.3, least: 2_000 };
/** What is quicker is not told apart, in ms: the noise of this process is as large. */
const QUICKEST = 10;

/** Times of one kind of call on one model of an endpoint. What strategies read are whole numbers: those lie side by side. */
export class Timing implements TimingFacts {
  time = 0;
  pace = 0;
  learnedAt = 0;
  silentSince = 0;
  #waiting = 0;
  #samples = 0;
  #ms = 0;
  #units = 0;

  /** A call was sent. */
  began(now: number): void {
    if (this.#waiting === 0) this.silentSince = Math.max(1, Math.floor(now));
    this.#waiting += 1;
  }

  /** One that was sent waits no longer. @param answered something came. */
  over(now: number, answered: boolean): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.silentSince = 0;
    else if (answered) this.silentSince = Math.max(1, Math.floor(now));
  }

  /** An answer came after `ms`. @param units output tokens, as far as they are the reason for it. */
  took(ms: number, units: number, now: number): void {
    this.#learn(Math.max(QUICKEST, ms), Math.max(1, units), 0, now);
  }

  /** It would have been more than `ms`: that can make the endpoint slower only. */
  tookAtLeast(ms: number, now: number): void {
    if (ms > this.#ms) this.#learn(Math.max(QUICKEST, ms), this.#units || 1, 0, now);
  }

  /** Another endpoint answered first and nothing came from here: as slow as a failure, and worth more than all before. */
  beaten(ms: number, now: number): void {
    this.#learn(Math.max(ms, FAILURE.least, this.time), this.#units || 1, 1, now);
  }

  /** It failed after `ms`. Never quicker than usual, and no multiple of it either: where a part of all calls fails, that would grow on itself. */
  failed(ms: number, now: number): void {
    const { weight, least } = FAILURE;
    this.#learn(Math.max(ms, least, this.#ms), this.#units || 1, weight, now);
  }

  #learn(ms: number, units: number, weight: number, now: number): void {
    const forgotten = 1 - 2 ** ((this.learnedAt - now) / HALF_LIFE);
    const part = Math.max(LEAST, weight, 1 / (this.#samples + 1), forgotten);
    this.#ms += part * (ms - this.#ms);
    this.#units += part * (units - this.#units);
    this.#samples += 1;
    this.time = Math.round(this.#ms);
    this.pace = Math.max(1, Math.round((1_000 * this.#ms) / this.#units));
    this.learnedAt = Math.floor(now);
  }
}
