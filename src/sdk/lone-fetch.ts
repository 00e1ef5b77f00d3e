/**
 * `balancer.fetch` of a client without a pool: one exchange as that client would make it, with its key, and nothing besides. Why
 * through a clone: what the SDK knows of keys, providers and headers stays its own affair.
 */
import type { OpenAI } from 'openai';
import { placeOf, usualBase } from './fetch-address.ts';
import { type FetchArguments, readFetch } from './fetch-request.ts';

type Fetch = typeof globalThis.fetch;

/** @param client who has no pool. */
export function loneFetch(client: OpenAI): Fetch {
  return async (...[input, init]: FetchArguments) => {
    const { url, method, headers, body, signal } = await readFetch(input, init);
    signal?.throwIfAborted();
    const { path, query } = placeOf(url, [{ url: client.baseURL }, usualBase]);
    const own = (client as unknown as { fetch: Fetch }).fetch;
    let reply: Response | undefined;
    let failure: { readonly error: unknown } | undefined;
    const through: Fetch = async (target, options) => {
      try {
        // The caller's own signal beside the SDK's, which is let go of when the headers are there.
        const signals = [signal, options?.signal].filter((each) => each instanceof AbortSignal);
        reply = await own(target, { ...options, signal: AbortSignal.any(signals) });
      } catch (error) {
        failure = { error };
        throw error;
      }
      // What it would make an error of is the caller's to read.
      return new Response(null, { status: 204 });
    };
    const clone = client.withOptions({ fetch: through, maxRetries: 0 });
    try {
      const options = { method, path, query, headers, body: typeof body === 'string' ? Buffer.from(body) : body };
      await clone.request(options as Parameters<OpenAI['request']>[0]).asResponse();
    } catch (error) {
      throw failure ? failure.error : error;
    }
    return reply as Response;
  };
}
