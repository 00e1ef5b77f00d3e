// One row of the differential table: a call, what the upstream says to it, and whether we mean to differ from the SDK.
import type { ClientOptions } from 'openai';
import { ASK } from '../support/bench.ts';
import type { Reply, Script } from '../support/upstream.ts';
import type { Call, Observed } from './observe.ts';

/** A row. Without `differs` everything must be equal: result, response, error, and the requests on the wire. */
export interface Row {
  name: string;
  call: Call;
  script?: Script;
  /** Default: `maxRetries: 0`. */
  options?: ClientOptions;
  /** Options of the plain client alone, where it would take minutes to fail. */
  plainOptions?: ClientOptions;
  /** Where api.md or behaviour.md want something else than the SDK does. */
  differs?: { why: string; check(ours: Observed, plain: Observed): void };
}

/** The usual chat call. */
export const chat: Call = (client) => client.chat.completions.create(ASK);
/** The usual streamed chat call. */
export const chatStream: Call = (client) => client.chat.completions.create({ ...ASK, stream: true });

/** A row whose upstream always answers the same. */
export const always = (name: string, reply: Reply, call: Call = chat, more: Partial<Row> = {}): Row => ({
  name,
  call,
  script: () => reply,
  ...more,
});

/** The SDK's retries as they are by default. */
export const RETRIES: Pick<Row, 'options'> = { options: {} };
