/** The part of the verdict table for attempts that ended with an HTTP status. Pure. */
import type { Call } from '../call/call.ts';
import type { CooldownOrder, FailoverReason, Verdict } from '../call/outcome.ts';
import type { OwnedId } from '../call/owned-id.ts';
import { OPERATION_MISSING } from '../endpoint/exclusion.ts';
import { exhaustedReset, retryHint } from '../endpoint/rate-limits.ts';
import type { ClassifyContext } from './classify-context.ts';
import { type Meaning, means } from './meanings.ts';
import type { ErrorFacts } from './signals.ts';
import { verdict } from './verdicts.ts';

const MINUTE = 60_000;

/** The server says that it shall not be asked again in this call. `true` on a 4xx is not believed. */
export const final = (facts: ErrorFacts): boolean => facts.headers?.get('x-should-retry') === 'false';

/** What `failoverOn` and `fallbacks` can make move, by its codes, and by the words of those who send none. */
const REASONS: readonly (readonly [FailoverReason, RegExp])[] = [
  [
    'content-filter',
    /content_filter|content_policy|responsibleai|data_inspection_failed|moderation_blocked|content management policy|violating our usage policy/i,
  ],
  [
    'context-length',
    /context_length_exceeded|exceed_context_size|string_above_max_length|maximum (context|prompt) length|context (window|size)|(prompt|input) is too long|input token count/i,
  ],
  [
    'unsupported-parameter',
    /(unsupported|unknown)[_ ](parameter|value)|extra_forbidden|extra inputs are not permitted|unrecognized request argument/i,
  ],
];

