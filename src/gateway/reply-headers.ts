/** The headers of what goes down to a caller: the endpoint's that may be seen, and who served the call in how many attempts. */
import type { AttemptReport } from '../call/outcome.ts';
import { endpointNamed } from './pools.ts';
import type { Reply } from './port.ts';
import { clientHeaders, safeId } from './wire-headers.ts';

/** Replies that a client would send the call again for. */
const retried = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;

/** Who served, and whether it makes sense to come again: after attempts of our own it does not. */
export function storyHeaders(attempts: readonly AttemptReport[], status: number): Record<string, string> {
  const last = attempts.at(-1);
  if (!last) return {};
  return {
    'x-attempts': String(attempts.length),
    'x-endpoint': endpointNamed(last.endpoint),
    ...(last.fallback !== undefined && { 'x-fallback': encodeURIComponent(last.fallback) }),
    ...(retried(status) && { 'x-should-retry': 'false' }),
  };
}

/**
 * All headers of a reply.
 * @param id the call's own id, for replies without one.
 * @param idHeader where the id stands as well.
 */
export function replyHeaders(reply: Reply, id: string, idHeader = 'x-request-id'): Record<string, string> {
  const headers = clientHeaders(reply.headers);
  // Some servers repeat what they were sent.
  for (const [name, value] of Object.entries(headers)) if (reply.tells(value)) delete headers[name];
  Object.assign(headers, storyHeaders(reply.attempts(), reply.status));
  // One endpoint's remainder is not the pool's.
  if (!reply.alone)
    for (const name of Object.keys(headers)) if (/^(x|anthropic)-ratelimit-/.test(name)) delete headers[name];
  Object.assign(headers, reply.room);
  headers['x-request-id'] = safeId(headers['x-request-id'] ?? headers['request-id']) ?? id;
  headers[idHeader] = headers['x-request-id'];
  const length = reply.headers.get('content-length');
  if (length !== null) headers['content-length'] = length;
  if (isEventStream(headers)) {
    headers['cache-control'] = 'no-cache';
    headers['x-accel-buffering'] = 'no';
  }
  return headers;
}

/** Are these the headers of an event stream? */
export const isEventStream = (headers: Readonly<Record<string, string>>): boolean =>
  /^text\/event-stream/i.test(headers['content-type'] ?? '');
