/**
 * The only door to time and chance: everything else is handed a `Clock`.
 * Why: decisions follow the monotonic clock, so a step of the wall clock changes none of them, and tests can turn time by hand.
 */

/** Time and chance as the library sees them. Pass another one only in tests (`manualClock()`). */
export interface Clock {
  /** Monotonic time in ms; only differences mean something. */
  now(): number;
  /** Wall clock in ms since 1970; used for HTTP dates and event timestamps, never for a decision. */
  date(): number;
  /** A number in [0, 1). */
  random(): number;
  /**
   * Runs `run` once after `ms`.
   * @param keepAlive `false` lets the process end before the timer fires; default `true`.
   * @returns a function that cancels the timer.
   */
  after(ms: number, run: () => void, keepAlive?: boolean): () => void;
}

/** The longest delay Node's timers accept, in ms (about 24.8 days); longer ones would fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** A timer this late, in ms, comes after the process stood still: busy, stopped, asleep. */
const LATE = 10;
/** What arrived in the meantime is read within this time, in ms. */
const MOMENT = 30;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: () => Math.random(),
  after(ms, run, keepAlive = true) {
    const timer = new Timer(ms, run, keepAlive);
    return () => timer.cancel();
  },
};

/** One timer of the machine's clock: never early, and patient when it is late. */
class Timer {
  readonly #run: () => void;
  readonly #keepAlive: boolean;
  #due: number;
  #stoodStill = false;
  #timeout: NodeJS.Timeout | undefined;

  constructor(ms: number, run: () => void, keepAlive: boolean) {
    this.#run = run;
    this.#keepAlive = keepAlive;
    this.#due = performance.now() + ms;
    this.#arm(ms);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #arm(ms: number): void {
    this.#timeout = setTimeout(Timer.#fire, Math.min(Math.max(0, Math.ceil(ms)), LONGEST_TIMER), this);
    if (!this.#keepAlive) this.#timeout.unref();
  }

  static #fire(timer: Timer): void {
    timer.#ring();
  }

  // Node counts from the start of its tick, so a timer may fire early; whoever waits for a cooldown's end must not.
  #ring(): void {
    const left = this.#due - performance.now();
    // Node runs timers before it reads what came: an answer that is there must not lose against its own deadline.
    if (left <= -LATE && !this.#stoodStill) {
      this.#stoodStill = true;
      this.#due = performance.now() + MOMENT;
      this.#arm(MOMENT);
    } else if (left > 0) this.#arm(left);
    else this.#run();
  }
}
