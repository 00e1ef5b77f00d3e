/**
 * A call that reads what nobody is known to have: everybody is asked at once, and the first who has it answers. What one of
 * those asked says is weighed here: "not here" is no answer while another one cannot say. Pure but for the story's own notes.
 */
import type { Verdict } from '../call/outcome.ts';
import type { Refusal } from '../pool/eligibility.ts';
import type { Pool } from '../pool/pool.ts';
import type { CallStory, Failure, Reply } from './call-story.ts';
import { isPassing } from './next-step.ts';

/** Refusals that speak of the thing asked for. Of what was made elsewhere they say nothing about the endpoint either. */
const NOT_HERE: ReadonlySet<string> = new Set([
  'not-found',
  'caller-error',
  'model-missing',
  'operation-missing',
  'not-supported',
  'redirected',
]);

/**
 * Nobody chose the endpoint for such a call: some refuse all paths that they do not have as they refuse a wrong key. What the
 * key is worth for other calls, these find out themselves.
 */
function ofUnasked(found: Verdict): Verdict {
  const { cooldown } = found;
  if (found.name !== 'credentials-refused' || cooldown?.scope !== 'endpoint') return found;
  return { ...found, cooldown: { ...cooldown, scope: 'operation' } };
}

/** What an outcome means where one of many was asked: a refusal ends nothing, keeps nobody else away, and is not asked for twice. */
export function ofOneAsked<R extends Reply>(
  verdict: Verdict,
  { call, lookup }: Pick<CallStory<R>, 'call' | 'lookup'>,
): Verdict {
  const found = lookup || call.part ? ofUnasked(verdict) : verdict;
  if (!lookup) return found;
  if (NOT_HERE.has(found.name)) {
    const { cooldown: _, ...rest } = found;
    return { ...rest, health: 'neutral', next: 'another', again: false };
  }
  // The key may be good for all the rest: whose paths want another one shall not lose its other calls by our asking.
  if (found.name === 'credentials-refused' && found.cooldown)
    return { ...found, cooldown: { ...found.cooldown, scope: 'operation' } };
  // Nor shall it lose them for failing at paths that it may never have had; who cannot be reached is another matter.
  if (found.health === 'failure' && found.scope === 'model') return { ...found, health: 'neutral' };
  return found.next === 'throw' && found.name !== 'aborted' ? { ...found, next: 'another', again: false } : found;
}

/** How much an answer counts: who could not say outweighs all who do not have it, since nobody can know then. */
function weight<R extends Reply>({ attempt, verdict }: Failure<R>): number {
  const { status } = attempt.report;
  if (isPassing(verdict)) return status === undefined ? 2 : 3;
  return verdict.name === 'not-found' && status === 404 ? 1 : 0;
}

/** Notes what an endpoint said; of what all said last, that counts which weighs most. */
export function noteAnswer<R extends Reply>(story: CallStory<R>, answer: Failure<R>): void {
  const answers = story.lookup;
  if (!answers) return;
  answers.set(answer.attempt.endpoint, answer);
  const failure = [...answers.values()].reduce((most, each) => (weight(each) > weight(most) ? each : most));
  story.failure = failure;
  // "Not here" is no failure after which something is repaired or waited for.
  story.last = isPassing(failure.verdict) ? failure : undefined;
  // All who were asked together are one attempt of the call.
  if (story.live.size === 0 && story.last) story.counted += 1;
}

/** Those who could not be asked, and what the others said; empty when everybody was heard, or the failure met tells more. */
export function unheard<R extends Reply>(story: CallStory<R>, pool: Pick<Pool, 'refusals'>): Refusal[] {
  if (story.failure && isPassing(story.failure.verdict)) return [];
  const open = pool
    .refusals(story.call, story.tried)
    .filter(({ endpoint, kind }) => kind !== 'unfit' && !story.barred.has(endpoint));
  if (open.length === 0) return [];
  const heard = [...story.barred].flatMap((endpoint): Refusal | [] => {
    const asked = story.attempts.findLast((attempt) => attempt.endpoint === endpoint);
    if (!asked) return [];
    const { status = 'error' } = asked.report;
    const reason = status === 404 ? 'does not have it' : `refused to say (${status})`;
    return { endpoint, kind: 'tried', reason, until: 0, rateLimited: false, ejected: false };
  });
  return [...heard, ...open];
}
