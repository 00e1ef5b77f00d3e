/** Notices an endpoint that has gone silent: calls wait there for longer than they should, and nothing answers at all. */

/** A waiting attempt. */
export interface Waiting {
  readonly startedAt: number;
  /** From when on it counts as unanswered for too long, in monotonic ms. */
  readonly slowAt: number;
}

/**
 * The attempts of one endpoint that had no byte yet. Why no timer: a new attempt looks at the oldest one; nobody asks in between.
 * The first attempt that finds the endpoint silent is its probe; while it waits, no other is let in.
 */
export class Silence {
  readonly #waiting = new Set<Waiting>();
  #answeredAt: number;
  #probe: Waiting | undefined;

  constructor(now: number) {
    this.#answeredAt = now;
  }

  /** True while a probe waits at a silent endpoint: no other call may go there. */
  get closed(): boolean {
    return this.#probe !== undefined;
  }

  /** True when something was answered since `time`. */
  answeredSince(time: number): boolean {
    return this.#answeredAt > time;
  }

  #silentAt(now: number): boolean {
    const [oldest] = this.#waiting;
    return oldest !== undefined && oldest.slowAt < now && this.#answeredAt < oldest.startedAt;
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
    return this.#release();
  }

  /** An attempt ended without a byte. @returns true when the next probe may go. */
  gone(attempt: Waiting): boolean {
    this.#waiting.delete(attempt);
    return this.#probe === attempt && this.#release();
  }

  #release(): boolean {
    const held = this.#probe !== undefined;
    this.#probe = undefined;
    return held;
  }
}
