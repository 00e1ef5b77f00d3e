/** The part of the verdict table for attempts that ended without a usable HTTP status: cuts, aborts, sockets, credentials. Pure. */
import { APIConnectionError, APIConnectionTimeoutError, APIUserAbortError } from 'openai';
import type { Outcome, Verdict } from '../call/outcome.ts';
import { isBadReply, isCallersLimit } from '../errors.ts';
import type { ClassifyContext } from './classify-context.ts';
import { isProxyFault } from './connection-facts.ts';
import type { ErrorFacts } from './signals.ts';
import { verdict } from './verdicts.ts';

/** The certificate is wrong: this does not pass by itself. */
const CERTIFICATE =
  /^(CERT_|CRL_|ERR_TLS_CERT|ERROR_IN_C|DEPTH_ZERO_SELF|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET|DEC)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EX|HOSTNAME_MIS)/;
/** This machine ran out of something; no endpoint is to blame. */
const LOCAL = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);
/** Said when no port is free, but also of an address of a kind that this machine does not have, e.g. without IPv6. */
const NO_ADDRESS = 'EADDRNOTAVAIL';
/** Said when a socket is opened; nothing is sent without one. */
const NO_SOCKET = new Set(['EMFILE', 'ENFILE', NO_ADDRESS]);
/** The SDK could not get a credential. */
const CREDENTIAL =
  /Failed to get token from 'apiKey' function|Expected 'apiKey' function|Could not resolve authentication method/;

const named = (facts: ErrorFacts, Class: { name: string }) => facts.name === Class.name;

function isConnectionError(error: unknown, facts: ErrorFacts): boolean {
  return (
    error instanceof APIConnectionError || named(facts, APIConnectionError) || named(facts, APIConnectionTimeoutError)
  );
}

/** undici's words for a request that is wrong in itself. */
const UNSENDABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

function cannotBeBuilt(error: unknown, facts: ErrorFacts): boolean {
  if ([...facts.causes].some((code) => UNSENDABLE.has(code))) return true;
  const { cause } = error as { cause?: unknown };
  if (!(cause instanceof TypeError) || cause.cause !== undefined || 'code' in cause) return false;
  return !/fetch failed|terminated|network|load failed/i.test(cause.message);
}

/** What a connection that failed means, by the system's code. */
function socketVerdict(outcome: Outcome & { is: 'error' }, facts: ErrorFacts, context: ClassifyContext): Verdict {
  const otherAddressFailed = [...facts.causes].some((code) => /^E[A-Z]+$/.test(code) && !LOCAL.has(code));
  for (const code of facts.causes) {
    if (LOCAL.has(code) && !(code === NO_ADDRESS && otherAddressFailed))
      return verdict('local-error', { maybeExecuted: !facts.neverSent && !NO_SOCKET.has(code) });
    if (CERTIFICATE.test(code))
      return verdict('connect-failed', {
        cooldown: { scope: 'endpoint', reason: 'TLS certificate', ms: 300_000, pause: false },
      });
  }
  // fetch refused to build the request; what it throws for the network always has a cause.
  if (outcome.phase === 'head' && cannotBeBuilt(outcome.error, facts)) return verdict('caller-error');
  if (outcome.phase === 'head' && (facts.neverSent || outcome.sent === 'no')) {
    // A proxy that is down is in the way of every endpoint: ejecting them all would outlast it.
    return verdict('connect-failed', isProxyFault(facts, context.baseURL) ? { health: 'neutral' } : {});
  }
  // Node's own limit on waiting for headers, 300 s: a slow answer, not a sick endpoint.
  if (facts.causes.has('UND_ERR_HEADERS_TIMEOUT')) return verdict('timed-out', { health: 'neutral' });
  if (outcome.error instanceof APIConnectionTimeoutError || named(facts, APIConnectionTimeoutError))
    return verdict('timed-out');
  if (outcome.phase === 'body') return verdict('connection-lost', { scope: 'model' });
  // A server that closes idle connections now and then meets a request on its way: once more on a fresh one.
  const reset = facts.reusedSocket || facts.causes.has('ECONNRESET') || facts.causes.has('EPIPE');
  const used = reset && context.answeredBefore;
  return used && context.mayRepeat && context.replayable
    ? verdict('connection-lost', { next: 'same', health: 'neutral' })
    : verdict('connection-lost');
}

/** The verdict for an outcome without an HTTP status, or `undefined` when the status decides. */
export function connectionVerdict(
  outcome: Outcome & { is: 'error' },
  facts: ErrorFacts,
  context: ClassifyContext,
): Verdict | undefined {
  const { error, cut } = outcome;
  // Cut by us: it counts only where the time was unusual for this endpoint, or the user set the bound.
  if (cut === 'abandoned') return verdict('abandoned', context.slowerThanUsual ? { health: 'failure' } : {});
  if (cut === 'deadline')
    return verdict('timed-out', { next: 'throw', health: context.slowerThanUsual ? 'failure' : 'neutral' });
  if (cut === 'attempt-timeout') {
    return verdict('timed-out', { health: context.slowerThanUsual || context.ownBound ? 'failure' : 'neutral' });
  }
  if (error instanceof APIUserAbortError || named(facts, APIUserAbortError)) return verdict('aborted');
  if (isBadReply(error)) return verdict(facts.causes.size > 0 ? 'connection-lost' : 'bad-reply', { scope: 'model' });
  if (facts.name === 'OAuthError' || facts.name === 'SubjectTokenProviderError' || CREDENTIAL.test(facts.message)) {
    return verdict('credentials-refused', {
      cooldown: { scope: 'endpoint', reason: 'no credential', ms: 60_000, pause: false },
    });
  }
  if (facts.status !== undefined && !isConnectionError(error, facts)) return undefined;
  if (isConnectionError(error, facts)) return socketVerdict(outcome, facts, context);
  if (isCallersLimit(error)) return verdict('caller-error');
  // After the headers every bare error is the transfer's: cut JSON, a destroyed socket, garbage in a stream.
  if (outcome.phase === 'body' && facts.headers === undefined) return verdict('bad-reply');
  return undefined;
}
