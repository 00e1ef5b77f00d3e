/** Steps 4 and 5: an attempt's outcome is judged, the endpoint learns from it, and everybody who listens hears of it. */
import type { Outcome, Verdict } from '../call/outcome.ts';
import { outputTokens } from '../call/output-tokens.ts';
import type { Clock } from '../clock.ts';
import type { PoolSettings } from '../config/settings.ts';
import { usedOf } from '../endpoint/held.ts';
import { renewsKey } from '../endpoint/sdk-client.ts';
import { USED_UP } from '../endpoint/used-up.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { PoolLog } from '../observe/pool-log.ts';
import type { Pool } from '../pool/pool.ts';
import { announce } from './announce.ts';
import { hold, suspicionOf } from './blame.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { classify } from './classify.ts';
import { kindOf, usualTime } from './clocks.ts';
import { ofOneAsked } from './lookup.ts';
import { withOwnWord } from './own-word.ts';
import { factsOf } from './signals.ts';
import type { Throttle } from './throttle.ts';
import { verdict } from './verdicts.ts';

/** What learning needs. */
export interface LearnParts {
  readonly clock: Clock;
  readonly settings: Pick<PoolSettings, 'failoverOn' | 'classify' | 'breaker' | 'attemptTimeout'>;
  readonly events: Emitter;
  readonly log: PoolLog;
  readonly pool: Pool;
  /** `undefined` = panic is off. */
  readonly throttle: Throttle | undefined;
}

/** What an attempt was billed, as far as its verdict tells. */
function billed(verdict: Verdict): 'yes' | 'no' | 'maybe' {
  if (verdict.name === 'ok') return 'yes';
  return verdict.maybeExecuted ? 'maybe' : 'no';
}

const cutOf = (outcome: Outcome) => (outcome.is === 'error' ? outcome.cut : undefined);

/** A user's hook that throws has said nothing. */
function ask<Answer>(question: () => Answer, threw: (why: unknown) => void): Answer | undefined {
  try {
    return question();
  } catch (error) {
    threw(error);
    return undefined;
  }
}

/** Longer than usual, and nothing else was answered there since: then the endpoint may be blamed, whoever set the bound. */
function slowAndSilent<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  { clock, pool }: LearnParts,
): boolean {
  const { call } = story;
  const { endpoint, load, reply } = attempt;
  // One caller's small timeout measures an endpoint by its own times only: being slower than its neighbours is no fault.
  const small = call.deadline - call.startedAt < call.clientTimeout && cutOf(outcome) !== 'attempt-timeout';
  const usual = usualTime(call, endpoint, small ? [] : pool.endpoints, kindOf(call, reply !== undefined));
  // What this process itself was late by is nobody's slowness.
  const waited = Math.min(clock.now(), call.deadline) - load.startedAt;
  if (usual === undefined || waited < usual) return false;
  return reply !== undefined || !endpoint.state.answeredSince(load.startedAt);
}

function judged<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  parts: LearnParts,
): Verdict {
  const { call } = story;
  const { endpoint } = attempt;
  const { clock, settings } = parts;
  // Whoever takes a place and gives it back tells the breakers himself how it went.
  if (outcome.is === 'reply' && attempt.reply?.sent === false) return verdict('ok', { health: 'neutral' });
  let found = classify(outcome, call, {
    wallNow: clock.date(),
    failoverOn: settings.failoverOn,
    slowerThanUsual: slowAndSilent(story, attempt, outcome, parts),
    ownBound: settings.attemptTimeout !== 'auto' || endpoint.settings.timeout !== undefined,
    mayRepeat: !story.repeated.has(endpoint) && call.replay !== 'once',
    replayable: call.replay === 'free',
    answeredBefore: endpoint.state.successes > 0,
    serves: endpoint.state.served.has(call.operation.route),
    servesModel: endpoint.state.worksLately(attempt.load.model),
    renewable: renewsKey(endpoint.settings),
    baseURL: endpoint.settings.baseURL,
  });
  found = ofOneAsked(found, story);
  const complain = (why: unknown) => parts.log.mishap('classify', why);
  const { classify: hook } = settings;
  if (hook)
    found = withOwnWord(
      found,
      ask(() => hook(outcome, call), complain),
      outcome,
      complain,
    );
  if (found.health !== 'failure' || outcome.is === 'reply') return found;
  const filter = settings.breaker ? settings.breaker.errorFilter : undefined;
  const mishap = (why: unknown) => parts.log.mishap('breaker.errorFilter', why);
  return filter && ask(() => filter(outcome.error), mishap) === true ? { ...found, health: 'neutral' } : found;
}

