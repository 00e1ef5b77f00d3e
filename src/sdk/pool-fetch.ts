/**
 * `balancer.fetch`: the pool as a plain `fetch`, for libraries that accept nothing else. It speaks fetch's words: a reply of any
 * status is a `Response`, what brought none is a rejection.
 */
import { APIConnectionError } from 'openai';
import { joined, unsteered } from '../call/steering.ts';
import { AffinityError, isBadReply } from '../errors.ts';
import { remember, toldOf } from './attempts.ts';
import type { Caller } from './caller.ts';
import { type Base, placeOf, usualBase } from './fetch-address.ts';
import { type FetchArguments, type FetchRequest, readFetch } from './fetch-request.ts';
import { rawCall } from './raw-call.ts';

/** Replies that an SDK on top would send the call again for. */
const RETRIED = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;
const SHOULD_RETRY = 'x-should-retry';

/** Every base URL below which a caller may name a path. */
function basesOf({ core, client, clientOf }: Caller): Base[] {
  const own = core.pool.endpoints.map((endpoint) => ({
    url: endpoint.settings.baseURL || clientOf(endpoint).baseURL,
    endpoint,
  }));
  return [...own, { url: client.baseURL }, usualBase];
}

/** The caller of a path that one endpoint alone knows. */
function only(caller: Caller, endpoint: string | undefined): Caller {
  const { steering } = caller;
  if (endpoint === undefined || steering.endpoint === endpoint) return caller;
  if (steering.endpoint !== undefined)
    throw new AffinityError(
      `The URL names a deployment of endpoint '${endpoint}', but the call is pinned to '${steering.endpoint}'.`,
    );
  return { ...caller, steering: joined(steering, { ...unsteered, endpoint }) };
}

/** The same with fetch's own word for a connection that failed, which libraries look for. */
function rejection(error: unknown, { signal }: FetchRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (!(error instanceof APIConnectionError)) return error;
  const { cause } = error;
  const own = cause instanceof TypeError && !isBadReply(error);
  const failed = own ? cause : new TypeError('fetch failed', { cause: error });
  remember(failed, toldOf(error) ?? { reports: [] });
  return failed;
}

/** Makes the `fetch` of a client with a pool. @param callerNow who calls, asked at each call. */
export function poolFetch(callerNow: () => Caller): typeof globalThis.fetch {
  return async (...[input, init]: FetchArguments) => {
    const caller = callerNow();
    const request = await readFetch(input, init);
    const { url, ...rest } = request;
    rest.signal?.throwIfAborted();
    const place = placeOf(url, basesOf(caller));
    const { path, query, model } = place;
    try {
      const response = await rawCall(only(caller, place.only), { ...rest, path, query, model });
      // Whoever is on top shall not do again what was done here as often as it may be.
      const over = RETRIED(response.status) && caller.client.maxRetries > 0;
      if (over && !response.headers.has(SHOULD_RETRY)) response.headers.set(SHOULD_RETRY, 'false');
      return response;
    } catch (error) {
      throw rejection(error, request);
    }
  };
}
