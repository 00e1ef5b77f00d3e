/**
 * Other models for a call whose own nobody can serve: which is next, and what of the story begins anew with it.
 * Called by the loop only, where a call would otherwise fail or wait. A model asked in another's place brings its own lists; in
 * one turn of the call each is asked once, and over the whole call each has at most `maxAttempts`.
 */
import { entryFor } from '../call/model-map.ts';
import type { Verdict } from '../call/outcome.ts';
import type { Fallbacks, PoolSettings } from '../config/settings.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { Few } from './few.ts';

/** What of a story belongs to the model that is asked, and begins anew with another one. */
type Round<R extends Reply> = Pick<
  CallStory<R>,
  | 'call'
  | 'only'
  | 'tried'
  | 'barred'
  | 'repeated'
  | 'unsentOnce'
  | 'paused'
  | 'counted'
  | 'rescued'
  | 'failure'
  | 'last'
>;

/** The way of a call through other models. */
interface Detour {
  /** What each model has been through, left out while it is asked. */
  readonly rounds: Map<string, Round<Reply>>;
  /** Models still to be asked in this turn, and those that were. */
  queue: readonly string[];
  readonly asked: Set<string>;
  /** What made the call leave the last model. */
  cause: Verdict | undefined;
}

/** Kept beside the stories: most calls never need one. */
const detours = new WeakMap<object, Detour>();

/** A call that names its endpoint, or makes an object of that model, is meant as it says; one that cannot go out again stays. */
function mayLeave({ call, last, attempts }: CallStory<Reply>): boolean {
  const { operation, replay } = call;
  if (call.model === undefined || call.pin !== undefined) return false;
  if (operation.creates || operation.place === 'home') return false;
  if (replay === 'once' && attempts.length > 0) return false;
  return replay === 'free' || !last?.verdict.maybeExecuted;
}

/** Who may stand in for the model asked now, after what it said; `undefined` = its answer stays. */
function standIns({ call, failure }: CallStory<Reply>, fallbacks: Fallbacks): readonly string[] | undefined {
  const { reason, next } = failure?.verdict ?? {};
  const listed = (lists: Fallbacks[keyof Fallbacks], model = call.model) => {
    const entry = entryFor(lists, model as string);
    return entry?.value.map(entry.fill);
  };
  if (reason === 'context-length' || reason === 'content-filter') {
    const lists = fallbacks[reason];
    const special = listed(lists) ?? (call.insteadOf === undefined ? undefined : listed(lists, call.insteadOf));
    if (special) return special;
  }
  // What no endpoint can mend is the caller's to know. From a stand-in it only means that the next one is asked.
  if (next === 'throw') return call.insteadOf === undefined ? undefined : [];
  return listed(fallbacks.unserved) ?? [];
}

/** True while another model could still take over, should the attempt that runs fail. */
export function mayFallBack<R extends Reply>(given: CallStory<R>, settings: Pick<PoolSettings, 'fallbacks'>): boolean {
  const story = given as unknown as CallStory<Reply>;
  const { fallbacks } = settings;
  if (!fallbacks || !mayLeave(story)) return false;
  const { queue = [], asked = new Set([story.call.model as string]) } = detours.get(story) ?? {};
  const lists = Object.values(fallbacks).flatMap((each) => entryFor(each, story.call.model as string)?.value ?? []);
  return [...queue, ...lists].some((model) => !asked.has(model));
}

function roundOf(story: CallStory<Reply>): Round<Reply> {
  const { call, only, tried, barred, repeated, unsentOnce, paused, counted, rescued, failure, last } = story;
  return { call, only, tried, barred, repeated, unsentOnce, paused, counted, rescued, failure, last };
}

/** A model that one account made binds the call there, and no other model does. */
function isBoundBy(model: string, { ownerIds }: CallStory<Reply>['call']): boolean {
  return ownerIds.length > 0 && ownerIds.every(({ id }) => id === model);
}

/** Puts the story where it was with `model`, or at its beginning with it. */
function ask(story: CallStory<Reply>, detour: Detour, own: string, model: string): void {
  const { call, failure } = story;
  detour.cause = (story.last ?? failure)?.verdict ?? detour.cause;
  story.failureBefore =
    call.insteadOf === undefined ? (failure ?? story.failureBefore) : (story.failureBefore ?? failure);
  detour.rounds.set(call.model as string, roundOf(story));
  const fresh: Round<Reply> = {
    call: { ...call, model, insteadOf: own },
    only: isBoundBy(own, call) ? undefined : story.only,
    tried: new Few(),
    barred: new Few(),
    repeated: undefined,
    unsentOnce: undefined,
    paused: undefined,
    counted: 0,
    rescued: false,
    failure: undefined,
    last: undefined,
  };
  // A turn in line was one for the model that is left.
  story.hadTurn = undefined;
  Object.assign(story, detour.rounds.get(model) ?? fresh);
}

/**
 * Turns to the next model that may stand in for the one asked, or, when all were asked, back to the caller's own.
 * @returns false when there is nobody to turn to: the call goes on as if there were no other models.
 */
export function fallBack<R extends Reply>(given: CallStory<R>, parts: DispatchParts): boolean {
  const { fallbacks } = parts.settings;
  const story = given as unknown as CallStory<Reply>;
  if (!fallbacks || !mayLeave(story)) return false;
  const { call } = story;
  const from = call.model as string;
  const own = call.insteadOf ?? from;
  const found = standIns(story, fallbacks);
  if (!found) return false;
  const detour = detours.get(story) ?? { rounds: new Map(), queue: [], asked: new Set([own]), cause: undefined };
  detours.set(story, detour);
  const mayAsk = (model: string) =>
    !detour.asked.has(model) && (detour.rounds.get(model)?.counted ?? 0) < call.maxAttempts;
  const [next, ...queue] = [...found, ...detour.queue].filter(mayAsk);
  detour.queue = queue;
  if (next === undefined) {
    if (from === own) return false;
    ask(story, detour, own, own);
    return true;
  }
  detour.asked.add(next);
  const reason = story.failure?.verdict.reason ?? 'unserved';
  ask(story, detour, own, next);
  const { clock, events, log } = parts;
  log.fallback(own, next);
  events.emit({ type: 'fallback-start', at: clock.date(), callId: call.id, model: next, from, reason });
  return true;
}

/** The call waited: each model may be asked once more. */
export function startOver<R extends Reply>(story: CallStory<R>): void {
  const detour = detours.get(story);
  if (!detour || story.call.insteadOf !== undefined) return;
  detour.queue = [];
  detour.cause = undefined;
  detour.asked.clear();
  detour.asked.add(story.call.model as string);
  for (const { tried } of detour.rounds.values()) tried.clear();
}

/** The failure after which the next attempt goes out: the one just met, or what made the call leave its last model. */
export function causeOf<R extends Reply>(story: CallStory<R>): Verdict | undefined {
  return story.last?.verdict ?? (story.tried.size === 0 ? detours.get(story)?.cause : undefined);
}

/** The models asked in the place of the call's own since it last waited. */
export function standInsOf<R extends Reply>(story: CallStory<R>): readonly string[] {
  return [...(detours.get(story)?.asked ?? [])].filter((model) => model !== (story.call.insteadOf ?? story.call.model));
}