/** Whose quota the endpoint draws on, as a reply tells; a key that the call brought along is somebody else's. */
function noteOwner<R extends Reply>(
  { call }: CallStory<R>,
  { endpoint }: Attempt<R>,
  headers: Headers,
  { pool, log }: LearnParts,
): void {
  const names = call.ownCredentials ? [] : pool.noteOwner(endpoint, headers);
  if (names.length > 1) log.oneQuota(names);
}

/** The rate-limit headers of a good reply, read when they come: a stream's end is too late. */
export function noteHeadroom<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  headers: Headers,
  parts: LearnParts,
): void {
  const { endpoint, load } = attempt;
  noteOwner(story, attempt, headers, parts);
  const ms = endpoint.room.note(load, headers, true);
  if (ms === undefined) return;
  const { id: callId, model } = story.call;
  const at = parts.clock.date();
  parts.events.emit({ type: 'endpoint-cooldown', at, callId, endpoint: endpoint.name, model, ms, reason: USED_UP });
}

/** Judges an outcome and lets the endpoint learn from it, once per attempt. */
export function learn<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  parts: LearnParts,
): Verdict {
  const verdict = judged(story, attempt, outcome, parts);
  const { endpoint, report, load } = attempt;
  const { call } = story;
  attempt.cancelAlarm();
  if (attempt.settled) return verdict;
  attempt.settled = true;
  story.live.delete(attempt);
  const suspicion = suspicionOf(story, attempt, verdict);
  report.ms = parts.clock.now() - load.startedAt;
  report.verdict = verdict.name;
  // Who counted tokens counts them.
  report.billed = report.usage ? 'yes' : billed(verdict);
  if (outcome.is === 'error') {
    const { status, headers } = factsOf(outcome.error);
    report.status ??= status;
    if (headers && outcome.phase === 'head') {
      endpoint.room.note(load, headers, false);
      noteOwner(story, attempt, headers, parts);
    }
  }
  const sent = verdict.name !== 'connect-failed' && verdict.name !== 'local-error';
  endpoint.room.settle(load, { sent, used: usedOf(report.usage), billed: report.billed !== 'no' });
  // Of a reply handed out at its headers nobody sees how much it was.
  const units = story.read ? (outputTokens(report.usage) ?? 1) : undefined;
  const cooldown = endpoint.state.end(load, verdict, call.operation.route, suspicion, units);
  const { ownPause } = verdict;
  if (ownPause !== undefined) story.paused.set(endpoint, parts.clock.now() + ownPause);
  const asked = cooldown ?? ownPause;
  if (asked !== undefined) report.retryAfterMs = asked;
  const { events, log, throttle } = parts;
  throttle?.told(load, verdict.health === 'failure');
  const at = parts.clock.date();
  const about = { at, callId: call.id, endpoint: endpoint.name };
  log.attempt(report);
  if (events.active) {
    const { model, status, ms } = report;
    events.emit({ type: 'attempt-end', ...about, model, verdict: verdict.name, status, ms });
  }
  if (suspicion) hold(story, attempt, verdict, parts);
  else announce(call.id, endpoint, verdict.name, parts);
  if (verdict.cooldown && cooldown !== undefined) {
    const { reason, scope } = verdict.cooldown;
    log.cooldown(endpoint.name, verdict.name, cooldown);
    events.emit({
      type: 'endpoint-cooldown',
      ...about,
      model: scope === 'model' || scope === 'use' ? call.model : undefined,
      ms: cooldown,
      reason,
    });
  }
  return verdict;
}
