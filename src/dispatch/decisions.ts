/** Takes down why a call goes where it goes: who stood to choose, who did not and why, who was picked, how long it waited, why it ended. */
import type { Beside } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Pool } from '../pool/pool.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { Choice } from './choice.ts';
import { type Absence, absent, absentFor } from './lineup.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Decisions kept of one call. */
const MOST_DECISIONS = 16;

interface DecisionParts {
  readonly clock: Clock;
  readonly pool: Pick<Pool, 'endpoints' | 'eligible' | 'strategy'>;
  readonly budget: Pick<RetryBudget, 'left'>;
}

/** Why a pick is not the strategy's. */
export type Cause = Beside | 'same endpoint' | 'panic' | 'last resort';

const NOBODY: readonly Absence[] = [];

/** What keeps an endpoint from this call alone. */
function ownReason<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, now: number): Absence | undefined {
  const { only, barred, paused, tried, live } = story;
  const because = (reason: string, until = 0): Absence => ({ endpoint: endpoint.name, reason, until });
  if (only && endpoint !== only) return because(`the call belongs to ${only.name}`);
  const until = paused?.get(endpoint) ?? 0;
  if (until > now) return because('cooling down (429)', until);
  for (const attempt of live) if (attempt.endpoint === endpoint) return because('its attempt still runs');
  return barred.has(endpoint) || tried.has(endpoint) ? because('failed this call') : undefined;
}

/** Looks at who stands to choose, before anything of it changes. */
function look<R extends Reply>(choice: Choice, story: CallStory<R>, { pool, clock, budget }: DecisionParts): void {
  const { call, decisions } = story;
  const { endpoints } = pool;
  if (!story.only && story.tried.size === 0 && story.barred.size === 0 && !story.paused) {
    const all = choice.candidates ?? pool.eligible(call);
    choice.see(all, all.length === endpoints.length ? NOBODY : absentFor(endpoints, all, call));
  } else {
    const now = clock.now();
    const own = (endpoint: Endpoint) => ownReason(story, endpoint, now);
    const eligible = choice.candidates ?? pool.eligible(call).filter((endpoint) => own(endpoint) === undefined);
    choice.see(eligible, absent(endpoints, eligible, call, own));
  }
  if (call.insteadOf !== undefined) choice.rare = { ...choice.rare, model: call.model as string };
  // What comes first is paid by nobody.
  if (decisions && budget.left < Number.POSITIVE_INFINITY) choice.rare = { ...choice.rare, budget: budget.left };
}

function causeOf<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, { pool }: DecisionParts): string {
  if (story.call.pin !== undefined) return 'pinned';
  if (story.only) return 'bound';
  if (story.prefer === endpoint) return 'preferred';
  return story.call.session === undefined ? (pool.strategy.name ?? 'strategy') : 'session';
}

function keep<R extends Reply>(story: CallStory<R>, choice: Choice, { clock }: DecisionParts, now = clock.now()): void {
  choice.made(now, story.call.startedAt);
  // A list that grows takes room for many more; mostly this is the only one.
  if (story.decisions) story.decisions.push(choice);
  else story.decisions = [choice];
}

const isFull = <R extends Reply>({ decisions }: CallStory<R>) => decisions?.length === MOST_DECISIONS;

/** The pool's pick, taken down as far as its calls are. */
export function noting<R extends Reply>(
  story: CallStory<R>,
  pick: (note: Choice | undefined) => Endpoint | undefined,
): Endpoint | undefined {
  const choice = isFull(story) ? undefined : new Choice();
  story.choice = choice;
  const endpoint = pick(choice);
  if (choice) choice.endpoint = endpoint;
  return endpoint;
}

/** A decision about to be made, as it is before the attempt counts as begun; `undefined` = enough is known. */
export function deciding<R extends Reply>(
  story: CallStory<R>,
  parts: DecisionParts,
  endpoint?: Endpoint,
): Choice | undefined {
  const { choice: before } = story;
  story.choice = undefined;
  if (isFull(story)) return undefined;
  const choice = before && before.endpoint === endpoint ? before : new Choice();
  look(choice, story, parts);
  return choice;
}

/** An attempt began as decided. @param cause why it is not the strategy's choice. */
export function decided<R extends Reply>(
  story: CallStory<R>,
  choice: Choice,
  { endpoint, report, load }: Attempt<R>,
  parts: DecisionParts,
  cause?: Cause,
): void {
  choice.report = report;
  choice.reason = cause ?? causeOf(story, endpoint, parts);
  keep(story, choice, parts, load.startedAt);
}

/** The call begins to wait. @returns what notes how long it did. */
export function decidedToWait<R extends Reply>(
  story: CallStory<R>,
  { ms, reason }: { readonly ms: number; readonly reason: string },
  parts: DecisionParts,
): (() => void) | undefined {
  const choice = deciding(story, parts);
  if (!choice) return undefined;
  const { clock } = parts;
  const begun = clock.now();
  const rare = { ...choice.rare, waitMs: ms };
  choice.rare = rare;
  choice.reason = reason;
  keep(story, choice, parts);
  return () => {
    rare.waitMs = clock.now() - begun;
  };
}

/** Why a call ends that others could take. */
export const UNPAID = 'the retry budget is used up';

function whyOver<R extends Reply>({ call, last, counted }: CallStory<R>): string | undefined {
  if (!last) return undefined;
  if (call.replay !== 'free' && last.verdict.maybeExecuted) return 'it may have been carried out';
  if (call.replay === 'once') return 'its body can be read once';
  return counted >= call.maxAttempts ? 'no attempts left' : undefined;
}

/** Nothing more is tried: the call ends. @param why where others could take it; else its story tells. */
export function decidedToEnd<R extends Reply>(story: CallStory<R>, parts: DecisionParts, why = whyOver(story)): void {
  // An answer that is the caller's affair was nobody's decision.
  if ((story.last ?? story.failure)?.verdict.next === 'throw') return;
  const choice = deciding(story, parts);
  if (!choice || (choice.isOpen && why === undefined)) return;
  choice.reason = choice.isOpen ? why : 'nobody eligible';
  keep(story, choice, parts);
}
