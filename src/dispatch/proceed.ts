/** Carries out a step: starts the next attempt, waits, or throws what the caller shall see. Called by the dispatcher's loop only. */
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Refusal } from '../pool/eligibility.ts';
import { holdWhileWaiting } from './blame.ts';
import type { CallStory, Reply } from './call-story.ts';
import { kindOf, usualTime } from './clocks.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { hearProbes, probingOf } from './last-ask.ts';
import { afterThrottle, isSick, keepLast, nextStep, type Situation, type Step } from './next-step.ts';
import { noEndpointAvailable } from './no-endpoint.ts';
import { runAttempt } from './run-attempt.ts';
import { choose, situationOf } from './situation.ts';

/** A failover to an endpoint that failed less often than this of late is free. */
const SOUND = 0.1;

/** What the caller gets when no attempt is left: the error that counted, marked if the work may have been done all the same. */
export function failureOf<R extends Reply>(
  story: CallStory<R>,
  parts: DispatchParts,
  met: readonly Refusal[] = [],
): unknown {
  const { failure, call } = story;
  if (!failure) {
    const now = parts.pool.refusals(call, story.tried).filter(({ endpoint }) => !story.only || endpoint === story.only);
    // Those that ended while the decision was made are still why it was made.
    const refusals = [...now, ...met.filter(({ endpoint }) => !now.some((other) => other.endpoint === endpoint))];
    parts.log.allOut(refusals.map(({ endpoint, reason }) => `${endpoint.name} ${reason}`).join('; '));
    return noEndpointAvailable(call, refusals, parts.clock.now(), parts.now.lastError);
  }
  const { error, verdict } = failure;
  if (call.replay !== 'free' && verdict.maybeExecuted && typeof error === 'object' && error !== null) {
    Object.defineProperty(error, 'maybeExecuted', { value: true, enumerable: true, configurable: true });
  }
  return error;
}

/** Is this extra attempt free, or paid for by the retry budget? */
function mayGoOn<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, parts: DispatchParts): boolean {
  const { last, failure } = story;
  if (last && (last.verdict.name === 'rate-limited' || last.verdict.name === 'connect-failed')) return true;
  // What this machine had no socket for was no load for anybody, nor is the wait after it.
  if ((last ?? failure)?.verdict.name === 'local-error') return true;
  const sound = last && story.failovers === 0 && endpoint.state.failureRate.value < SOUND;
  // Never refused, but booked: what goes free is not there for others.
  if (parts.budget.withdraw() || sound) return true;
  parts.events.emit({ type: 'budget-exhausted', at: parts.clock.date(), callId: story.call.id });
  return false;
}

/**
 * Starts an attempt and tells everybody. Should its place be gone by now, the story looks for another.
 * @param beside why it starts although another attempt still runs.
 */
export function start<R extends Reply>(
  story: CallStory<R>,
  endpoint: Endpoint,
  parts: DispatchParts,
  force: boolean,
  beside?: 'hedge' | 'rescue',
): void {
  const { events, clock, log, settings } = parts;
  const before = story.last;
  const attempt = runAttempt(story, endpoint, parts, force, beside);
  if (!attempt) {
    // Its place is gone, also for going there once more.
    story.tried.add(endpoint);
    if (before) story.last = { ...before, verdict: { ...before.verdict, next: 'another' } };
    // Beside an attempt that still runs, nothing has to begin.
    if (story.live.size === 0) proceed(story, parts);
    return;
  }
  if (!settings.failover) story.only = endpoint;
  const at = clock.date();
  const { id: callId } = story.call;
  if (before && before.attempt.endpoint !== endpoint) {
    story.failovers += 1;
    log.failover();
    const from = before.attempt.endpoint.name;
    if (events.active)
      events.emit({ type: 'failover-start', at, callId, endpoint: endpoint.name, from, verdict: before.verdict.name });
  }
  if (events.active) {
    const { model } = attempt.report;
    const number = story.attempts.length;
    events.emit({ type: 'attempt-start', at, callId, endpoint: endpoint.name, model, attempt: number, beside });
  }
}

