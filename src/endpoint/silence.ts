/** Notices an endpoint that has gone silent: calls wait there for longer than they should, and nothing is answered at all. */

/** A waiting attempt. */
export interface Waiting {
  readonly startedAt: number;
  /** From when on it counts as unanswered for too long, in monotonic ms. */
  readonly slowAt: number;
}

/** Between two probes of a silent endpoint: 5 s doubling to 5 min, like the breaker's open time. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;

/**
 * The attempts of one endpoint that had no byte yet. Why no timer: a new attempt looks at the oldest one; nobody asks in between.
 * The first attempt that finds the endpoint silent is its probe. While it waits, and for a while after it ended without an
 * answer, no other is let in; any answer ends the silence.
 */
export class Silence {
  readonly #waiting = new Set<Waiting>();
  #answeredAt: number;
  #probe: Waiting | undefined;
  #silent = false;
  #probes = 0;
  #nextProbeAt = 0;

  constructor(now: number) {
    this.#answeredAt = now;
  }

  /** Until when no call may go there, in monotonic ms; 0 = it may. While a probe waits, `now` plus a moment. */
  closedUntil(now: number): number {
    // Looked at again every second: an answer ends it at once.
    if (this.#probe) return now + 1_000;
    return this.#silent && this.#nextProbeAt > now ? this.#nextProbeAt : 0;
  }

  /** True when something was answered since `time`. */
  answeredSince(time: number): boolean {
    return this.#answeredAt > time;
  }

  #silentAt(now: number): boolean {
    const [oldest] = this.#waiting;
    return this.#silent || (oldest !== undefined && oldest.slowAt < now && this.#answeredAt < oldest.startedAt);
  }

  /** An attempt starts. @returns true when it became the probe. */
  begin(attempt: Waiting, now: number): boolean {
    const probes = this.#probe === undefined && this.#silentAt(now);
    if (probes) this.#probe = attempt;
    this.#waiting.add(attempt);
    return probes;
  }

  /** An attempt had its first byte. @returns true when the endpoint opens again. */
  answered(attempt: Waiting, now: number): boolean {
    if (!this.#waiting.delete(attempt)) return false;
    this.#answeredAt = now;
    const opens = this.#probe !== undefined || this.#silent;
    this.#probe = undefined;
    this.#silent = false;
    this.#probes = 0;
    return opens;
  }

  /** An attempt ended without a byte. @param gaveUp it was far slower than another endpoint. @returns true when something changed. */
  gone(attempt: Waiting, now: number, gaveUp: boolean): boolean {
    const waited = this.#waiting.delete(attempt);
    const probed = this.#probe === attempt;
    if (probed) this.#probe = undefined;
    if (!waited || this.answeredSince(attempt.startedAt) || !(gaveUp || (probed && this.#silent))) return probed;
    this.#silent = true;
    this.#nextProbeAt = now + Math.min(FIRST_PAUSE * 2 ** this.#probes, LONGEST_PAUSE);
    this.#probes += 1;
    return true;
  }
}
