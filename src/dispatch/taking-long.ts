/** What happens to an attempt that takes long, and to those that lost: hedge, rescue, cut, drop. Called by the loop only. */
import type { Cut, Outcome } from '../call/outcome.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { timeoutError } from '../errors.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { kindOf, type Late } from './clocks.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { learn } from './learn.ts';
import { start } from './proceed.ts';
import { choose } from './situation.ts';

type Failure = Outcome & { is: 'error' };

/** The outcome of an attempt that the library itself ended. */
export function cutOutcome(cut: Cut): Failure {
  return { is: 'error', error: timeoutError(), phase: 'head', sent: 'maybe', cut };
}

/** Notes how long something took at an endpoint, for what later attempts may take. */
export function took<R extends Reply>(attempt: Attempt<R>, what: 'plain' | 'head' | 'content', now: number): void {
  const { endpoint, load } = attempt;
  endpoint.state.latency(load.model)?.[what].record(now - load.startedAt);
}

/** It would have been more than the delay, which is all that is known of it: so much more is kept apart. */
const BEYOND = 1.19;

/**
 * Notes that something was given up after so long.
 * Why only what is known may rise: how long a caller is willing to wait says nothing of what is usual, and who names a tiny
 * timeout must not make every answer look slow.
 */
export function tookAtLeast<R extends Reply>(
  story: CallStory<R>,
  { endpoint, load, reply, hedgeAfter }: Attempt<R>,
  cut: Cut,
  { clock }: DispatchParts,
): void {
  const { call } = story;
  const times = endpoint.state.latency(load.model);
  const stage = kindOf(call, reply !== undefined);
  const ms = clock.now() - load.startedAt;
  // What a hedge overtook was one of the slow: left out, the delay would be learned from the quick ones only, and shrink.
  const overtaken = cut === 'abandoned' && hedgeAfter !== undefined && ms >= hedgeAfter;
  if (overtaken) times?.[kindOf(call, true)].record(BEYOND * hedgeAfter);
  if (overtaken && stage === kindOf(call, true)) return;
  const known = times?.[stage];
  if (known && (known.learned || cut === 'attempt-timeout')) known.recordCut(ms);
}

/** Who could take a second attempt beside those that run. */
function helper<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Endpoint | undefined {
  const { call, counted, live } = story;
  const may = parts.settings.failover && call.replay === 'free' && counted + live.size < call.maxAttempts;
  return may ? choose(story, parts) : undefined;
}

/** The call is slow to begin: a second attempt starts beside the only one, if there is a hedge left for it. */
function hedge<R extends Reply>(story: CallStory<R>, late: boolean, parts: DispatchParts): void {
  const { hedges, budget } = parts;
  if (story.live.size > 1 || !hedges.covers(late)) return;
  const another = helper(story, parts);
  if (!another || !budget.withdraw()) return;
  const before = story.attempts.length;
  start(story, another, parts, false, 'hedge');
  // Its place may have gone to another call in the meantime.
  if (story.attempts.length > before) hedges.spend();
}

/**
 * An attempt takes long: first the call may be hedged. Later on a second one starts beside a plain call or a stream that is short of time, any other stream is cut if
 * somebody else can take it.
 * @returns the outcome to fail the attempt with, if it is to be cut.
 */
export function takesLong<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  late: Late,
  parts: DispatchParts,
): Failure | undefined {
  if (late !== 'bound') {
    hedge(story, late === 'hedge-late', parts);
    return undefined;
  }
  attempt.overdue = true;
  const { call } = story;
  const { budget } = parts;
  const { bounds } = attempt;
  if (!bounds.certain) {
    const another = helper(story, parts);
    if (!another) return undefined;
    if (!call.stream || (attempt.reply ? bounds.content : bounds.headers)?.beside) {
      if (!story.rescued && budget.withdraw()) {
        story.rescued = true;
        start(story, another, parts, false, 'rescue');
      }
      return undefined;
    }
  }
  return cutOutcome('attempt-timeout');
}

/** An attempt that waited this many times longer than the one that answered, without a byte, speaks of a silent endpoint. */
const OUTRUN = 5;

/** Notes which of the attempts that the winner beat were far behind, and which had made the call wait for a hedge. */
function markBeaten<R extends Reply>(story: CallStory<R>, winner: Attempt<R>, now: number): void {
  const quickest = now - winner.load.startedAt;
  for (const { endpoint, load, hedgeAfter, reply } of story.live) {
    // Where others were answered since, this one was slow by chance.
    if (reply || endpoint.state.answeredSince(load.startedAt)) continue;
    const ms = now - load.startedAt;
    if (now >= load.slowAt && isOutrun(ms, quickest)) load.beaten = 'far';
    else if (hedgeAfter !== undefined && ms >= hedgeAfter) load.beaten = 'late';
  }
}

/** One for all: an abort without a reason makes an error with its stack each time. */
const OVER = new DOMException('This attempt is over.', 'AbortError');

/** Why a call is aborted when others had answered the same long before it: then its endpoint is silent, as if they had won. */
export const OUTRUN_BY_OTHERS = new DOMException('Others have answered long ago.', 'AbortError');

/** @returns whether an abort after `ms` says so, when others answered after `quickest` ms. */
export const isOutrun = (ms: number, quickest: number) => ms >= OUTRUN * quickest;

/** The caller's signal ends the call. */
export function dropAborted<R extends Reply>(story: CallStory<R>, error: Error, parts: DispatchParts): void {
  const { clock, settings } = parts;
  if (settings.rescue && story.call.signal?.reason === OUTRUN_BY_OTHERS) {
    // One of several tries may have begun just now; the first one, a little later than the list.
    const latest = clock.now() - settings.rescue.after / 2;
    for (const { load, reply } of story.live) if (!reply && load.startedAt <= latest) load.beaten = 'far';
  }
  dropAll(story, { is: 'error', error, phase: 'head', sent: 'maybe' }, parts);
}

/** Frees what an attempt still holds on the wire. */
export function stop<R extends Reply>({ ending }: Attempt<R>): void {
  ending.abort(OVER);
}

/** Gives up every attempt still running. */
export function dropAll<R extends Reply>(story: CallStory<R>, outcome: Failure, parts: DispatchParts): void {
  for (const attempt of [...story.live]) {
    learn(story, attempt, outcome, parts);
    // After learning: the time it was given up at must not excuse itself.
    if (outcome.cut) tookAtLeast(story, attempt, outcome.cut, parts);
    story.live.delete(attempt);
    stop(attempt);
  }
}

/** The winner is all the caller gets: gives up what runs beside it. Servers saw those attempts, so they count. */
export function giveUpOthers<R extends Reply>(story: CallStory<R>, winner: Attempt<R>, parts: DispatchParts): void {
  if (story.live.size === 0) return;
  if (!story.lookup) story.counted += story.live.size;
  markBeaten(story, winner, parts.clock.now());
  dropAll(story, cutOutcome('abandoned'), parts);
}
