/** What a call's next step depends on, gathered from its story and the pool. Changes nothing but the note of a choice. */

import type { Call } from '../call/call.ts';
import type { Verdict } from '../call/outcome.ts';
import { type Endpoint, healthKey } from '../endpoint/endpoint.ts';
import { isPause } from '../endpoint/exclusion.ts';
import type { Refusal, Tried } from '../pool/eligibility.ts';
import { backoff } from './backoff.ts';
import type { CallStory, Reply } from './call-story.ts';
import { noting } from './decisions.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import type { Slot } from './line.ts';
import type { Situation } from './next-step.ts';
import type { Queue } from './no-endpoint.ts';

/** Those that asked this call alone for a pause that still lasts. */
function pausing<R extends Reply>({ paused }: CallStory<R>, { clock }: DispatchParts): Endpoint[] {
  if (!paused) return [];
  return [...paused].flatMap(([endpoint, until]) => (until > clock.now() ? endpoint : []));
}

function out<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Tried {
  if (story.barred.size === 0 && !story.paused) return story.tried;
  return new Set([...story.tried, ...story.barred, ...pausing(story, parts)]);
}

/** The endpoint for the next attempt: the pinned one, the preferred one, or the strategy's choice; `undefined` = nobody is eligible. */
export function choose<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Endpoint | undefined {
  const { pool } = parts;
  const { call, only, prefer } = story;
  const excluded = out(story, parts);
  for (const wanted of [only, prefer]) {
    if (wanted && !excluded.has(wanted) && pool.some(call, (each) => each === wanted)) return wanted;
  }
  return only ? undefined : noting(story, (note) => pool.choose(call, excluded, note));
}

/** Everybody who can take the call now and was not tried in this round. */
export function eligibleOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Endpoint[] {
  const excluded = out(story, parts);
  return parts.pool.eligible(story.call).filter((each) => !excluded.has(each));
}

/** True when an endpoint can take the call now that was not tried in this round. */
export function anyEligible<R extends Reply>(story: CallStory<R>, parts: DispatchParts): boolean {
  const excluded = out(story, parts);
  return parts.pool.some(story.call, (each) => (!story.only || each === story.only) && !excluded.has(each));
}

/** Has every endpoint that could go next failed other calls since it last served one? */
function allFailing<R extends Reply>(story: CallStory<R>, parts: DispatchParts): boolean {
  const { pool } = parts;
  const { call, only, attempts, last } = story;
  const excluded = out(story, parts);
  const model = healthKey(call.model, call.operation.name);
  const sound = (each: Endpoint) =>
    each.state.breakers.models.failedInRow(each.keyOf(model)) <= attempts.filter((own) => own.endpoint === each).length;
  if (last?.verdict.next === 'same') return !sound(last.attempt.endpoint);
  return !pool.some(call, (each) => (!only || each === only) && !excluded.has(each) && sound(each));
}

function refusalsOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Refusal[] {
  const open = parts.pool.refusals(story.call, story.tried).filter(({ endpoint, kind }) => {
    return kind !== 'unfit' && !story.barred.has(endpoint) && (!story.only || endpoint === story.only);
  });
  // Asked in spite of what it said before, it failed in a way that passes: like any other that was tried.
  const known = open.map((refusal): Refusal => {
    const asked = (refusal.kind === 'refused' || refusal.kind === 'doubtful') && story.tried.has(refusal.endpoint);
    return asked ? { ...refusal, kind: 'tried', until: 0 } : refusal;
  });
  const own = pausing(story, parts).flatMap((endpoint): Refusal | [] => {
    const also = known.find((refusal) => refusal.endpoint === endpoint && refusal.kind !== 'tried');
    if (also || story.barred.has(endpoint) || (story.only && story.only !== endpoint)) return [];
    const until = story.paused?.get(endpoint) as number;
    return { endpoint, kind: 'limited', reason: 'cooling down (429)', until, rateLimited: true, ejected: false };
  });
  return [...own, ...known.filter(({ endpoint }) => !own.some((each) => each.endpoint === endpoint))];
}

/** How many endpoints could take the call at all. */
function allowedOf<R extends Reply>({ call, only, barred }: CallStory<R>, { pool }: DispatchParts): number {
  return pool.endpoints.filter((endpoint) => {
    const fits = !endpoint.drained && !endpoint.unfit(call.model, call.operation.name, call.tags);
    return fits && !barred.has(endpoint) && (!only || endpoint === only);
  }).length;
}

