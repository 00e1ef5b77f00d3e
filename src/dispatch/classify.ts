/**
 * Step 4: an outcome becomes a verdict. Pure and table-driven; the loop acts on it.
 * Source of the rows: the API's documented errors, and what Azure and router vendors were seen to send.
 */
import type { Call } from '../call/call.ts';
import type { Outcome, Verdict, VerdictName } from '../call/outcome.ts';
import { connectionVerdict } from './classify-connection.ts';
import type { ClassifyContext } from './classify-context.ts';
import { final, outOfCredit, statusVerdict } from './classify-status.ts';
import { means } from './meanings.ts';
import { type ErrorFacts, factsOf } from './signals.ts';
import { verdict } from './verdicts.ts';

/** The status that the code of an error object or event inside a 200 stands for. */
const EMBEDDED: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|resource_exhausted|too_many_requests/, 429],
  [/authentication|unauthenticated|api_key/, 401],
  [/permission/, 403],
  [/not_?found/, 404],
  [/overloaded|unavailable/, 503],
  [/invalid_request|invalid_argument|context_length|content_filter|content_policy|too_large/, 400],
];

/** An error object or event inside a 200 without a status of its own. */
function embeddedVerdict(facts: ErrorFacts, call: Call, context: ClassifyContext): Verdict {
  if (means('no-credit', facts)) return outOfCredit(undefined);
  const codes = facts.codes.join(' ');
  const [, status] = EMBEDDED.find(([words]) => words.test(codes)) ?? [];
  // LM Studio's answer to a path that it does not have.
  if (status === undefined && /^unexpected endpoint or method/i.test(facts.said))
    return statusVerdict(404, facts, call, context);
  return status === undefined ? verdict('server-error') : statusVerdict(status, facts, call, context);
}

/** Verdicts that speak of the credentials alone. */
const OF_CREDENTIALS: ReadonlySet<VerdictName> = new Set(['credentials-refused', 'out-of-credit', 'forbidden']);

/** For a call that brought credentials along: what those are refused is nobody else's affair, and their rate limit is its own. */
function ofOwnCredentials(found: Verdict): Verdict {
  if (OF_CREDENTIALS.has(found.name)) return verdict('caller-error');
  const { cooldown, ...rest } = found;
  if (found.name === 'rate-limited') return cooldown?.ms === undefined ? rest : { ...rest, ownPause: cooldown.ms };
  return cooldown?.pause === false && found.health === 'neutral' ? rest : found;
}

/** What an outcome means. */
export function classify(outcome: Outcome, call: Call, context: ClassifyContext): Verdict {
  if (outcome.is === 'reply') return verdict('ok');
  const facts = factsOf(outcome.error);
  const before = connectionVerdict(outcome, facts, context);
  if (before) return before;
  const embedded = facts.headers !== undefined && (outcome.error as { status?: unknown }).status === undefined;
  let found: Verdict;
  if (embedded && facts.status === undefined) found = embeddedVerdict(facts, call, context);
  else if (facts.status !== undefined) found = statusVerdict(facts.status, facts, call, context);
  // The SDK or the caller's own code threw before anything was sent: no endpoint can mend it.
  else found = verdict('caller-error');
  if (call.ownCredentials) found = ofOwnCredentials(found);
  // Inside a body, the reply had begun: something was done there.
  if (outcome.phase === 'body' && found.health === 'failure') found = { ...found, maybeExecuted: true };
  // The server rules itself out for this call; other endpoints stay allowed.
  return final(facts) ? { ...found, again: false } : found;
}
