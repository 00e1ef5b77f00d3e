/** Step 5: the endpoint learns from an attempt's outcome, and everybody who listens hears of it. */
import type { Outcome, Verdict } from '../call/outcome.ts';
import { outputTokens } from '../call/output-tokens.ts';
import { usedOf } from '../endpoint/held.ts';
import { USED_UP } from '../endpoint/used-up.ts';
import type { Emitter } from '../observe/emitter.ts';
import { announce } from './announce.ts';
import { hold, suspicionOf } from './blame.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { type JudgeParts, judge } from './judge.ts';
import { factsOf } from './signals.ts';
import type { Throttle } from './throttle.ts';

/** What learning needs. */
export interface LearnParts extends JudgeParts {
  readonly events: Emitter;
  /** `undefined` = panic is off. */
  readonly throttle: Throttle | undefined;
}

/** What an attempt was billed, as far as its verdict tells. */
function billed(verdict: Verdict): 'yes' | 'no' | 'maybe' {
  if (verdict.name === 'ok') return 'yes';
  return verdict.maybeExecuted ? 'maybe' : 'no';
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
  const verdict = judge(story, attempt, outcome, parts);
  const { endpoint, report, load } = attempt;
  const { call } = story;
  attempt.alarm = undefined;
  if (attempt.settled) return verdict;
  attempt.settled = true;
  story.live.delete(attempt);
  const suspicion = suspicionOf(story, attempt, verdict);
  const now = parts.clock.now();
  report.ms = now - load.startedAt;
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
  endpoint.room.settle(load, { sent, used: usedOf(report.usage), billed: report.billed !== 'no' }, now);
  // Of a reply handed out at its headers nobody sees how much it was.
  const units = story.read ? (outputTokens(report.usage) ?? 1) : undefined;
  const cooldown = endpoint.state.end(load, verdict, call.operation.route, suspicion, units);
  const { ownPause } = verdict;
  if (ownPause !== undefined) {
    story.paused ??= new Map();
    story.paused.set(endpoint, now + ownPause);
  }
  const asked = cooldown ?? ownPause;
  if (asked !== undefined) report.retryAfterMs = asked;
  const { events, log, throttle } = parts;
  throttle?.told(load, verdict.health === 'failure');
  const { id: callId } = call;
  log.attempt(report);
  if (events.wants('attempt-end')) {
    const { model, status, ms } = report;
    const { firstMs } = attempt;
    const replyModel = attempt.replyModel || undefined;
    const at = parts.clock.date();
    const judged = { endpoint: endpoint.name, model, verdict: verdict.name };
    const { usage } = report;
    const number = story.attempts.indexOf(attempt) + 1;
    const more = { attempt: number, usage, replyModel };
    events.emit({ type: 'attempt-end', at, callId, ...judged, status, ms, firstMs, ...more });
  }
  if (suspicion) hold(story, attempt, verdict, parts);
  else announce(callId, endpoint, verdict.name, parts);
  if (verdict.cooldown && cooldown !== undefined) {
    const { reason, scope } = verdict.cooldown;
    log.cooldown(endpoint.name, verdict.name, cooldown);
    events.emit({
      type: 'endpoint-cooldown',
      at: parts.clock.date(),
      callId,
      endpoint: endpoint.name,
      model: scope === 'model' || scope === 'use' ? call.model : undefined,
      ms: cooldown,
      reason,
    });
  }
  return verdict;
}