/** The earliest slot of a call for which nobody is eligible. @param round when those that failed it may be asked again, in monotonic ms */
export function nextSlot<R extends Reply>(story: CallStory<R>, round: number, parts: DispatchParts): Slot {
  let [limited, ejected] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let pause = false;
  for (const { kind, until, reason } of refusalsOf(story, parts)) {
    if (kind === 'ejected') ejected = Math.min(ejected, until);
    const at = kind === 'limited' ? until : kind === 'tried' ? round : limited;
    if (at >= limited) continue;
    limited = at;
    pause = kind === 'limited' && isPause(reason);
  }
  // There is nobody to wait for any more: then there is something else to do.
  return limited === Number.POSITIVE_INFINITY ? { at: 0, pause } : { at: Math.min(limited, ejected), pause };
}

/** The line a call stands in: with those that wait for the same endpoints, in pools that are equal. */
export function lineOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): string {
  const { pool } = parts;
  const { call, only, tried, barred } = story;
  const eligible = tried.size === 0 ? [] : pool.eligible(call);
  const failed = [...tried].filter((endpoint) => eligible.includes(endpoint));
  const out = [...barred, ...pausing(story, parts), ...failed].map(({ name }) => name);
  const { operation, model, tags } = call;
  return JSON.stringify([pool.changes, operation.route, model, tags, only?.name, out]);
}

/** Who waits for the same: how many calls wait at all, and when the next of them goes; `undefined` when that is not why the call failed. */
export function queueOf<R extends Reply>(
  story: CallStory<R>,
  refusals: readonly Refusal[],
  parts: DispatchParts,
): Queue | undefined {
  const { room, settings } = parts;
  const { waitingRoom } = settings;
  if (!waitingRoom || story.call.maxRetries === 0) return undefined;
  const { waiting } = room;
  const nextAt = room.nextOf(lineOf(story, parts));
  const full = waiting >= waitingRoom.maxWaiting && refusals.some(({ kind }) => kind === 'limited');
  return full || nextAt !== undefined ? { waiting, full, nextAt } : undefined;
}

const NONE: readonly Refusal[] = [];

/** What `nextStep` is told. Why a class: most calls go out at once, so only who asks for the rest pays. */
class OfStory<R extends Reply> implements Situation {
  readonly call: Call;
  readonly lookup: boolean;
  readonly last: Verdict | undefined;
  readonly attempted: boolean;
  readonly counted: number;
  readonly waits: number;
  readonly anyEligible: boolean;
  readonly #refusals: readonly Refusal[];
  readonly #story: CallStory<R>;
  readonly #parts: DispatchParts;
  #now: number | undefined;
  #backoff: number | undefined;

  constructor(story: CallStory<R>, parts: DispatchParts) {
    this.#story = story;
    this.#parts = parts;
    this.call = story.call;
    this.lookup = story.lookup !== undefined;
    this.last = story.last?.verdict;
    this.attempted = story.attempts.length > 0;
    this.counted = story.counted;
    this.waits = story.waits;
    const any = anyEligible(story, parts);
    this.#refusals = any ? NONE : refusalsOf(story, parts);
    // Time goes on between the two looks: an endpoint without a refusal has just become eligible.
    this.anyEligible = any || (this.#refusals.length < allowedOf(story, parts) && anyEligible(story, parts));
  }

  get now(): number {
    this.#now ??= this.#parts.clock.now();
    return this.#now;
  }

  get allFailing(): boolean {
    return (this.anyEligible || this.last?.next === 'same') && allFailing(this.#story, this.#parts);
  }

  refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  get panic(): boolean {
    return this.#parts.settings.panic !== false;
  }

  get longestWait(): number {
    const { room, settings } = this.#parts;
    const { waitingRoom } = settings;
    return waitingRoom && room.waiting < waitingRoom.maxWaiting && !this.#story.overdue ? waitingRoom.maxWait : 0;
  }

  get behind(): number | undefined {
    const { room } = this.#parts;
    const { hadTurn, overdue } = this.#story;
    const queues = room.busy && !hadTurn && (!this.attempted || overdue);
    return queues ? room.nextOf(lineOf(this.#story, this.#parts)) : undefined;
  }

  get backoff(): number {
    this.#backoff ??= backoff(this.waits, this.#parts.clock.random());
    return this.#backoff;
  }
}

/** Gathers what `nextStep` is told. */
export function situationOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Situation {
  return new OfStory(story, parts);
}
