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
  ...[
    'openai-model',
    'openai-processing-ms',
    'openai-poll-after-ms',
    'openai-version',
    'x-should-retry',
    'deprecation',
    'sunset',
    'warning',
  ],
]);
const DOWN_PREFIX = /^(x-ratelimit-|anthropic-ratelimit-)/;
/** Longer values are nobody's in good faith. */
const LONGEST = 8_192;

const KEEP_ALIVE = 'keep-alive';
const NONE: readonly string[] = [];

/** Names that the caller calls his connection's own. */
function connectionNames(connection: string | undefined): readonly string[] {
  if (connection === undefined || connection === KEEP_ALIVE) return NONE;
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
}

/** Decided once for each name: names of headers are few, and those beyond that many are asked again each time. */
class Names {
  readonly #known = new Map<string, boolean>();
  readonly #passes: (name: string) => boolean;

  constructor(passes: (name: string) => boolean) {
    this.#passes = passes;
  }

  has(name: string): boolean {
    let found = this.#known.get(name);
    if (found === undefined) {
      found = this.#passes(name);
      if (this.#known.size < 500) this.#known.set(name, found);
    }
    return found;
  }
}

const up = new Names((name) => UP.has(name) || UP_PREFIX.test(name));
const down = new Names((name) => DOWN.has(name) || DOWN_PREFIX.test(name));
/** One endpoint's remainder is not the pool's. */
const downOfMany = new Names((name) => DOWN.has(name));

/** What goes along to whichever endpoint it is, by name. @param type the content type, where it is to be another one. */
export function upstreamHeaders(given: IncomingHttpHeaders, type?: string | null): Record<string, string> {
  const headers: Record<string, string> = {};
  const dropped = connectionNames(given.connection);
  for (const name in given) {
    const value = given[name];
    if (!up.has(name) || value === undefined || dropped.includes(name)) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text.length <= LONGEST) headers[name] = text;
  }
  headers.accept ??= '*/*';
  if (type === null) delete headers['content-type'];
  else if (type !== undefined) headers['content-type'] = type;
  return headers;
}

/** What comes back to whoever called. @param alone it comes from a pool of one endpoint. */
export function clientHeaders(given: Headers, alone: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  const passing = alone ? down : downOfMany;
  for (const [name, value] of given) if (passing.has(name) && value.length <= LONGEST) headers[name] = value;
  return headers;
}

/** The same of headers as they came over the wire. */
export function clientHeadersOf(
  given: Readonly<Record<string, string | string[] | undefined>>,
  alone: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const passing = alone ? down : downOfMany;
  for (const name in given) {
    if (!passing.has(name)) continue;
    const value = given[name];
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text !== undefined && text.length <= LONGEST) headers[name] = text;
  }
  return headers;
}

const SAFE = /^[\w.:-]{1,128}$/;

/** An id that may stand in a header and in a log: of others only its safe letters. */
export function safeId(id: string | null | undefined): string | undefined {
  if (id && SAFE.test(id)) return id;
  const safe = id?.replaceAll(/[^\w.:-]/g, '').slice(0, 128);
  return safe === '' ? undefined : safe;
}
