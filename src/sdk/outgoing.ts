/** What is known of an attempt when it is sent: the words between the port and the two ways out. */
import type { OpenAI } from 'openai';
import type { Sending } from '../dispatch/call-story.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { PrepareRequest } from '../endpoint/sdk-client.ts';
import type { RequestOptions } from './call-of.ts';
import type { Confidant } from './confidant.ts';

/** One attempt on its way out. */
export interface Outgoing {
  readonly client: OpenAI;
  readonly endpoint: Endpoint;
  /** The attempt's own copy; the SDK writes into it. */
  readonly own: RequestOptions;
  /** The text of its body, where the SDK need not write it: it is given something small in its place. */
  readonly text: string | undefined;
  readonly sending: Sending;
  readonly confidant: Confidant;
  /** The hook of a subclass, run on the built request. */
  readonly prepare: PrepareRequest | undefined;
  /** Keeps an error reply as it came. */
  readonly refused: ((response: Response, body: Uint8Array) => void) | undefined;
}