/** Words by which a 404 is about something that the call names. */
const NAMED = /\bid\b|no such|does not exist|prompt|['"`]\w+[-_]\w+['"`]/i;

const refuse = (scope: CooldownOrder['scope'], reason: string, ms: number): CooldownOrder => ({
  scope,
  reason,
  ms,
  pause: false,
});
const pause = (reason: string, ms: number | undefined): CooldownOrder => ({ scope: 'model', reason, ms, pause: true });

/** No money left: waiting for minutes may help, waiting for seconds does not. */
export function outOfCredit(hint: number | undefined): Verdict {
  const grows = { first: 10 * MINUTE, longest: 60 * MINUTE };
  const cooldown = { scope: 'endpoint', reason: 'out of credit', ms: hint, grows, pause: false } as const;
  return verdict('out-of-credit', { cooldown });
}

const modelMissing = () => verdict('model-missing', { cooldown: refuse('model', 'model not found', 5 * MINUTE) });
const forbidden = (scope: CooldownOrder['scope'], status: number) =>
  verdict('forbidden', { cooldown: refuse(scope, String(status), 5 * MINUTE) });

/** What a refusal may really say, whatever its status; the first that fits counts. */
const REFUSALS: readonly (readonly [Meaning, (status: number, hint: number | undefined) => Verdict])[] = [
  ['no-model', modelMissing],
  ['not-for-this', () => verdict('model-missing', { cooldown: refuse('use', 'not for this model', 5 * MINUTE) })],
  ['no-right', (status) => forbidden('operation', status)],
  ['bad-key', (status) => verdict('credentials-refused', { cooldown: refuse('endpoint', String(status), 5 * MINUTE) })],
  ['no-credit', (_, hint) => outOfCredit(hint)],
  ['no-region', (status) => forbidden('model', status)],
];

function refusal(status: number, facts: ErrorFacts, hint: number | undefined): Verdict | undefined {
  return REFUSALS.find(([meaning]) => means(meaning, facts))?.[1](status, hint);
}

function callersOwn(facts: ErrorFacts, { failoverOn }: ClassifyContext, known?: FailoverReason): Verdict {
  const said = `${facts.codes.join(' ')} ${facts.said}`;
  const reason = known ?? REASONS.find(([, words]) => words.test(said))?.[0];
  if (reason === undefined) return verdict('caller-error');
  return verdict(failoverOn.includes(reason) ? 'not-supported' : 'caller-error', { reason });
}

const binds = ({ soft }: OwnedId) => soft !== true;

function missing(facts: ErrorFacts, call: Call, { serves }: ClassifyContext): Verdict {
  const { operation, ownerIds } = call;
  // A model asked about by its name: another endpoint may know it, and others may be known here.
  if (operation.named && !operation.ids.some(binds)) return verdict('not-supported');
  if (means('no-provider', facts)) return verdict('not-supported');
  const other = refusal(404, facts, undefined);
  if (other) return other;
  // An object's id is unknown here, or a path nobody documented: the caller's own affair.
  if (ownerIds.some(binds) || operation.ids.some(binds) || operation.name === 'other') return verdict('not-found');
  // Something that the call names is unknown: another endpoint may know it, and nobody else has to suffer.
  const named = facts.param !== undefined || NAMED.test(facts.message);
  if (named || serves) return verdict('not-supported');
  return verdict('operation-missing', { cooldown: refuse('operation', OPERATION_MISSING, 10 * MINUTE) });
}

type Rule = (facts: ErrorFacts, call: Call, context: ClassifyContext, hint: number | undefined) => Verdict;

const limited: Rule = (facts, _call, _context, hint) => {
  if (means('no-credit', facts)) return outOfCredit(hint);
  // More than the account may ever ask at once: nobody else has to wait for that.
  if (means('too-large', facts)) return verdict('rate-limited');
  const reset = hint ?? (facts.headers && exhaustedReset(facts.headers));
  return verdict('rate-limited', { cooldown: pause('429', reset) });
};

const BY_STATUS: Readonly<Record<number, Rule>> = {
  401: (facts, _call, context, hint) => {
    const other = refusal(401, facts, hint);
    if (other && other.name !== 'credentials-refused') return other;
    return context.renewable && context.mayRepeat
      ? verdict('credentials-refused', { next: 'same' })
      : verdict('credentials-refused', { cooldown: refuse('endpoint', '401', 5 * MINUTE) });
  },
  402: (facts, _call, _context, hint) => (means('too-large', facts) ? verdict('not-supported') : outOfCredit(hint)),
  403: (facts, _call, context, hint) => {
    const { metadata = {} } = facts;
    if (means('moderated', facts) || 'flagged_input' in metadata || 'reasons' in metadata) {
      return callersOwn(facts, context, 'content-filter');
    }
    return refusal(403, facts, hint) ?? forbidden('model', 403);
  },
  404: missing,
  405: missing,
  // Said by a proxy, never by the API; an endpoint that is reached another way can answer.
  407: () => verdict('connect-failed', { health: 'neutral', again: false }),
  408: (_facts, _call, _context, hint) =>
    verdict('timed-out', hint === undefined ? {} : { cooldown: pause('408', hint) }),
  409: (facts, _call, context) =>
    context.mayRepeat && !final(facts) ? verdict('conflict') : verdict('conflict', { next: 'throw' }),
  413: (facts, _call, context) => callersOwn(facts, context),
  415: (facts, _call, context) => callersOwn(facts, context),
  422: (facts, _call, context) => callersOwn(facts, context),
  429: limited,
  // Groq's own: no capacity in the tier that the call asked for.
  498: (facts, call, context, hint) =>
    facts.codes.includes('capacity_exceeded') ? limited(facts, call, context, hint) : callersOwn(facts, context),
  501: missing,
  505: () => verdict('not-supported'),
};

/** The verdict for a status. */
export function statusVerdict(status: number, facts: ErrorFacts, call: Call, context: ClassifyContext): Verdict {
  const hint = facts.headers && retryHint(facts.headers, context.wallNow);
  const rule = BY_STATUS[status];
  if (rule) return rule(facts, call, context, hint);
  if (status >= 300 && status < 400)
    return verdict('redirected', { cooldown: refuse('endpoint', 'redirects elsewhere', 5 * MINUTE) });
  if (status < 500) {
    // Served a moment ago, it is there: what one call is refused in such words keeps nobody else away.
    if (context.servesModel && means('no-model', facts)) return verdict('model-missing');
    return refusal(status, facts, hint) ?? callersOwn(facts, context);
  }
  // A relay without anybody behind it for the model.
  if (facts.codes.includes('model_not_found')) return modelMissing();
  const name = status === 503 || status === 529 ? 'overloaded' : 'server-error';
  return verdict(name, hint === undefined ? {} : { cooldown: pause(String(status), hint) });
}
