/** Carries out a step: starts the next attempt, waits, or throws what the caller shall see. Called by the dispatcher's loop only. */
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Refusal } from '../pool/eligibility.ts';
import { backoff } from './backoff.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { afterThrottle, nextStep, type Situation, type Step } from './next-step.ts';
import { noEndpointAvailable } from './no-endpoint.ts';
import { runAttempt } from './run-attempt.ts';

/** A failover to an endpoint that failed less often than this of late is free. */
const SOUND = 0.1;

function out<R extends Reply>(story: CallStory<R>): Set<Endpoint> {
  if (story.barred.size === 0) return story.tried;
  return new Set([...story.tried, ...story.barred]);
}

/** The endpoint for the next attempt: the pinned one, the preferred one, or the strategy's choice; `undefined` = nobody is eligible. */
export function choose<R extends Reply>(story: CallStory<R>, { pool }: DispatchParts): Endpoint | undefined {
  const { call, only, prefer } = story;
  const excluded = out(story);
  for (const wanted of [only, prefer]) {
    if (wanted && !excluded.has(wanted) && pool.eligible(call).includes(wanted)) return wanted;
  }
  return only ? undefined : pool.choose(call, excluded);
}

function anyEligible<R extends Reply>(story: CallStory<R>, { pool }: DispatchParts): boolean {
  const eligible = pool.eligible(story.call);
  if (!story.only && story.tried.size === 0 && story.barred.size === 0) return eligible.length > 0;
  const excluded = out(story);
  return eligible.some((endpoint) => (!story.only || endpoint === story.only) && !excluded.has(endpoint));
}

function refusalsOf<R extends Reply>(story: CallStory<R>, { pool }: DispatchParts): Refusal[] {
  return pool.refusals(story.call, story.tried).filter(({ endpoint, kind }) => {
    return kind !== 'unfit' && !story.barred.has(endpoint) && (!story.only || endpoint === story.only);
  });
}

function situationOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): Situation {
  const { clock, settings, now } = parts;
  const room = settings.waitingRoom && now.waiting < settings.waitingRoom.maxWaiting ? settings.waitingRoom.maxWait : 0;
  return {
    call: story.call,
    last: story.last?.verdict,
    attempted: story.attempts.length > 0,
    counted: story.counted,
    waits: story.waits,
    anyEligible: anyEligible(story, parts),
    refusals: () => refusalsOf(story, parts),
    panic: settings.panic !== false,
    now: clock.now(),
    longestWait: room,
    backoff: backoff(story.waits, clock.random()),
  };
}

/** What the caller gets when no attempt is left: the error that counted, marked if the work may have been done all the same. */
export function failureOf<R extends Reply>(story: CallStory<R>, parts: DispatchParts): unknown {
  const { failure, call } = story;
  if (!failure) {
    const refusals = parts.pool
      .refusals(call, story.tried)
      .filter(({ endpoint }) => !story.only || endpoint === story.only);
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
  const { last } = story;
  if (last && (last.verdict.name === 'rate-limited' || last.verdict.name === 'connect-failed')) return true;
  if (last && story.failovers === 0 && endpoint.state.recentFailureRate < SOUND) return true;
  if (parts.budget.withdraw()) return true;
  parts.events.emit({ type: 'budget-exhausted', at: parts.clock.date(), callId: story.call.id });
  return false;
}

/** Starts an attempt and tells everybody. Should its place be gone by now, the story looks for another. */
export function start<R extends Reply>(
  story: CallStory<R>,
  endpoint: Endpoint,
  parts: DispatchParts,
  force: boolean,
): void {
  const { events, clock, log, settings } = parts;
  const before = story.last;
  const attempt = runAttempt(story, endpoint, parts, force);
  if (!attempt) {
    story.tried.add(endpoint);
    proceed(story, parts);
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
    events.emit({ type: 'attempt-start', at, callId, endpoint: endpoint.name, model, attempt: story.attempts.length });
  }
}

function wait<R extends Reply>(story: CallStory<R>, step: Step & { do: 'wait' }, parts: DispatchParts): void {
  const { clock, events, now } = parts;
  if (step.costs) story.waits += 1;
  if (story.last?.verdict.name === 'conflict') {
    story.prefer = story.last.attempt.endpoint;
    story.repeated.add(story.prefer);
  }
  now.waiting += 1;
  story.last = undefined;
  const { ms, reason } = step;
  events.emit({ type: 'call-waiting', at: clock.date(), callId: story.call.id, ms, reason });
  // Up to a tenth later, so that everybody who waits for the same moment does not come at once.
  const cancel = clock.after(ms * (1 + 0.1 * clock.random()), () => story.push({ is: 'woken' }));
  story.stopWaiting = () => {
    cancel();
    now.waiting -= 1;
    story.stopWaiting = undefined;
  };
}

function panic<R extends Reply>(story: CallStory<R>, situation: Situation, parts: DispatchParts): void {
  const { pool, throttle, budget, events, clock } = parts;
  const ejected = situation.refusals().filter((refusal) => refusal.kind === 'ejected');
  const endpoints = ejected.map(({ endpoint }) => endpoint);
  events.emit({
    type: 'panic-entered',
    at: clock.date(),
    callId: story.call.id,
    endpoints: endpoints.map(({ name }) => name),
  });
  if (throttle && !throttle.admit()) {
    perform(story, afterThrottle(situation), situation, parts);
    return;
  }
  if (situation.attempted && !budget.withdraw()) throw failureOf(story, parts);
  start(story, pool.pick(endpoints, story.call), parts, true);
}

function perform<R extends Reply>(story: CallStory<R>, step: Step, situation: Situation, parts: DispatchParts): void {
  switch (step.do) {
    case 'throw':
    case 'refuse':
      throw failureOf(story, parts);
    case 'same': {
      const { attempt, verdict } = story.last as NonNullable<typeof story.last>;
      story.repeated.add(attempt.endpoint);
      // A fresh credential is no extra load; a lost connection that is tried again is.
      if (verdict.name === 'connection-lost' && !parts.budget.withdraw()) throw failureOf(story, parts);
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
