/**
 * What an endpoint showed of late on one model, for strategies: how quickly it answers, and whether it is better left alone.
 * Why beside the breaker: a breaker waits until it is sure. Until then an endpoint that fails at once looks idle, and would
 * draw every call there is.
 */
import type { Verdict } from '../call/outcome.ts';
import type { TrackRecord as TrackRecordFacts } from '../strategy/strategy.ts';
import { Timing } from './timing.ts';

/** Weight of one outcome in the share of failures; of an answer to a call that was sent before the last failure, much less. */
const OUTCOME = 0.1;
const OLD_ANSWER = 0.02;
/** The share of failures from which on calls go there one at a time only. */
const SUSPECT = 0.2;
/** After this long a failure counts half, in ms. */
const HALF_LIFE = 30_000;
/** How long it is left alone after a failure, in ms; doubles with each in a row. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** What it needs to know of an attempt. */
export interface Shown {
  readonly stream: boolean;
  readonly startedAt: number;
  /** Headers came. */
  answered: boolean;
  /** What it was sent for did not come yet: a stream's first content, a whole plain reply. */
  waits: boolean;
  /** Set when another endpoint answered first and nothing came from here in the meantime. */
  readonly beaten: 'far' | 'late' | undefined;
}

/** The track record of one model. */
export class TrackRecord implements TrackRecordFacts {
  readonly streams = new Timing();
  readonly plain = new Timing();
  avoidUntil = 0;
  failing = 0;
  #outcomes = 0;
  #judgedAt = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failedInRow = 0;

  /** An attempt begins: to an endpoint under suspicion none follows until it is answered, or a while has passed. */
  began({ stream }: Shown, now: number): void {
    this.#timing(stream).began(now);
    if (this.failing > 0 && this.#share(now) >= SUSPECT) this.#avoid(now);
  }

  /** The first content of a stream came. */
  content(attempt: Shown, now: number): void {
    if (!this.#over(attempt, now, true)) return;
    this.#timing(attempt.stream).took(now - attempt.startedAt, 1, now);
    this.#answered(attempt, now);
  }

  /**
   * An attempt ended.
   * @param units output tokens of a plain reply, 1 where none are counted; `undefined` = nobody knows.
   */
  ended(attempt: Shown, health: Verdict['health'], units: number | undefined, now: number): void {
    const ms = now - attempt.startedAt;
    const { stream } = attempt;
    const waited = this.#over(attempt, now, health === 'success' || attempt.answered);
    if (health === 'failure') {
      if (waited && attempt.beaten) this.#timing(stream).beaten(ms, now);
      else if (waited) this.#timing(stream).failed(ms, now);
      this.#failed(now);
    } else if (waited && health === 'success') {
      if (!stream && units !== undefined) this.#timing(stream).took(ms, units, now);
      this.#answered(attempt, now);
    } else if (waited && attempt.beaten) this.#timing(stream).beaten(ms, now);
    else if (waited) this.#timing(stream).tookAtLeast(ms, now);
  }

  /** Nobody waits for what the attempt was sent for any more. */
  released(attempt: Shown, now: number): void {
    this.#over(attempt, now, attempt.answered);
  }

  /** Others decide now when it is asked again. */
  leave(): void {
    this.avoidUntil = 0;
  }

  #timing(stream: boolean): Timing {
    return stream ? this.streams : this.plain;
  }

  #over(attempt: Shown, now: number, answered: boolean): boolean {
    if (!attempt.waits) return false;
    attempt.waits = false;
    this.#timing(attempt.stream).over(now, answered);
    return true;
  }

  #failed(now: number): void {
    this.#judge(1, OUTCOME, now);
    this.#failedAt = now;
    this.#failedInRow += 1;
    this.#avoid(now);
  }

  #answered({ startedAt }: Shown, now: number): void {
    const old = startedAt < this.#failedAt;
    if (!old) this.#failedInRow = 0;
    this.#judge(0, old ? OLD_ANSWER : OUTCOME, now);
    if (!old || this.failing < SUSPECT) this.avoidUntil = 0;
  }

  #avoid(now: number): void {
    this.avoidUntil = Math.ceil(now) + Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.max(0, this.#failedInRow - 1));
  }

  #share(now: number): number {
    return this.failing === 0 ? 0 : this.failing * 2 ** ((this.#judgedAt - now) / HALF_LIFE);
  }

  #judge(outcome: 0 | 1, weight: number, now: number): void {
    this.#outcomes += 1;
    const share = this.#share(now);
    this.failing = share + Math.max(weight, 1 / this.#outcomes) * (outcome - share);
    this.#judgedAt = now;
  }
}
