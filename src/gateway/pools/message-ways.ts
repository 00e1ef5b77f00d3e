/**
 * How the endpoints of a pool take calls of the Messages API: Anthropic's as they are, all others by translation. A pool that has both
 * is two clients for such calls, since one call cannot change its words on its way from one endpoint to the next.
 */
import type { EndpointOptions } from '../../config/endpoint-options.ts';
import type { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import { anthropicFetch } from '../config/anthropic-fetch.ts';

/** A part of a pool that takes calls of the Messages API in one way. */
export interface MessageWay {
  /** As they are, by endpoints of Anthropic's; else by translation. */
  readonly native: boolean;
  readonly client: LoadBalancedOpenAI;
  /** The pool's names of its members. */
  readonly members: readonly string[];
}

const isNative = (endpoint: EndpointOptions) => 'fetch' in endpoint && endpoint.fetch === anthropicFetch;
const namesOf = (endpoints: readonly EndpointOptions[]) => endpoints.map(({ name }) => name as string);

/** The ways of a pool. @param make a client for some of its endpoints. */
export function messageWays(
  client: LoadBalancedOpenAI,
  endpoints: readonly EndpointOptions[],
  make: (some: readonly EndpointOptions[]) => LoadBalancedOpenAI,
): readonly MessageWay[] {
  const kinds = [...new Set(endpoints.map(isNative))];
  return kinds.map((native) => {
    const some = endpoints.filter((endpoint) => isNative(endpoint) === native);
    return { native, client: kinds.length === 1 ? client : make(some), members: namesOf(some) };
  });
}
