/**
 * What is known about each model on one endpoint, and what that says about the endpoint as a whole.
 * Why per model: one sick model must not take the others along; but when most of them fail, it is hardly the models.
 */
import type { Clock } from '../clock.ts';
import type { Breaker } from './breaker.ts';
import { Doubts } from './doubts.ts';
import { FewNames } from './few-names.ts';
import { Latency } from './latency.ts';
import type { BreakerState } from './live-facts.ts';
import { PromptCache } from './prompt-cache.ts';
import { TrackRecord } from './track-record.ts';

/** What is known about one model. */
export interface ModelState {
  readonly breaker: Breaker | undefined;
  triedAt: number;
  succeededAt: number;
  readonly doubts: Doubts;
  /** Attempts that failed since the last success, whoever was to blame. */
  failedInRow: number;
  /** When the first of them was over, in monotonic ms. */
  failingSince: number;
  /** Times in ms: plain calls until their reply's headers, streams until headers, streams until content. */
  readonly plain: Latency;
  readonly head: Latency;
  readonly content: Latency;
  readonly record: TrackRecord;
  readonly promptCache: PromptCache;
}

/** Models kept apart; more only arise from made-up names. */
const LIMIT = 200;
/** A model counts as tried lately within this time, in ms. */
const LATELY = 60_000;

/** How much would be forgotten: what ever worked here weighs more than a mere name, and of both a breaker that is not closed. */
function weight({ breaker, succeededAt }: ModelState): number {
  const isModel = succeededAt > Number.NEGATIVE_INFINITY;
  const isSick = breaker !== undefined && breaker.state !== 'closed';
  return (isModel ? 2 : 0) + (isSick ? 1 : 0);
}

/** The models of one endpoint. */
export class ModelStates {
  readonly #states = new FewNames<ModelState>();
  readonly #newBreaker: (model: string) => Breaker | undefined;
  readonly #clock: Clock;
  #someSick = false;

  constructor(newBreaker: (model: string) => Breaker | undefined, clock: Clock) {
    this.#newBreaker = newBreaker;
    this.#clock = clock;
  }

  /** The state of a model, made at its first use. */
  of(model: string): ModelState {
    const found = this.#states.get(model);
    if (found) return found;
    if (this.#states.size >= LIMIT) this.#forgetOne();
    const never = Number.NEGATIVE_INFINITY;
    const [plain, head, content] = [new Latency(), new Latency(), new Latency()];
    const state = {
      breaker: this.#newBreaker(model),
      triedAt: never,
      succeededAt: never,
      doubts: new Doubts(),
      failedInRow: 0,
      failingSince: never,
      plain,
      head,
      content,
      record: new TrackRecord(),
      promptCache: new PromptCache(),
    };
    this.#states.set(model, state);
    return state;
  }

  /** Made-up names push out made-up names: what weighs least goes, and of that what was tried longest ago. */
  #forgetOne(): void {
    const less = (a: ModelState, b: ModelState) => weight(a) - weight(b) || a.triedAt - b.triedAt;
    const [least, { doubts }] = [...this.#states].reduce((found, each) => (less(each[1], found[1]) < 0 ? each : found));
    this.#states.delete(least);
    doubts.clear(this.#clock.now());
  }

  /** The state of a model, if it was ever tried. */
  peek(model: string): ModelState | undefined {
    return this.#states.get(model);
  }

  /** The times of all models together. */
  times(kind: 'plain' | 'content'): Latency {
    const all = new Latency();
    for (const [, state] of this.#states) all.add(state[kind]);
    return all;
  }

  /** True when a call for this model succeeded within the last minute. */
  worksLately(model: string): boolean {
    const state = this.#states.get(model);
    return state !== undefined && this.#clock.now() - state.succeededAt < LATELY;
  }

  /** True for a model tried before, and for one more as long as there are few: what others name shall not push out what is used. */
  admits(model: string): boolean {
    return this.#states.size < LIMIT / 2 || this.#states.get(model) !== undefined;
  }

  /** An attempt failed, whoever was to blame. */
  failed(model: string, now: number): void {
    const state = this.of(model);
    if (state.failedInRow === 0) state.failingSince = now;
    state.failedInRow += 1;
  }

  /** Attempts of a model that failed since the last success. */
  failedInRow(model: string): number {
    return this.#states.get(model)?.failedInRow ?? 0;
  }

  /** Since when a model fails, in monotonic ms, if it was ever tried. */
  failingSince(model: string | undefined): number | undefined {
    return model === undefined ? undefined : this.#states.get(model)?.failingSince;
  }

  /** A model's breaker opened. */
  fellSick(): void {
    this.#someSick = true;
  }

  /** True while a model is sick: then each attempt on another one can change what that says of the endpoint. */
  get someSick(): boolean {
    if (this.#someSick) this.#someSick = this.sick().length > 0;
    return this.#someSick;
  }

  /** The models whose breaker is not closed. */
  sick(): Array<{ model: string; breaker: BreakerState }> {
    return [...this.#states].flatMap(([model, { breaker }]) =>
      breaker && breaker.state !== 'closed' ? [{ model, breaker: breaker.state }] : [],
    );
  }

  /**
   * Until when the endpoint is out because its models are: at least half of those tried lately, and all if only one is.
   * While one of the others works, exactly half is not enough, and a name that never worked here is none of its models:
   * nobody takes an endpoint out for others by making names up. In monotonic ms; 0 = it is not out.
   */
  mostOpenUntil(): number {
    const now = this.#clock.now();
    let [tried, open, unknown] = [0, 0, 0];
    let earliest = Number.POSITIVE_INFINITY;
    let anotherWorks = false;
    for (const [, { breaker, triedAt, succeededAt }] of this.#states) {
      // What others told of one model says nothing of the others here.
      if (breaker?.hearsay) continue;
      const sick = breaker !== undefined && breaker.state !== 'closed';
      if (!sick && now - triedAt > LATELY) continue;
      tried += 1;
      if (sick) {
        open += 1;
        if (succeededAt === Number.NEGATIVE_INFINITY) unknown += 1;
        earliest = Math.min(earliest, breaker.opensAt);
      } else if (now - succeededAt < LATELY) anotherWorks = true;
    }
    if (anotherWorks && (open - unknown) * 2 <= tried - unknown) return 0;
    if (open === 0 || open * 2 < tried) return 0;
    return earliest;
  }
}
