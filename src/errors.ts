/**
 * The library's own errors: only what the SDK has no class for. Everything else a call throws is the SDK's own error.
 * Why a brand besides the class: `instanceof` fails across the ESM and CJS copies of a package, the brand does not.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError, OpenAIError } from 'openai';

/** Why one endpoint did not take a call, as reported by `NoEndpointAvailableError`. */
export interface EndpointRefusal {
  /** The endpoint's name. */
  name: string;
  /** Why it could not take the call, e.g. `cooling down 12 s (429)`. */
  reason: string;
}

const BRAND = Symbol.for('load-balanced-openai.error');

/** Base class of the library's own errors; itself an `OpenAIError`. */
export class LoadBalancerError extends OpenAIError {
  /** Stable, machine-readable word for what happened. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    if (options?.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: options.cause, configurable: true, writable: true });
    }
    Object.defineProperty(this, BRAND, { value: new.target.name });
  }

  /** True for a `LoadBalancerError` of any copy of this package. */
  static isInstance(error: unknown): error is LoadBalancerError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** An option is wrong. The message names its path, what it was and how to mend it; never a secret. */
export class ConfigurationError extends LoadBalancerError {
  /** Every problem found, each with the path of the option. */
  readonly issues: ReadonlyArray<{ path: string; message: string }>;

  constructor(code: string, message: string, issues: ReadonlyArray<{ path: string; message: string }> = []) {
    super(code, message);
    this.issues = issues;
  }
}

/**
 * No endpoint could take the call: nobody serves it, everybody is ejected, or everybody is rate-limited.
 * Carries `status`, `headers` and `retryAfterMs`, so retry layers built for the SDK's errors understand it.
 */
export class NoEndpointAvailableError extends LoadBalancerError {
  /** 429 when any endpoint is out for a rate limit, otherwise 503. */
  readonly status: number;
  /** `retry-after` and `retry-after-ms` when a wait is known. */
  readonly headers: Headers;
  /** How long until the first endpoint may take calls again, in ms; `undefined` when waiting does not help. */
  readonly retryAfterMs: number | undefined;
  /** The same facts in the shape of an API error body. */
  readonly error: { message: string; type: string; code: string };
  /** As in the SDK's errors. */
  readonly type: string;
  /** Each endpoint of the pool and why it did not take the call. */
  readonly endpoints: readonly EndpointRefusal[];

  constructor(
    message: string,
    facts: {
      status: number;
      retryAfterMs: number | undefined;
      endpoints: readonly EndpointRefusal[];
      cause: unknown;
    },
  ) {
    super('no_endpoint_available', message, { cause: facts.cause });
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.endpoints = facts.endpoints;
    this.type = facts.status === 429 ? 'rate_limit_error' : 'server_error';
    this.error = { message, type: this.type, code: this.code };
    this.headers = new Headers();
    if (facts.retryAfterMs !== undefined) {
      this.headers.set('retry-after', String(Math.ceil(facts.retryAfterMs / 1000)));
      this.headers.set('retry-after-ms', String(Math.ceil(facts.retryAfterMs)));
    }
  }
}

/** An id in the call belongs to an endpoint that is gone, or two ids belong to different endpoints. */
export class AffinityError extends LoadBalancerError {
  constructor(message: string) {
    super('affinity', message);
  }
}

/** The client was closed before or during the call. */
export class ClosedError extends LoadBalancerError {
  constructor(message = 'This LoadBalancedOpenAI client was closed; create a new one to make calls.') {
    super('closed', message);
  }
}

/** The SDK's error for a call that ran out of time. */
export function timeoutError(message?: string): Error {
  return new APIConnectionTimeoutError(message === undefined ? {} : { message });
}

/** The SDK's error for a call that its caller aborted, with the signal's reason as `cause`. */
export function abortError(signal: AbortSignal | undefined): Error {
  const error = new APIUserAbortError();
  Object.defineProperty(error, 'cause', { value: signal?.reason, writable: true, configurable: true });
  return error;
}

/** The error for a call to an origin that is no endpoint's: a key would go along. */
export function foreignOriginError(origin: string): Error {
  return new OpenAIError(
    `Refused to send a call to ${origin}: an endpoint's key goes to that endpoint only. Use a path below the base URL, or a client of its own for that host.`,
  );
}

const BAD_REPLY = Symbol('load-balanced-openai.bad-reply');

/**
 * The SDK's connection error for a reply that cannot be used: HTML instead of JSON, a cut body, a stream that just stops.
 * Why branded and no subclass: callers compare the constructor's name.
 */
export function badReplyError(message: string, cause?: unknown): Error {
  const error = new APIConnectionError({ message, cause: cause instanceof Error ? cause : undefined });
  return Object.defineProperty(error, BAD_REPLY, { value: true });
}

/** True for an error made by `badReplyError`. */
export function isBadReply(error: unknown): boolean {
  return typeof error === 'object' && error !== null && BAD_REPLY in error;
}

const CALLERS_LIMIT = Symbol('load-balanced-openai.callers-limit');

/** The error for a reply that a limit of the caller's own refused: nobody's fault, and no other endpoint would help. */
export function callersLimitError(message: string): Error {
  return Object.defineProperty(new OpenAIError(message), CALLERS_LIMIT, { value: true });
}

/** True for an error made by `callersLimitError`. */
export function isCallersLimit(error: unknown): boolean {
  return typeof error === 'object' && error !== null && CALLERS_LIMIT in error;
}

/** The SDK's error for an error object that came with a status of 200. */
export function embeddedError(error: object, headers: Headers): Error {
  return new APIError(undefined, error, undefined, headers);
}

const kept = new WeakMap<object, unknown>();

/** Stands for an answer that a content filter cut off, while others are asked; it is not lost. @param answer what the caller gets if they do no better */
export function filteredAnswer(answer: object, headers: Headers): Error {
  const error = embeddedError({ message: 'A content filter cut the answer off.', code: 'content_filter' }, headers);
  kept.set(error, answer);
  return error;
}

/** The answer that such an error stands for. */
export function answerKeptIn(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? kept.get(error) : undefined;
}
