/**
 * Headers on their way up and down: lists of what may pass, and nothing else. Why lists of that kind: a new header of somebody's
 * is then kept back until it is known to do no harm.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Up: what a call means. Neither who makes it, nor where it goes. */
const UP = new Set([
  ...['accept', 'accept-language', 'content-type', 'user-agent', 'idempotency-key', 'openai-beta'],
  ...['anthropic-beta', 'anthropic-version', 'http-referer', 'x-title', 'traceparent', 'tracestate'],
  ...['x-client-request-id', 'x-session-id', 'session-id', 'session_id', 'x-conversation-id', 'conversation_id'],
]);
const UP_PREFIX = /^x-stainless-(?!retry-count$)/;

/** Down: what a reply is. Neither cookies, nor whose account it was, nor another address. */
const DOWN = new Set([
  ...['content-type', 'content-disposition', 'content-language', 'content-range', 'accept-ranges'],
  ...['cache-control', 'etag', 'last-modified', 'retry-after', 'retry-after-ms', 'request-id', 'x-request-id'],
  ...['openai-model', 'openai-processing-ms', 'openai-version', 'x-should-retry', 'deprecation', 'sunset', 'warning'],
]);
const DOWN_PREFIX = /^(x-ratelimit-|anthropic-ratelimit-)/;
/** Longer values are nobody's in good faith. */
const LONGEST = 8_192;

/** What goes along to whichever endpoint it is. */
export function upstreamHeaders(given: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  const dropped = new Set(
    (given.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  for (const [name, value] of Object.entries(given)) {
    if ((!UP.has(name) && !UP_PREFIX.test(name)) || dropped.has(name) || value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text.length <= LONGEST) headers.set(name, text);
  }
  if (!headers.has('accept')) headers.set('accept', '*/*');
  return headers;
}

/** What comes back to whoever called. */
export function clientHeaders(given: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of given)
    if ((DOWN.has(name) || DOWN_PREFIX.test(name)) && value.length <= LONGEST) headers[name] = value;
  return headers;
}

/** An id that may stand in a header and in a log: of others only its safe letters. */
export function safeId(id: string | null | undefined): string | undefined {
  const safe = id?.replaceAll(/[^\w.:-]/g, '').slice(0, 128);
  return safe === '' ? undefined : safe;
}
