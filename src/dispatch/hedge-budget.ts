/**
 * How many calls may be hedged: the own share of hedges, beside the budget they have in common with every other extra attempt.
 * Why tokens that are kept and no window: a client with a call now and then would never have a whole hedge in a window.
 */

/** Hedges that ordinary slowness may not use up: they go to calls that have waited twice as long, as in front of a dead endpoint. */
const RESERVE = 4;
/** A burst of slow calls gets so many at most; more would only double the load of endpoints that are all slow. */
const MOST = 10;
/** Ten tenths are one. */
const ROUNDING = 1e-9;

/** One pool's hedges. */
export class HedgeBudget {
  /** A pool that begins in front of a dead endpoint is protected as well. */
  #tokens = RESERVE;
  #sent = 0;
  #won = 0;

  /** One more call that may be hedged. @param share hedges per call. */
  deposit(share: number): void {
    this.#tokens = Math.min(MOST, this.#tokens + share);
  }

  /** Is there a hedge to send now? @param late the call has waited long enough for one of the reserve. */
  covers(late: boolean): boolean {
    return this.#tokens + ROUNDING >= (late ? 1 : RESERVE + 1);
  }

  /** A hedge goes out. */
  spend(): void {
    this.#tokens -= 1;
    this.#sent += 1;
  }

  /** The answer of a hedge was the call's. */
  told(): void {
    this.#won += 1;
  }

  /** Hedges that may go out now, the reserve included; those sent so far, and those of them that were first. */
  get figures(): { left: number; sent: number; won: number } {
    return { left: Math.floor(this.#tokens + ROUNDING), sent: this.#sent, won: this.#won };
  }
}
