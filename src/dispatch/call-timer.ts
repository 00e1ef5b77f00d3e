/**
 * The only timer of a call: armed for the earliest of what is due. Why not one for its deadline and one for each thing that an
 * attempt may be late for: nearly none of them ever rings, and a timer costs as much as the choice of an endpoint.
 */
import type { Clock } from '../clock.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** So much of its time it may ring too early; then it is set again. */
const EARLY = 0.05;

/** Whose timer it is. */
export interface Rung {
  /** Something may be due; now and then a little before. @param now what time it is, in monotonic ms. */
  ring(now: number): void;
}

/** A timer that may be set over and over. */
export class CallTimer {
  readonly #clock: Clock;
  readonly #owner: Rung;
  #at = NEVER;
  /** It serves for what is due until then. */
  #until = NEVER;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, owner: Rung) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Rings at `at`, in monotonic ms, whatever was set before; `Infinity` = not at all. */
  set(at: number): void {
    // One that rings a little early costs less than another one.
    if (this.#at <= at && at <= this.#until) return;
    this.stop();
    if (at === NEVER) return;
    const ms = at - this.#clock.now();
    this.#at = at;
    this.#until = at + EARLY * ms;
    this.#cancel = this.#clock.after(ms, () => this.#fire());
  }

  #fire(): void {
    // It is so late at least, whatever is lost where times are added.
    const now = Math.max(this.#at, this.#clock.now());
    this.stop();
    this.#owner.ring(now);
  }

  /** Runs `run` at `at` in place of all that, and holds up no process that wants to end. */
  restUntil(at: number, run: () => void): void {
    this.stop();
    this.#cancel = this.#clock.after(at - this.#clock.now(), run, false);
  }

  /** Rings no more until it is set again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = NEVER;
    this.#until = NEVER;
  }
}
