/** Step 6: what a call does next, from its story and the pool. Pure: it is told everything and changes nothing. */
import type { Call } from '../call/call.ts';
import type { Verdict, VerdictName } from '../call/outcome.ts';
import type { Refusal } from '../pool/eligibility.ts';

/** All that the decision depends on. Times in monotonic ms. */
export interface Situation {
  readonly call: Call;
  /** Everybody is asked at once who has what the call reads. */
  readonly lookup: boolean;
  /** The failure just met; `undefined` before the first attempt and after a wait. */
  readonly last: Verdict | undefined;
  /** Whether the call was attempted at all. */
  readonly attempted: boolean;
  /** Attempts that count, and waits so far. */
  readonly counted: number;
  readonly waits: number;
  /** Is an eligible endpoint left that was not tried in this round? */
  readonly anyEligible: boolean;
  /** Have all of those, or the one that is asked once more, failed other calls of late, and served nobody since? */
  readonly allFailing: boolean;
  /** Why each of the others cannot; endpoints never to be tried again left out. Asked for only when nobody is eligible. */
  readonly refusals: () => readonly Refusal[];
  /** Whether calls may be let through to ejected endpoints. */
  readonly panic: boolean;
  readonly now: number;
  /** The longest single wait allowed, in ms; 0 = none. */
  readonly longestWait: number;
  /** The backoff of the next wait, in ms. */
  readonly backoff: number;
  /** Others came before it and wait for the same: when the first of them goes, in monotonic ms. */
  readonly behind: number | undefined;
}

/** What to do. */
export type Step =
  | { readonly do: 'throw' }
  /** Nobody can take it, and nothing was attempted. */
  | { readonly do: 'refuse' }
  | { readonly do: 'same' }
  | { readonly do: 'another' }
  /** Everybody is ejected: ask the throttle, then try somebody. */
  | { readonly do: 'panic' }
  /** Nobody lets us in, by what they said before: ask once more, so that the caller gets the real answer. */
  | { readonly do: 'ask-again'; readonly refusal: Refusal }
  /** `costs`: counts as one of the call's retries. `inLine`: for a slot, which others may wait for as well. */
  | {
      readonly do: 'wait';
      readonly ms: number;
      readonly reason: string;
      readonly costs: boolean;
      readonly inLine: boolean;
    };

/** Failures that pass with time; after any other, waiting is pointless. */
const PASSING: ReadonlySet<VerdictName> = new Set([
  'rate-limited',
  'server-error',
  'overloaded',
  'timed-out',
  'connect-failed',
  'connection-lost',
  'bad-reply',
  'local-error',
  'abandoned',
]);

/** True when what was met passes with time: it says nothing of what the endpoint has. */
export function isPassing({ name }: Pick<Verdict, 'name'>): boolean {
  return PASSING.has(name);
}

/** True when the endpoint may be tried again by this call, after a wait. */
export function passes(verdict: Verdict): boolean {
  return verdict.again && isPassing(verdict);
}

const giveUp = (situation: Situation): Step => ({ do: situation.attempted ? 'throw' : 'refuse' });

/** Out for nothing but its health, a pause that it asked for while it failed included: panic may try it. */
export function isSick({ kind, rateLimited, ejected }: Refusal): boolean {
  return ejected && (kind === 'ejected' || (kind === 'limited' && !rateLimited));
}

const fits = ({ now, longestWait, call }: Situation, ms: number) => ms <= longestWait && now + ms < call.deadline;

function wait(situation: Situation, ms: number, reason: string, costs: boolean, inLine = false): Step {
  const { call, waits } = situation;
  // A wait before anything was attempted costs no retry, but a caller that never waits does not begin here either.
  const allowed = costs ? waits < call.maxRetries : call.maxRetries > 0;
  if (!allowed || !fits(situation, ms)) return giveUp(situation);
  return { do: 'wait', ms, reason, costs, inLine };
}

