/**
 * Writes down why a call goes where it goes: who stood to choose, who did not and why, who was picked, how long it waited. Only for
 * calls whose caller asked for it; all others pay nothing.
 */
import type { Decision, ExclusionReport } from '../call/decision.ts';
import type { Beside } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { endpointRefusal } from '../pool/eligibility.ts';
import type { Pool } from '../pool/pool.ts';
import type { CallStory, Reply } from './call-story.ts';
import { reasonOf } from './no-endpoint.ts';

/** Decisions kept of one call, and names of each list in them. */
const MOST_DECISIONS = 16;
const MOST_NAMES = 20;

interface DecisionParts {
  readonly clock: Clock;
  readonly pool: Pick<Pool, 'endpoints' | 'eligible' | 'strategy'>;
}

/** Why a pick is not the strategy's. */
export type Cause = Beside | 'same endpoint' | 'panic' | 'last resort';

/** The names of a list that stays the same as long as nothing changes in the pool. */
const names = new WeakMap<readonly Endpoint[], string[]>();

function namesOf(list: readonly Endpoint[]): string[] {
  const known = names.get(list);
  if (known) return known;
  const made = list.slice(0, MOST_NAMES).map(({ name }) => name);
  names.set(list, made);
  return made;
}

/** What keeps an endpoint from this call alone. */
function ownReason<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, now: number): string | undefined {
  const { only, barred, paused, tried, live } = story;
  if (only && endpoint !== only) return `the call belongs to ${only.name}`;
  const until = paused?.get(endpoint) ?? 0;
  if (until > now) return reasonOf({ reason: 'cooling down (429)', until }, now);
  for (const attempt of live) if (attempt.endpoint === endpoint) return 'its attempt still runs';
  return barred.has(endpoint) || tried.has(endpoint) ? 'failed this call' : undefined;
}

function excludedFrom<R extends Reply>(
  story: CallStory<R>,
  eligible: readonly Endpoint[],
  { pool, clock }: DecisionParts,
): ExclusionReport[] {
  const now = clock.now();
  const found: ExclusionReport[] = [];
  for (const endpoint of pool.endpoints) {
    if (found.length === MOST_NAMES) break;
    if (eligible.includes(endpoint)) continue;
    const refusal = endpointRefusal(endpoint, story.call, story.tried);
    const general = refusal && refusal.kind !== 'tried' ? reasonOf(refusal, now) : undefined;
    found.push({ endpoint: endpoint.name, reason: general ?? ownReason(story, endpoint, now) ?? 'just came back' });
  }
  return found;
}

function decision<R extends Reply>(story: CallStory<R>, parts: DecisionParts): Decision {
  const { pool, clock } = parts;
  const { call } = story;
  const now = clock.now();
  const all = pool.eligible(call);
  const isFree = !story.only && story.tried.size === 0 && story.barred.size === 0 && !story.paused;
  const eligible = isFree ? all : all.filter((endpoint) => ownReason(story, endpoint, now) === undefined);
  const made: Decision = {
    ms: Math.round((now - call.startedAt) * 10) / 10,
    eligible: namesOf(eligible),
    excluded: eligible.length === pool.endpoints.length ? [] : excludedFrom(story, eligible, parts),
    picked: undefined,
  };
  if (call.insteadOf !== undefined) made.model = call.model as string;
  return made;
}

function causeOf<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, { pool }: DecisionParts): string {
  if (story.call.pin !== undefined) return 'pinned';
  if (story.only) return 'bound';
  if (story.prefer === endpoint) return 'preferred';
  return story.call.session === undefined ? (pool.strategy.name ?? 'strategy') : 'session';
}

/** A decision about to be made, as it is before the attempt counts as begun; `undefined` = nobody wants to know. */
export function deciding<R extends Reply>(story: CallStory<R>, parts: DecisionParts): Decision | undefined {
  const { decisions } = story;
  return decisions && decisions.length < MOST_DECISIONS ? decision(story, parts) : undefined;
}

/** An attempt began as decided. @param cause why it is not the strategy's choice. */
export function decided<R extends Reply>(
  story: CallStory<R>,
  made: Decision,
  endpoint: Endpoint,
  parts: DecisionParts,
  cause?: Cause,
): void {
  made.picked = endpoint.name;
  made.reason = cause ?? causeOf(story, endpoint, parts);
  story.decisions?.push(made);
}

/** The call begins to wait. @returns what notes how long it did. */
export function decidedToWait<R extends Reply>(
  story: CallStory<R>,
  { ms, reason }: { readonly ms: number; readonly reason: string },
  parts: DecisionParts,
): (() => void) | undefined {
  const made = deciding(story, parts);
  if (!made) return undefined;
  const { clock } = parts;
  const begun = clock.now();
  made.waitMs = Math.round(ms);
  made.reason = reason;
  story.decisions?.push(made);
  return () => {
    made.waitMs = Math.round(clock.now() - begun);
  };
}

/** Nobody is left for the call: it ends. */
export function decidedToEnd<R extends Reply>(story: CallStory<R>, parts: DecisionParts): void {
  const made = deciding(story, parts);
  if (!made || made.eligible.length > 0) return;
  made.reason = 'nobody eligible';
  story.decisions?.push(made);
}
