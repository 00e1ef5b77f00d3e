/** Carries out a step: starts the next attempt, waits, or throws what the caller shall see. Called by the dispatcher's loop only. */
import type { Beside } from '../call/outcome.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Refusal } from '../pool/eligibility.ts';
import type { CallStory, Reply } from './call-story.ts';
import { kindOf, usualTime } from './clocks.ts';
import { type Cause, decided, decidedToEnd, deciding, UNPAID } from './decisions.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { failureOf } from './failure-of.ts';
import { fallBack } from './fall-back.ts';
import { hearProbes, probingOf } from './last-ask.ts';
import { mayGoOn } from './may-go-on.ts';
import { afterThrottle, isSick, keepLast, nextStep, type Situation, type Step } from './next-step.ts';
import { runAttempt } from './run-attempt.ts';
import { choose, eligibleOf, situationOf } from './situation.ts';
import { wait } from './wait.ts';

/** Another model takes over, or the call fails. @throws what the caller shall see. */
function giveUp<R extends Reply>(
  story: CallStory<R>,
  parts: DispatchParts,
  met?: readonly Refusal[],
  why?: string,
): void {
  if (!fallBack(story, parts)) {
    decidedToEnd(story, parts, why);
    throw failureOf(story, parts, met);
  }
  proceed(story, parts);
}

/**
 * Starts an attempt and tells everybody. Should its place be gone by now, the story looks for another.
 * @param beside why it starts although another attempt still runs.
 * @param cause why it is nobody's choice.
 */
export function start<R extends Reply>(
  story: CallStory<R>,
  endpoint: Endpoint,
  parts: DispatchParts,
  force: boolean,
  beside?: Beside,
  cause: Cause | undefined = beside ?? (story.lookup ? 'lookup' : undefined),
): void {
  const { events, clock, log, settings } = parts;
  const before = story.last;
  const decision = deciding(story, parts, endpoint);
  const attempt = runAttempt(story, endpoint, parts, force, beside);
  if (!attempt) {
    // Its place is gone, also for going there once more.
    story.tried.add(endpoint);
    if (before) story.last = { ...before, verdict: { ...before.verdict, next: 'another' } };
    // Beside an attempt that still runs, nothing has to begin.
    if (story.live.size === 0) proceed(story, parts);
    return;
  }
  if (decision) decided(story, decision, attempt, parts, cause);
  if (!settings.failover) story.only = endpoint;
  const { id: callId } = story.call;
  if (before && before.attempt.endpoint !== endpoint) {
    story.failovers += 1;
    log.failover();
    const from = before.attempt.endpoint.name;
    if (events.wants('failover-start')) {
      const { name: verdict } = before.verdict;
      events.emit({ type: 'failover-start', at: clock.date(), callId, endpoint: endpoint.name, from, verdict });
    }
  }
  if (events.wants('attempt-start')) {
    const { model, beside: why } = attempt.report;
    const number = story.attempts.length;
    const at = clock.date();
    events.emit({ type: 'attempt-start', at, callId, endpoint: endpoint.name, model, attempt: number, beside: why });
  }
}

/** Asks all of them at once. The first time is free; who failed the call before is asked again like after any failure. */
function askAll<R extends Reply>(
  story: CallStory<R>,
  endpoints: readonly Endpoint[],
  parts: DispatchParts,
  force: boolean,
): void {
  story.last = undefined;
  for (const endpoint of endpoints) {
    // One that has no place any more has made the call look around already.
    if (story.tried.has(endpoint)) continue;
    const before = story.attempts.some((attempt) => attempt.endpoint === endpoint);
    if (before && !mayGoOn(story, endpoint, parts)) continue;
    start(story, endpoint, parts, force);
  }
  if (story.live.size === 0 && !story.stopWaiting) giveUp(story, parts);
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
  const usual = Math.max(0, ...endpoints.map((each) => usualTime(call, each, pool, kindOf(call, true)) ?? 0));
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
  if (situation.attempted && !budget.withdraw()) {
    giveUp(story, parts, undefined, UNPAID);
    return;
  }
  start(story, pool.pick(endpoints, story.call), parts, true, undefined, 'panic');
  const attempt = story.attempts.at(-1);
  if (attempt) throttle?.began(attempt.load);
}

function perform<R extends Reply>(story: CallStory<R>, step: Step, situation: Situation, parts: DispatchParts): void {
  switch (step.do) {
    case 'throw':
    case 'refuse':
      giveUp(story, parts, situation.refusals());
      break;
    case 'same': {
      const { attempt, verdict } = story.last as NonNullable<typeof story.last>;
      story.repeat(attempt.endpoint);
      // In the meantime it may have been drained, or have asked another call for a pause.
      const gone = !parts.pool.some(story.call, (each) => each === attempt.endpoint);
      // A fresh credential is no extra load; a lost connection that is tried again is.
      if (gone || (verdict.name === 'connection-lost' && !parts.budget.withdraw())) {
        story.last = { attempt, verdict: { ...verdict, next: 'another' } };
        proceed(story, parts);
        break;
      }
      start(story, attempt.endpoint, parts, false, undefined, 'same endpoint');
      break;
    }
    case 'another': {
      if (story.lookup) {
        askAll(story, eligibleOf(story, parts), parts, false);
        break;
      }
      const endpoint = choose(story, parts) as Endpoint;
      if (situation.attempted && !mayGoOn(story, endpoint, parts)) giveUp(story, parts, undefined, UNPAID);
      else start(story, endpoint, parts, false);
      break;
    }
    case 'ask-again':
      // What was refused before needs no second refusal where another model may be asked.
      if (story.lookup) {
        const alike = situation.refusals().filter(({ kind }) => kind === step.refusal.kind);
        askAll(
          story,
          alike.map(({ endpoint }) => endpoint),
          parts,
          true,
        );
      } else if (step.refusal.kind === 'refused' && fallBack(story, parts)) proceed(story, parts);
      else if (situation.attempted && !mayGoOn(story, step.refusal.endpoint, parts))
        giveUp(story, parts, undefined, UNPAID);
      else start(story, step.refusal.endpoint, parts, true, undefined, 'last resort');
      break;
    case 'panic':
      // Nobody has to try the sick while another model serves.
      if (fallBack(story, parts)) proceed(story, parts);
      else panic(story, situation, parts);
      break;
    case 'wait':
      // A model that can answer now beats one that may later; a lock is no lack of a model.
      if (story.last?.verdict.name !== 'conflict' && fallBack(story, parts)) proceed(story, parts);
      else wait(story, step, parts, proceed);
      break;
  }
}

/** Decides what is next and begins it. @throws what ends the call. */
export function proceed<R extends Reply>(story: CallStory<R>, parts: DispatchParts): void {
  // A rescue may have said before that no endpoint can take such a call.
  if (story.failure?.verdict.next === 'throw') {
    giveUp(story, parts);
    return;
  }
  // Whoever waits goes before a call that has just come.
  if (parts.room.busy && !story.hadTurn) parts.room.lookIfDue();
  const situation = situationOf(story, parts);
  perform(story, nextStep(situation), situation, parts);
}
