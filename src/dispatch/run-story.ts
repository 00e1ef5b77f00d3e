/** The only loop over attempts: takes what happens to a call, one event at a time, and acts on it. Steps 1 to 6 in order. */
import type { Outcome } from '../call/outcome.ts';
import { turnstile } from '../endpoint/turnstile.ts';
import { abortError, ClosedError, timeoutError } from '../errors.ts';
import { arm } from './alarms.ts';
import { blameAll } from './blame.ts';
import type { Attempt, CallStory, Reply, StoryEvent } from './call-story.ts';
import { kindOf } from './clocks.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { failureOf, keptAnswer } from './failure-of.ts';
import { startOver } from './fall-back.ts';
import { finish } from './finish.ts';
import { learn, noteHeadroom } from './learn.ts';
import { noteAnswer } from './lookup.ts';
import { passes } from './next-step.ts';
import { askOnceMore } from './once-more.ts';
import { proceed } from './proceed.ts';
import { anyEligible } from './situation.ts';
import { cutOutcome, dropAborted, dropAll, giveUpOthers, stop, takesLong, took, tookAtLeast } from './taking-long.ts';
import { verdict } from './verdicts.ts';

/** One for the process, as its event loop is. */
const inTurn = turnstile();

function goOn<R extends Reply>(story: CallStory<R>, parts: DispatchParts): void {
  if (parts.now.closed) throw new ClosedError();
  proceed(story, parts);
}

/** Reads the body of a good reply; its outcome arrives in the queue like everything else. */
export function follow<R extends Reply>(story: CallStory<R>, attempt: Attempt<R>, now: number): void {
  const { call, read } = story;
  const { bounds, reply } = attempt;
  if (!read || !reply) return;
  story.live.add(attempt);
  // A bound the user named holds from the attempt's start; the learned one counts from the headers.
  const spent = bounds.certain ? now - attempt.load.startedAt : 0;
  const cuts = call.stream || bounds.certain;
  arm(story, attempt, now, cuts ? Math.max(1, bounds.content.after - spent) : bounds.rescue);
  const { status, headers } = reply;
  read(attempt).then(
    (data) => {
      attempt.data = data;
      story.push({ is: 'body', attempt, outcome: { is: 'reply', status, headers } });
    },
    (error: unknown) =>
      inTurn(() => story.push({ is: 'body', attempt, outcome: { is: 'error', error, phase: 'body', sent: 'maybe' } })),
  );
}

function failed<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome & { is: 'error' },
  parts: DispatchParts,
): void {
  stop(attempt);
  story.won = undefined;
  const judged = learn(story, attempt, outcome, parts);
  if (outcome.cut) tookAtLeast(story, attempt, outcome.cut, parts);
  const { endpoint, report } = attempt;
  if (!passes(judged) && judged.next !== 'same') story.barred.add(endpoint);
  parts.now.lastError = outcome.error;
  if (story.lookup) {
    noteAnswer(story, { attempt, error: outcome.error, verdict: judged });
    if (judged.next === 'same') askOnceMore(story, endpoint, parts);
    else if (story.live.size === 0) goOn(story, parts);
    return;
  }
  // A connect that failed before anything was sent costs no attempt, once per endpoint.
  const unsent = judged.name === 'connect-failed' || (judged.name === 'local-error' && !judged.maybeExecuted);
  if (!unsent || story.unsentOnce?.has(endpoint)) story.counted += 1;
  else {
    story.unsentOnce ??= new Set();
    story.unsentOnce.add(endpoint);
  }
  const counts = report.status !== undefined || story.failure?.attempt.report.status === undefined;
  // What no endpoint can mend stays the answer, whatever else fails.
  const final = story.failure?.verdict.next === 'throw';
  if (!final && (counts || judged.next === 'throw')) story.failure = { attempt, error: outcome.error, verdict: judged };
  story.last = { attempt, verdict: judged };
  const [other] = story.live;
  if (!other) goOn(story, parts);
  else if (judged.next !== 'throw' && other.overdue) {
    // A rescue that failed leaves the slow attempt as it was: another one may be sent to its aid.
    story.rescued = false;
    story.push({ is: 'alarm', attempt: other, late: 'bound' });
  }
}

