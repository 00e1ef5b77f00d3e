/** What a call is made with: the client, its pool, and what steers it. Handed to the seam, and to all that sends through it. */
import type { OpenAI } from 'openai';
import { joined, type Steering } from '../call/steering.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';

/** The client a call is made on, as far as the seam needs it. */
export interface Caller {
  readonly client: OpenAI;
  readonly core: Core;
  /** What steers the call: the client's own steering and that of the code around it. */
  readonly steering: Steering;
  readonly clientOf: (endpoint: Endpoint) => OpenAI;
  /** The same object for clients that differ in their steering only. */
  readonly overrides: object;
  /** Set where the call reads for another one, to find out who has this id. */
  readonly reader?: string;
  /** Name of the endpoint its calls go to first, unless what they name leads elsewhere. */
  readonly prefers?: string;
  /** Sends each attempt its own way, by `send`. */
  readonly sends?: <Sent>(
    endpoint: Endpoint,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<Sent>,
  ) => Promise<Sent>;
}

/** Who calls, asked at each call: the same object for all calls of a client that the code around them does not steer. */
export function callers(first: Caller): (client: OpenAI) => Caller {
  let usual = first;
  return (client) => {
    // It may come as somebody's proxy of it.
    if (usual.client !== client) usual = { ...usual, client };
    const around = usual.core.surroundings.steering;
    return around ? { ...usual, steering: joined(around, usual.steering) } : usual;
  };
}
