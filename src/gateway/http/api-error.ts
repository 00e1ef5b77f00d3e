/** Errors as OpenAI's API writes them: what the gateway refuses itself, and what no endpoint replied to. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import {
  AffinityError,
  ClosedError,
  ConfigurationError,
  isCallersLimit,
  NoEndpointAvailableError,
} from '../../errors.ts';

/** What an error reply says. */
export interface ErrorFacts {
  readonly status: number;
  readonly message: string;
  readonly type?: string;
  readonly code: string;
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** A call that the gateway refuses. */
export class Refused extends Error {
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.name = 'Refused';
    this.facts = facts;
  }
}

/** The body of an error reply. */
export function errorBody({ status, message, type, code, param = null }: ErrorFacts): { error: object } {
  const kind = type ?? TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
  return { error: { message, type: kind, param, code } };
}

/** Numbers as headers want them. */
export const retryAfter = (ms: number): Record<string, string> => ({
  'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))),
  'retry-after-ms': String(Math.max(1, Math.ceil(ms))),
});

/** What is said of an error that a call ended with; nothing of what only the log may know. */
export function factsOf(error: unknown): ErrorFacts {
  if (error instanceof Refused) return error.facts;
  if (error instanceof NoEndpointAvailableError) {
    const { status, message, type, code, retryAfterMs } = error;
    return { status, message, type, code, ...(retryAfterMs !== undefined && { headers: retryAfter(retryAfterMs) }) };
  }
  if (error instanceof AffinityError) return { status: 404, message: error.message, code: 'affinity' };
  if (error instanceof ClosedError)
    return { status: 503, message: 'The gateway is shutting down.', code: 'shutting_down' };
  if (isCallersLimit(error)) return { status: 502, message: (error as Error).message, code: 'reply_too_large' };
  if (error instanceof ConfigurationError)
    return { status: 404, message: error.message, code: error.code, param: 'model' };
  if (error instanceof APIUserAbortError) return { status: 499, message: 'The call was given up.', code: 'aborted' };
  if (error instanceof APIConnectionTimeoutError)
    return { status: 504, message: 'No endpoint answered in time.', code: 'timeout' };
  if (error instanceof APIConnectionError)
    return { status: 502, message: error.message || 'No endpoint could be reached.', code: 'connection_failed' };
  if (error instanceof APIError)
    return { status: error.status ?? 502, message: error.message, code: error.code ?? 'upstream_error' };
  return { status: 500, message: 'The gateway failed on this call; its log says more.', code: 'internal_error' };
}

/** For models that nobody here has, and for those somebody may not know of: the two look alike. */
export function unknownModel(name: string): Refused {
  const shown = name.length > 128 ? `${name.slice(0, 128)}…` : name;
  return new Refused({
    status: 404,
    message: `The model ${JSON.stringify(shown)} does not exist or you do not have access to it. GET /v1/models lists what there is.`,
    code: 'model_not_found',
    param: 'model',
  });
}

/** For another method than one that reads, on a path of the gateway's own that is there to be read. */
export const notForReading = (): Refused =>
  new Refused({
    ...{ status: 405, message: 'This is there to be read.', code: 'unknown_method' },
    headers: { allow: 'GET, HEAD' },
  });

/** For an endpoint that sends elsewhere. */
export const redirected = (): Refused =>
  new Refused({
    ...{ status: 502, code: 'redirected' },
    message: 'The endpoint answered with a redirect; nothing is sent to another place.',
  });

/** What is said of an error that a reply broke with after it began. */
export function brokenFacts(error: unknown): ErrorFacts {
  const { message, code } = factsOf(error);
  // It says how long nothing came; somebody did answer.
  if (error instanceof APIConnectionTimeoutError) return { status: 502, message: error.message, code };
  if (code === 'internal_error')
    return { status: 502, message: 'The reply broke before its end.', code: 'reply_broken' };
  return { status: 502, message, code };
}
