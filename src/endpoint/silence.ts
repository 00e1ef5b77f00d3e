/** Notices an endpoint that has gone silent: calls wait there for longer than they should, and nothing is answered at all. */
import type { Clock } from '../clock.ts';

/** A waiting attempt. */
export interface Waiting {
  readonly startedAt: number;
  /** From when on it counts as unanswered for too long, in monotonic ms. */
  readonly slowAt: number;
}

/** Between two probes of a silent endpoint: 5 s doubling to 5 min, like the breaker's open time. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;
/** Answers that lie unread, because this process itself stood still, are read within this time, in ms. */
const MOMENT = 50;

/**
 * The attempts of one endpoint that had no byte yet. A new attempt looks at the oldest one; nobody asks in between. The first
 * that finds it waiting too long is the endpoint's probe, unless something comes within a moment. While the probe waits, and
 * for a while after it ended without an answer, no other is let in; any answer ends the silence.
 */
export class Silence {
  readonly #waiting = new Set<Waiting>();
  #answeredAt: number;
  #probe: Waiting | undefined;
  #silent = false;
  #probes = 0;
  #nextProbeAt = 0;
  /** Ends the moment in which an answer would say that all is well. */
  #noDoubt: (() => void) | undefined;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #closed: () => void;

  /** @param closed called when an endpoint that seemed silent still is after a moment. */
  constructor(clock: Pick<Clock, 'now' | 'after'>, closed: () => void) {
    this.#clock = clock;
    this.#closed = closed;
    this.#answeredAt = clock.now();
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

  #seemsSilent(now: number): boolean {
    const [oldest] = this.#waiting;
    return oldest !== undefined && oldest.slowAt < now && this.#answeredAt < oldest.startedAt;
  }

  /** An attempt starts. @returns true when it became the probe at once. */
  begin(attempt: Waiting, now: number): boolean {
    const probes = this.#probe === undefined && this.#silent;
    if (probes) this.#probe = attempt;
    else if (!this.#probe && !this.#noDoubt && this.#seemsSilent(now)) {
      this.#noDoubt = this.#clock.after(MOMENT, () => this.#confirm(attempt), false);
    }
    this.#waiting.add(attempt);
    return probes;
  }

  #confirm(first: Waiting): void {
    this.#noDoubt = undefined;
    if (this.#probe || !this.#seemsSilent(this.#clock.now())) return;
    // The one that noticed may have left; then the latest of the others stands in for it.
    this.#probe = this.#waiting.has(first) ? first : [...this.#waiting].at(-1);
    this.#closed();
  }

  #clearDoubt(): void {
    this.#noDoubt?.();
    this.#noDoubt = undefined;
  }

  /** An attempt had its first byte. @returns true when the endpoint opens again. */
  answered(attempt: Waiting, now: number): boolean {
    if (!this.#waiting.delete(attempt)) return false;
    this.#clearDoubt();
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
    if (this.#waiting.size === 0) this.#clearDoubt();
    const probed = this.#probe === attempt;
    if (probed) this.#probe = undefined;
    if (!waited || this.answeredSince(attempt.startedAt) || !(gaveUp || (probed && this.#silent))) return probed;
    this.#silent = true;
    this.#nextProbeAt = now + Math.min(FIRST_PAUSE * 2 ** this.#probes, LONGEST_PAUSE);
    this.#probes += 1;
    return true;
  }
}