/** A head or a body came, or failed. @returns the attempt that wins. */
function ended<R extends Reply>(
  story: CallStory<R>,
  event: StoryEvent<R> & { is: 'head' | 'body' },
  parts: DispatchParts,
): Attempt<R> | undefined {
  const { attempt, outcome } = event;
  // A late word from an attempt that was given up.
  if (!story.live.has(attempt)) return undefined;
  attempt.alarm = undefined;
  if (outcome.is === 'error') {
    failed(story, attempt, outcome, parts);
    return undefined;
  }
  const { stream } = story.call;
  if (event.is === 'head') {
    const now = parts.clock.now();
    attempt.report.status = outcome.status;
    if (story.hadTurn) parts.room.passed(story.hadTurn);
    if (attempt.reply?.sent !== false) {
      took(attempt, kindOf(story.call, false), now);
      noteHeadroom(story, attempt, outcome.headers, parts);
    }
    if (story.read) {
      follow(story, attempt, now);
      return undefined;
    }
  }
  story.live.delete(attempt);
  story.won = attempt;
  // Good headers are no opinion yet: a body may fail everywhere as well. A stream speaks by its first content.
  if (event.is === 'body' && !stream) blameAll(story, parts);
  // Headers alone are no answer yet: what runs beside them may still be needed.
  if (event.is === 'body') giveUpOthers(story, attempt, parts);
  return attempt;
}

/** The deadline came: what ran last counts, unless an endpoint had said something before. */
function outOfTime<R extends Reply>(story: CallStory<R>, parts: DispatchParts): void {
  const attempt = [...story.live].at(-1);
  const cut = cutOutcome('deadline');
  dropAll(story, cut, parts);
  const failure = attempt && { attempt, error: cut.error, verdict: verdict('timed-out') };
  if (failure && story.lookup) noteAnswer(story, failure);
  else if (failure && story.failure?.attempt.report.status === undefined) story.failure = failure;
}

/** Acts on one event. @returns the attempt that wins, if one does. @throws what ends the call. */
function act<R extends Reply>(story: CallStory<R>, event: StoryEvent<R>, parts: DispatchParts): Attempt<R> | undefined {
  switch (event.is) {
    case 'abort': {
      const error = abortError(story.call.signal);
      dropAborted(story, error, parts);
      throw error;
    }
    case 'deadline':
      outOfTime(story, parts);
      throw story.told ? failureOf(story, parts) : timeoutError();
    case 'woken':
      // Two may wake it in one breath; the wait is over with the first.
      if (!story.stopWaiting) return undefined;
      // Woken early, it goes on with whoever is new; those that failed it have the rest of the wait.
      if (event.early && !parts.now.closed && !anyEligible(story, parts)) return undefined;
      story.stopWaiting(event.early);
      if (!event.early) {
        story.tried.clear();
        startOver(story);
      }
      goOn(story, parts);
      return undefined;
    case 'failed':
      throw event.error;
    case 'alarm': {
      const cut = event.attempt.settled ? undefined : takesLong(story, event.attempt, event.late, parts);
      if (cut) failed(story, event.attempt, cut, parts);
      return undefined;
    }
    default:
      return ended(story, event, parts);
  }
}

/** Goes on with a call until an attempt wins. @throws what the caller shall see; then nothing of the call runs any more. */
export async function runStory<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Promise<Attempt<R>> {
  try {
    if (story.call.signal?.aborted) throw abortError(story.call.signal);
    if (story.live.size === 0) goOn(story, parts);
    for (;;) {
      const winner = act(story, await story.next(), parts);
      if (winner) return winner;
    }
  } catch (error) {
    story.stopWaiting?.();
    if (story.live.size > 0) dropAll(story, cutOutcome('abandoned'), parts);
    const kept = keptAnswer(story, error);
    if (kept) return kept;
    finish(story, false, parts, error);
    throw error;
  }
}