function nobodyEligible(situation: Situation): Step {
  const { now } = situation;
  const open = situation.refusals();
  const soonestOf = (refusals: Refusal[]) => refusals.sort((a, b) => a.until - b.until)[0];
  const soonest = (kind: Refusal['kind']) => soonestOf(open.filter((refusal) => refusal.kind === kind));
  const [limited, ejected, refused] = [soonest('limited'), soonest('ejected'), soonest('refused')];
  // Its pause is no quota, but a failing server's guess: where nobody can wait for that, it is a failure like any other.
  const failing = soonestOf(open.filter(({ kind, rateLimited }) => kind === 'limited' && !rateLimited));
  // Nobody waits or fails because of mere figures.
  const doubtful = soonest('doubtful');
  if (doubtful) return { do: 'ask-again', refusal: doubtful };
  // Whoever lets nobody in as a rule may have it all the same.
  if (situation.lookup && refused) return { do: 'ask-again', refusal: refused };
  const never = Number.POSITIVE_INFINITY;
  // Nobody better is left: whoever refused before is asked once more, so that the caller gets the real answer.
  const lastResort = (): Step => (refused ? { do: 'ask-again', refusal: refused } : giveUp(situation));
  if (situation.last) {
    const tooLong = failing && !fits(situation, failing.until - now);
    const backoff = soonest('tried') || ejected || tooLong ? situation.backoff : never;
    const pause = limited ? limited.until - now : never;
    if (backoff === never && pause === never) return lastResort();
    return limited && pause < backoff
      ? wait(situation, Math.max(1, pause), limited.reason, true, true)
      : wait(situation, backoff, 'backoff', true);
  }
  if (limited) {
    const until = Math.min(limited.until, ejected?.until ?? never);
    // Paid for when it began: others met the limit while this call waited for its end.
    const step = wait(situation, Math.max(1, until - now), limited.reason, false, true);
    if (step.do === 'wait') return step;
    if (failing && !failing.ejected) return { do: 'ask-again', refusal: failing };
    if (!ejected && !failing) return step;
  }
  if (ejected || failing) return situation.panic ? { do: 'panic' } : giveUp(situation);
  return lastResort();
}

/** What is known of the calls let through while everybody is ejected. */
export interface Probing {
  /** Until when the call waits for one at its last ask. */
  readonly until: number;
  /** One that began since then has failed. */
  readonly heard: boolean;
  /** How many run now. */
  readonly running: number;
  /** When the next one goes for certain, in ms. */
  readonly next: number;
}

/** What a call does that the panic throttle turned away: back off like after a failure; at its last ask hear what a probe says. */
export function afterThrottle(situation: Situation, probing: Probing): Step {
  const { call, waits, now } = situation;
  if (waits < call.maxRetries) return wait(situation, situation.backoff, 'every endpoint is ejected', true);
  const left = probing.until - now;
  const ms = probing.running > 0 ? left : Math.min(left, Math.max(1, probing.next));
  const refused = probing.heard && probing.running === 0;
  return refused || ms < 1 ? giveUp(situation) : wait(situation, ms, 'waiting for a probe', false);
}

const ANOTHER: Step = { do: 'another' };

/** Is the next attempt the last one of a call that was attempted before? */
const isLast = ({ attempted, counted, call }: Situation) => attempted && counted === call.maxAttempts - 1;

/** In an outage the last attempt is worth most at the end of the last wait. @returns the wait, as long as there is one. */
export function keepLast(situation: Situation): Step | undefined {
  if (!isLast(situation)) return undefined;
  const step = wait(situation, situation.backoff, 'backoff', true);
  return step.do === 'wait' ? step : undefined;
}

/** Decides the next step of a call. */
export function nextStep(situation: Situation): Step {
  const { last, call, counted } = situation;
  if (last) {
    if (last.next === 'throw') return { do: 'throw' };
    if (call.replay !== 'free' && last.maybeExecuted) return { do: 'throw' };
    // A body that can be read once was read.
    if (call.replay === 'once') return { do: 'throw' };
    if (counted >= call.maxAttempts) return { do: 'throw' };
    // A lock needs a moment; a fresh token or connection does not.
    if (last.name === 'conflict') return wait(situation, situation.backoff, 'conflict', true);
    // Where all connections break, the next one is worth no more than another endpoint.
    const inVain = last.name === 'connection-lost' && isLast(situation) && situation.allFailing;
    if (last.next === 'same') return (inVain ? keepLast(situation) : undefined) ?? { do: 'same' };
  }
  if (!situation.anyEligible) return nobodyEligible(situation);
  const { behind } = situation;
  // Who never waits stands in no line either.
  if (behind !== undefined && call.maxRetries > 0)
    return wait(situation, Math.max(1, behind - situation.now), 'others wait for the same', false, true);
  return (isLast(situation) && situation.allFailing ? keepLast(situation) : undefined) ?? ANOTHER;
}
