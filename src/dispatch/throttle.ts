/**
 * Panic: everybody is ejected for health. Lets calls through by adaptive throttling (Google SRE book, ch. 21).
 * Why: ejection must not itself be the outage. In a brownout of 50 % nearly everything passes, in a total outage about a call a second.
 */
import type { Clock } from '../clock.ts';
import { RollingCount } from '../endpoint/rolling-count.ts';

/** A second is enough where answers are quick; slow answers need a window that holds their calls' beginnings as well. */
const WINDOWS = [1_000, 8_000, 64_000] as const;

interface Window {
  readonly ms: number;
  readonly requests: RollingCount;
  readonly accepts: RollingCount;
}

/** After so long without a call let through, the next one is, in ms. */
const PAUSE = 1_000;

/** One pool's throttle. */
export class Throttle {
  #letAt = Number.NEGATIVE_INFINITY;
  /** Those that run, each with its number. */
  readonly #probes = new Map<object, number>();
  #begun = 0;
  #lastFailed = 0;
  readonly #listening = new Set<() => void>();
  readonly #windows: readonly Window[];
  readonly #k: number;
  readonly #clock: Clock;

  /** @param k how many times the accepted calls may be tried; 2 = let through until half fail. */
  constructor(k: number, clock: Clock) {
    this.#k = k;
    this.#clock = clock;
    this.#windows = WINDOWS.map((ms) => ({
      ms,
      requests: new RollingCount(clock, ms),
      accepts: new RollingCount(clock, ms),
    }));
  }

  /** A call began. */
  requested(now = this.#clock.now()): void {
    for (const { requests } of this.#windows) requests.add(1, now);
  }

  /** Whether one of the calls that began may be tried. @param usual what a call usually takes, in ms. */
  admit(usual = 0): boolean {
    const longest = this.#windows.length - 1;
    const fits = this.#windows.findIndex(({ ms }) => ms >= usual);
    const { requests, accepts } = this.#windows[fits === -1 ? longest : fits] as Window;
    // The call that asks is counted already; alone it always passes.
    const others = Math.max(0, requests.total - 1);
    const refuse = Math.max(0, (others - this.#k * accepts.total) / (others + 1));
    if (this.#clock.random() < refuse && this.nextProbe > 0) return false;
    this.#letAt = this.#clock.now();
    return true;
  }

  /** When the next call is let through for certain, in ms. */
  get nextProbe(): number {
    return Math.max(0, this.#letAt + PAUSE - this.#clock.now());
  }

  /** A call was let through. @param probe what tells it from others. */
  began(probe: object): void {
    this.#begun += 1;
    this.#probes.set(probe, this.#begun);
  }

  /**
   * It is known what became of it; anybody who listens hears of it, once. Others are none of the throttle's.
   * @param failed false also where nothing was learned, e.g. because its caller left.
   */
  told(probe: object, failed: boolean): void {
    const number = this.#probes.size === 0 ? undefined : this.#probes.get(probe);
    if (number === undefined) return;
    this.#probes.delete(probe);
    if (failed) this.#lastFailed = Math.max(this.#lastFailed, number);
    const listening = [...this.#listening];
    this.#listening.clear();
    for (const hear of listening) hear();
  }

  /** Of the calls let through: how many run, how many began so far, and which of those, counted from 1, failed last. */
  get probes(): { readonly running: number; readonly begun: number; readonly lastFailed: number } {
    return { running: this.#probes.size, begun: this.#begun, lastFailed: this.#lastFailed };
  }

  /** Calls `hear` when the next probe has told. @returns what makes it deaf again. */
  listen(hear: () => void): () => void {
    this.#listening.add(hear);
    return () => void this.#listening.delete(hear);
  }

  /** A call got an answer. */
  accepted(now = this.#clock.now()): void {
    for (const { accepts } of this.#windows) accepts.add(1, now);
  }
}
