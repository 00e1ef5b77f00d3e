/** Notices an endpoint that has gone silent: calls wait there for longer than they should, and nothing is answered at all. */
import { type Place, Roll } from '../call/roll.ts';
import type { Clock } from '../clock.ts';
import { Answers } from './answers.ts';

/** A waiting attempt. */
export interface Waiting {
  readonly startedAt: number;
  /** From when on it counts as unanswered for too long, in monotonic ms. */
  readonly slowAt: number;
  /** From when on it is slower than all but one in twenty, in monotonic ms. */
  readonly lateAt: number;
  /** Among those that had no byte yet; and of those, among the unheard. */
  place?: Place<Waiting> | undefined;
  unheard?: Place<Waiting> | undefined;
}

/** Between two probes of a silent endpoint: 5 s doubling to 5 min, like the breaker's open time. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;
/** So many that wait longer than one in twenty, all at once and none of them overtaken, are no chance any more. */
const LATE_AT_ONCE = 3;
/** So many in a row that began late, without a sign of life in between, speak of a silent endpoint: of calls where all is well, about one in a thousand. */
const LATE_IN_ROW = 2;
/** Answers that lie unread, because this process itself stood still, are read within this time, in ms. */
const MOMENT = 50;

/**
 * The attempts of one endpoint that had no byte yet. A new attempt looks at the oldest ones; nobody asks in between. The
 * first that finds one waiting far too long, or some too long although other endpoints answer, is the endpoint's probe, unless something comes within a moment. While the probe waits, and
 * for a while after it ended without an answer, no other is let in; any answer ends the silence.
 */
export class Silence {
  readonly #waiting = new Roll<Waiting>();
  /** Those of them after which no other was answered that began later: one that was overtaken may be slow by itself. */
  readonly #unheard = new Roll<Waiting>();
  #answeredAt: number;
  #probe: Waiting | undefined;
  #silent = false;
  #probes = 0;
  #nextProbeAt = 0;
  #lateInRow = 0;
  /** Ends the moment in which an answer would say that all is well. */
  #noDoubt: (() => void) | undefined;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #closed: () => void;
  readonly #answers: Answers;

  /**
   * @param closed called when an endpoint that seemed silent still is after a moment.
   * @param answers what came from the other endpoints of the process.
   */
  constructor(clock: Pick<Clock, 'now' | 'after'>, closed: () => void, answers = new Answers()) {
    this.#clock = clock;
    this.#closed = closed;
    this.#answers = answers;
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
    const oldest = this.#unheard.first?.member;
    return oldest !== undefined && (oldest.slowAt < now || this.#someLate(now));
  }

  /** Why others must have answered: when the network stalls everybody is late, and nobody else would be any better. */
  #someLate(now: number): boolean {
    if (this.#unheard.size < LATE_AT_ONCE) return false;
    let late = 0;
    for (let place = this.#unheard.first; place; place = place.next) {
      const { lateAt } = place.member;
      if (lateAt >= now) return false;
      late += 1;
      if (late === LATE_AT_ONCE) return this.#answers.byOthersSince(this, lateAt);
    }
    return false;
  }

  /** An attempt starts. @returns true when it became the probe at once. */
  begin(attempt: Waiting, now: number): boolean {
    const probes = this.#probe === undefined && this.#silent;
    if (probes) this.#probe = attempt;
    else if (!this.#probe && !this.#noDoubt && this.#seemsSilent(now)) {
      this.#noDoubt = this.#clock.after(MOMENT, () => this.#confirm(attempt), false);
    }
    attempt.place = this.#waiting.add(attempt);
    attempt.unheard = this.#unheard.add(attempt);
    return probes;
  }

  #confirm(first: Waiting): void {
    this.#noDoubt = undefined;
    if (this.#probe || !this.#seemsSilent(this.#clock.now())) return;
    // The one that noticed may have left; then the latest of the others stands in for it.
    this.#probe = first.place?.taken ? first : [...this.#waiting].at(-1);
    this.#closed();
  }

  #clearDoubt(): void {
    this.#noDoubt?.();
    this.#noDoubt = undefined;
  }

  /** An attempt had its first byte. @returns true when the endpoint opens again. */
  answered(attempt: Waiting, now: number): boolean {
    this.#answers.note(this, now);
    if (!attempt.place?.leave()) return false;
    this.#clearDoubt();
    for (let { first } = this.#unheard; first && first.member.startedAt <= attempt.startedAt; { first } = this.#unheard)
      first.leave();
    this.#answeredAt = now;
    this.#lateInRow = 0;
    const opens = this.#probe !== undefined || this.#silent;
    this.#probe = undefined;
    this.#silent = false;
    this.#probes = 0;
    return opens;
  }

  /** An attempt ended without a byte. @param beaten how another endpoint was first. @returns true when something changed. */
  gone(attempt: Waiting, now: number, beaten: 'far' | 'late' | undefined): boolean {
    const waited = attempt.place?.leave() ?? false;
    attempt.unheard?.leave();
    if (this.#waiting.size === 0) this.#clearDoubt();
    const probed = this.#probe === attempt;
    if (probed) this.#probe = undefined;
    if (!waited || this.answeredSince(attempt.startedAt)) return probed;
    if (beaten === 'late') this.#lateInRow += 1;
    const gaveUp = beaten === 'far' || this.#lateInRow >= LATE_IN_ROW;
    if (!gaveUp && !(probed && this.#silent)) return probed;
    this.#silent = true;
    this.#nextProbeAt = now + Math.min(FIRST_PAUSE * 2 ** this.#probes, LONGEST_PAUSE);
    this.#probes += 1;
    return true;
  }
}
