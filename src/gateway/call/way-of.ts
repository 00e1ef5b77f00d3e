/** The way of a call to its pool: directly where nothing more is needed than to hand its bytes on, the long way for all else. */
import { JsonText } from '../../call/json-text.ts';
import { askForMessage, isMessages } from '../anthropic/ask-for-message.ts';
import { DirectCall } from '../direct/direct-call.ts';
import { type Exchange, exchange, type Reply } from '../port/port.ts';
import type { Destination } from '../running/destination.ts';

/** How a call goes; `leave` ends it when nobody waits for it any more. */
export type Way =
  | { readonly is: 'direct'; readonly call: DirectCall; leave(): void }
  | { readonly is: 'long'; reply(): Promise<Reply>; leave(): void };

/** What a client sent, as far as it goes along. */
export interface Given {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string | string[]> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function longWay(to: Destination, given: Given, renamed: string | undefined, id: string): Way {
  const { method, path, query, headers, body } = given;
  const abort = new AbortController();
  const call: Exchange = {
    ...{ method: method.toLowerCase(), path, query, signal: abort.signal, asked: to.model },
    ...{ headers: new Headers(headers) },
    ...(body !== undefined && { body }),
    ...(renamed !== undefined && { model: renamed }),
    ...(to.endpoint !== undefined && { endpoint: to.endpoint }),
  };
  return {
    is: 'long',
    reply: () => (isMessages(path) ? askForMessage(to, call, id) : exchange(to.pool.client, call)),
    leave: () => abort.abort(),
  };
}

/**
 * The way of a call.
 * @param renamed the model as the pool knows it, where that is another name.
 * @param id the call's own.
 * @throws what opening a call throws.
 */
export function wayOf(to: Destination, given: Given, renamed: string | undefined, id: string): Way {
  const { method, path, query, headers, body } = given;
  if (method !== 'POST' || !(body instanceof JsonText) || isMessages(path)) return longWay(to, given, renamed, id);
  const own = renamed === undefined ? body : body.withModel(renamed);
  const call = DirectCall.open(to.pool.client, { method: 'post', path, query, headers, body: own }, to.endpoint);
  return call ? { is: 'direct', call, leave: () => call.abort() } : longWay(to, given, renamed, id);
}
