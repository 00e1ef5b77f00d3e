/**
 * Step 4: an outcome becomes a verdict. Pure and table-driven; the loop acts on it.
 * Source of the rows: the API's documented errors, and what Azure and router vendors were seen to send.
 */
import type { Call } from '../call/call.ts';
import type { CooldownOrder, Outcome, Verdict } from '../call/outcome.ts';
import type { FailoverReason } from '../config/options.ts';
import { exhaustedReset, retryHint } from '../endpoint/rate-limits.ts';
import { connectionVerdict } from './classify-connection.ts';
import type { ClassifyContext } from './classify-context.ts';
import { type ErrorFacts, factsOf } from './signals.ts';
import { verdict } from './verdicts.ts';

const MODEL_CODES = new Set([
  'model_not_found',
  'deploymentnotfound',
  'operationnotsupported',
  'unknown_model',
  'invalid_model',
  'model_not_available',
]);
const CREDIT_CODES = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'insufficient_credits',
]);
const CREDIT_WORDS =
  /credit balance|insufficient (credit|fund|balance|quota)|billing (hard )?limit|exceeded your current quota/i;
const MODERATED = new Set(['content_policy_violation', 'content_filter', 'moderation_blocked']);
const MINUTE = 60_000;

/** Codes that `failoverOn` can make move. */
const MOVABLE: Readonly<Record<FailoverReason, RegExp>> = {
  'content-filter': /content_filter|content_policy_violation|responsibleai/,
  'context-length': /context_length_exceeded/,
  'unsupported-parameter': /unsupported_(parameter|value)/,
};

const has = (codes: ReadonlySet<string>, facts: ErrorFacts) => facts.codes.some((code) => codes.has(code));
const refuse = (scope: CooldownOrder['scope'], reason: string, ms: number): CooldownOrder => ({
  scope,
  reason,
  ms,
  pause: false,
});
const pause = (reason: string, ms: number | undefined): CooldownOrder => ({ scope: 'model', reason, ms, pause: true });

function outOfCredit(hint: number | undefined): Verdict {
  const grows = { first: 10 * MINUTE, longest: 60 * MINUTE };
  const cooldown = { scope: 'endpoint', reason: 'out of credit', ms: hint, grows, pause: false } as const;
  return verdict('out-of-credit', { cooldown });
}

function callersOwn(facts: ErrorFacts, context: ClassifyContext): Verdict {
  const moves = context.failoverOn.some((reason) => facts.codes.some((code) => MOVABLE[reason].test(code)));
  return moves ? verdict('not-supported') : verdict('caller-error');
}

function missing(facts: ErrorFacts, call: Call): Verdict {
  const { operation, ownerIds } = call;
  // A model asked about by its name: another endpoint may know it, and others may be known here.
  if (operation.named && operation.ids.length === 0) return verdict('not-supported');
  if (has(MODEL_CODES, facts))
    return verdict('model-missing', { cooldown: refuse('model', 'model not found', 5 * MINUTE) });
  if (/no endpoints found/i.test(facts.message)) return verdict('not-supported');
  // An object's id is unknown here, or a path nobody documented: the caller's own affair.
  if (ownerIds.length > 0 || operation.ids.length > 0 || operation.name === 'other') return verdict('not-found');
  // Something that the call names is unknown: another endpoint may know it, and nobody else has to suffer.
  if (/\bid\b|no such|does not exist|prompt|['"`]\w+[-_]\w+['"`]/i.test(facts.message)) return verdict('not-supported');
  return verdict('operation-missing', { cooldown: refuse('operation', 'operation not found', 10 * MINUTE) });
}

type Rule = (facts: ErrorFacts, call: Call, context: ClassifyContext, hint: number | undefined) => Verdict;

const BY_STATUS: Readonly<Record<number, Rule>> = {
  400: (facts, _call, context, hint) => {
    if (has(MODEL_CODES, facts) || /api[- ]version/i.test(facts.message)) {
      return verdict('model-missing', { cooldown: refuse('model', 'model not found', 5 * MINUTE) });
    }
    if (has(CREDIT_CODES, facts) || CREDIT_WORDS.test(facts.message)) return outOfCredit(hint);
    return callersOwn(facts, context);
  },
  401: (_facts, _call, context) =>
    context.renewable && context.mayRepeat
      ? verdict('credentials-refused', { next: 'same' })
      : verdict('credentials-refused', { cooldown: refuse('endpoint', '401', 5 * MINUTE) }),
  402: (_facts, _call, _context, hint) => outOfCredit(hint),
  403: (facts, _call, context) => {
    const moderated =
      has(MODERATED, facts) || (facts.metadata && ('flagged_input' in facts.metadata || 'reasons' in facts.metadata));
    return moderated
      ? callersOwn(facts, context)
      : verdict('forbidden', { cooldown: refuse('model', '403', 5 * MINUTE) });
  },
  404: missing,
  405: missing,
  // Said by a proxy, never by the API; an endpoint that is reached another way can answer.
  407: () => verdict('connect-failed', { health: 'neutral', again: false }),
  408: (_facts, _call, _context, hint) =>
    verdict('timed-out', hint === undefined ? {} : { cooldown: pause('408', hint) }),
  409: (_facts, _call, context) => (context.mayRepeat ? verdict('conflict') : verdict('conflict', { next: 'throw' })),
  429: (facts, _call, _context, hint) => {
    if (has(CREDIT_CODES, facts)) return outOfCredit(hint);
    const reset = hint ?? (facts.headers && exhaustedReset(facts.headers));
    return verdict('rate-limited', { cooldown: pause('429', reset) });
  },
  501: missing,
  505: () => verdict('not-supported'),
};

function statusVerdict(status: number, facts: ErrorFacts, call: Call, context: ClassifyContext): Verdict {
  // Credentials that one call brought along are its own affair.
  if (call.ownCredentials && (status === 401 || status === 402 || status === 403)) return verdict('caller-error');
  const hint = facts.headers && retryHint(facts.headers, context.wallNow);
  const rule = BY_STATUS[status];
  if (rule) return rule(facts, call, context, hint);
  if (status >= 300 && status < 400)
    return verdict('redirected', { cooldown: refuse('endpoint', 'redirects elsewhere', 5 * MINUTE) });
  if (status < 500) return callersOwn(facts, context);
  const name = status === 503 || status === 529 ? 'overloaded' : 'server-error';
  return verdict(name, hint === undefined ? {} : { cooldown: pause(String(status), hint) });
}

/** An error object or event inside a 200 without a status of its own: judged by its code. */
function embeddedVerdict(facts: ErrorFacts, call: Call, context: ClassifyContext): Verdict {
  const said = facts.codes.join(' ');
  if (/rate_limit/.test(said)) return statusVerdict(429, facts, call, context);
  if (has(CREDIT_CODES, facts)) return outOfCredit(undefined);
  if (has(MODEL_CODES, facts)) return statusVerdict(404, facts, call, context);
  if (/invalid_request|context_length|content_filter|content_policy/.test(said)) return callersOwn(facts, context);
  return verdict(/overloaded/.test(said) ? 'overloaded' : 'server-error');
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
  // Inside a body, the reply had begun: something was done there.
  if (outcome.phase === 'body' && found.health === 'failure') found = { ...found, maybeExecuted: true };
  // The server rules itself out for this call; other endpoints stay allowed. `true` on a 4xx is not believed.
  return facts.headers?.get('x-should-retry') === 'false' ? { ...found, again: false } : found;
}