function wait<R extends Reply>(story: CallStory<R>, step: Step & { do: 'wait' }, parts: DispatchParts): void {
  const { clock, events, now } = parts;
  holdWhileWaiting(story, step.ms, parts);
  if (step.costs) story.waits += 1;
  if (story.last?.verdict.name === 'conflict') {
    story.prefer = story.last.attempt.endpoint;
    story.repeated.add(story.prefer);
  }
  now.waiting += 1;
  story.last = undefined;
  const { ms, reason } = step;
  events.emit({ type: 'call-waiting', at: clock.date(), callId: story.call.id, ms, reason });
  // Up to a tenth later, so that not everybody who waits for the same moment comes at once, but never too late to go.
  const latest = story.call.deadline - clock.now() - 1;
  const later = Math.max(ms, Math.min(ms * (1 + 0.1 * clock.random()), latest));
  const cancel = clock.after(later, () => story.push({ is: 'woken', early: false }));
  story.stopWaiting = (early) => {
    cancel();
    if (early && step.costs) story.waits -= 1;
    now.waiting -= 1;
    story.stopWaiting = undefined;
  };
}

function panic<R extends Reply>(story: CallStory<R>, situation: Situation, parts: DispatchParts): void {
  const { pool, throttle, budget, events, clock } = parts;
  const ejected = situation.refusals().filter(isSick);
  const endpoints = ejected.map(({ endpoint }) => endpoint);
  events.emit({
    type: 'panic-entered',
    at: clock.date(),
    callId: story.call.id,
    endpoints: endpoints.map(({ name }) => name),
  });
  const { call } = story;
  const usual = Math.max(0, ...endpoints.map((each) => usualTime(call, each, pool.endpoints, kindOf(call, true)) ?? 0));
  // Who asks again is counted again: else the last tries of a burst all pass once nobody begins any more.
  if (situation.attempted || story.waits > 0) throttle?.requested();
  const kept = throttle && keepLast(situation);
  if (kept) {
    perform(story, kept, situation, parts);
    return;
  }
  // Who could not pay must not take the place of one who can.
  const pays = !situation.attempted || budget.left >= 1;
  if (throttle && !(pays && throttle.admit(usual))) {
    const step = afterThrottle(situation, probingOf(story, situation, usual, throttle));
    perform(story, step, situation, parts);
    if (step.do === 'wait' && !step.costs) hearProbes(story, throttle);
    return;
  }
  if (situation.attempted && !budget.withdraw()) throw failureOf(story, parts);
  start(story, pool.pick(endpoints, story.call), parts, true);
  const attempt = story.attempts.at(-1);
  if (attempt) throttle?.began(attempt.load);
}

function perform<R extends Reply>(story: CallStory<R>, step: Step, situation: Situation, parts: DispatchParts): void {
  switch (step.do) {
    case 'throw':
    case 'refuse':
      throw failureOf(story, parts, situation.refusals());
    case 'same': {
      const { attempt, verdict } = story.last as NonNullable<typeof story.last>;
      story.repeated.add(attempt.endpoint);
      // In the meantime it may have been drained, or have asked another call for a pause.
      const gone = !parts.pool.eligible(story.call).includes(attempt.endpoint);
      // A fresh credential is no extra load; a lost connection that is tried again is.
      if (gone || (verdict.name === 'connection-lost' && !parts.budget.withdraw())) {
        story.last = { attempt, verdict: { ...verdict, next: 'another' } };
        proceed(story, parts);
        break;
      }
      start(story, attempt.endpoint, parts, false);
      break;
    }
    case 'another': {
      const endpoint = choose(story, parts) as Endpoint;
      if (situation.attempted && !mayGoOn(story, endpoint, parts)) throw failureOf(story, parts);
      start(story, endpoint, parts, false);
      break;
    }
    case 'ask-again':
      if (situation.attempted && !mayGoOn(story, step.refusal.endpoint, parts)) throw failureOf(story, parts);
      start(story, step.refusal.endpoint, parts, true);
      break;
    case 'panic':
      panic(story, situation, parts);
      break;
    case 'wait':
      wait(story, step, parts);
      break;
  }
}

/** Decides what is next and begins it. @throws what ends the call. */
export function proceed<R extends Reply>(story: CallStory<R>, parts: DispatchParts): void {
  const situation = situationOf(story, parts);
  perform(story, nextStep(situation), situation, parts);
}
