/**
 * A rate-limit window as an endpoint's `x-ratelimit-*` headers tell of it. Why figures must earn trust: relays and mocks send
 * some that mean nothing, and no call may wait for those. They rank from the first reply on; they exclude once they were
 * plausible three times in a row and count along: numbers that never move are no count.
 */
import type { Figures } from './rate-limits.ts';
import { Window } from './window.ts';

const IN_A_ROW = 3;
/** So many of them must have moved as foreseen. */
const MOVES = 2;
/** Foreseen is what is off by no more than this share of the limit, or by one. */
const TOLERANCE = 0.05;
/** Nobody is kept away for longer by figures that nobody heard again, in ms. */
const BELIEVED = 60_000;
/** Where a full window does not say how fast it fills. */
const MINUTE = 60_000;

/**
 * How fast a window fills, per ms, as far as a reply tells. What is left is told in whole calls, so the rate lies between two bounds.
 * Why the lower one where what was known does not lie between them: a rate a hundredth too high brings every hundredth call a 429.
 */
function rateOf({ limit, remaining, reset }: Figures, known: number): number {
  if (remaining === limit || reset === 0) return known;
  const [lower, upper] = [(limit - remaining - 1) / reset, (limit - remaining) / reset];
  return known >= lower && known <= upper ? known : lower > 0 ? lower : upper;
}

/** What is known of one window. */
export class LearnedWindow {
  #window: Window | undefined;
  /** By how much replies have corrected the level so far. */
  #corrected = 0;
  #inARow = 0;
  #moved = 0;
  #last = Number.NaN;
  #heardAt = 0;

  /** True once the figures exclude. */
  get trusted(): boolean {
    return this.#inARow >= IN_A_ROW && this.#moved >= MOVES;
  }

  /** The window; `undefined` before the first plausible figures. */
  get window(): Window | undefined {
    return this.#window;
  }

  /** Takes `amount` for an attempt. @returns a mark to hand to `note` with its reply. */
  take(amount: number, now: number): number {
    if (!this.#window) return Number.NaN;
    this.#window.take(amount, now);
    this.#heardAt = now;
    return this.#window.level(now) - this.#corrected;
  }

  /**
   * Takes in what a reply says.
   * Why only what lies outside of what was possible between the attempt's start and its reply corrects the level: nobody knows
   * when in that time the server looked.
   * @param mark what `take` returned for the attempt. @param since what attempts begun after it have taken, as far as known.
   */
  note(figures: Figures, mark: number, since: number, now: number): void {
    const { limit, remaining, reset } = figures;
    const window = this.#window;
    const rate = rateOf(figures, window?.limit === limit ? window.rate : limit / MINUTE);
    if (!window) this.#window = new Window(limit, rate, now, remaining - since);
    else {
      const level = window.level(now);
      const atStart = Number.isNaN(mark) ? level + since : mark + this.#corrected;
      const [least, most] = [Math.min(level, atStart), Math.max(level, atStart)];
      const off = remaining - Math.min(Math.max(remaining, least), most);
      this.#corrected += off;
      window.set(limit, rate, level + off, now);
      if (remaining !== this.#last && Math.abs(off) <= Math.max(1, limit * TOLERANCE)) this.#moved += 1;
    }
    this.#heardAt = now;
    if (reset > 0) this.#inARow += 1;
    this.#last = remaining;
  }

  /** Gives back what turned out not to be used. */
  give(amount: number, now: number): void {
    this.#window?.take(-amount, now);
  }

  /** A 429 agrees with the figures. */
  confirm(): void {
    this.#moved = MOVES;
  }

  /** The figures were contradicted: three others have to come before they are believed again. */
  forget(): void {
    this.#inARow = 0;
    this.#moved = 0;
  }

  /** When there is room for `amount` if the figures are true, in monotonic ms; 0 = now, or nobody knows. */
  readyAt(amount: number, now: number): number {
    if (!this.#window || !this.trusted) return 0;
    const at = Math.min(this.#window.readyAt(amount, now), this.#heardAt + BELIEVED);
    return at > now ? at : 0;
  }
}
