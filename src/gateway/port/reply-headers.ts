/** The headers of what goes down to a caller: the endpoint's that may be seen, and who served the call in how many attempts. */
import type { AttemptReport } from '../../call/outcome.ts';
import { clientHeaders, clientHeadersOf, safeId } from '../http/wire-headers.ts';
import { endpointNamed } from '../pools/pools.ts';
import type { Reply } from './port.ts';
import { mayTell } from './tells-key.ts';

/** Replies that a client would send the call again for. */
const retried = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;

const JSON_ITSELF = 'application/json';
const JSON_TYPE = /^application\/json\b/i;

/** Who served, and whether it makes sense to come again: after attempts of our own it does not. */
export function storyHeaders(attempts: readonly AttemptReport[], status: number): Record<string, string> {
  return tellStory({}, attempts, status);
}

function tellStory(
  headers: Record<string, string>,
  attempts: readonly AttemptReport[],
  status: number,
): Record<string, string> {
  const last = attempts.at(-1);
  if (!last) return headers;
  headers['x-attempts'] = String(attempts.length);
  headers['x-endpoint'] = endpointNamed(last.endpoint);
  if (last.fallback !== undefined) headers['x-fallback'] = encodeURIComponent(last.fallback);
  if (retried(status)) headers['x-should-retry'] = 'false';
  return headers;
}

/**
 * All headers of a reply.
 * @param id the call's own id, for replies without one.
 * @param idHeader where the id stands as well.
 */
export function replyHeaders(reply: Reply, id: string, idHeader?: string): Record<string, string> {
  const headers = completed(clientHeaders(reply.headers, reply.alone), reply, id, idHeader);
  const length = reply.headers.get('content-length');
  if (length !== null) headers['content-length'] = length;
  return headers;
}

/** The same of a reply that was sent for directly. @param wire its headers as they came. */
export function directHeaders(
  wire: Parameters<typeof clientHeadersOf>[0],
  facts: ReplyFacts,
  id: string,
  idHeader?: string,
): Record<string, string> {
  return completed(clientHeadersOf(wire, facts.alone), facts, id, idHeader);
}

/** Values that tell nothing, and come with nearly every reply. */
const PLAIN = new Set([
  'application/json',
  'text/event-stream',
  'text/event-stream; charset=utf-8',
  'no-cache',
  '2020-10-01',
]);

/** What headers of one endpoint's reply become those of the pool's by. */
type ReplyFacts = Pick<Reply, 'status' | 'tells' | 'attempts' | 'alone' | 'room'>;

function completed(
  headers: Record<string, string>,
  reply: ReplyFacts,
  id: string,
  idHeader = 'x-request-id',
): Record<string, string> {
  // Some servers repeat what they were sent. Nearly none does: all are looked at as one.
  let all = '';
  for (const name in headers) {
    const value = headers[name] as string;
    if (mayTell(value) && !PLAIN.has(value)) all += `\n${value}`;
  }
  if (reply.tells(all))
    for (const name of Object.keys(headers)) if (reply.tells(headers[name] as string)) delete headers[name];
  tellStory(headers, reply.attempts(), reply.status);
  for (const name in reply.room) headers[name] = reply.room[name] as string;
  const own = safeId(headers['x-request-id'] ?? headers['request-id']) ?? id;
  headers['x-request-id'] = own;
  headers[idHeader] = own;
  const type = headers['content-type'];
  if (type === JSON_ITSELF) return headers;
  if (isEventStream(headers)) {
    headers['cache-control'] = 'no-cache';
    headers['x-accel-buffering'] = 'no';
  } else if (!JSON_TYPE.test(type ?? '')) {
    // Opened in a browser it would be a page of the gateway's own, with the dashboard beside it.
    headers['x-content-type-options'] = 'nosniff';
    headers['content-security-policy'] = 'sandbox';
  }
  return headers;
}

/** Are these the headers of an event stream? */
export const isEventStream = (headers: Readonly<Record<string, string>>): boolean =>
  /^text\/event-stream/i.test(headers['content-type'] ?? '');
