/** What one call of `fetch` asks for, where the fast way can carry it. Everything else the standard fetch does. */

/** A request as undici takes it. */
export interface Outgoing {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string | Uint8Array | null;
  readonly redirect: NonNullable<RequestInit['redirect']>;
  readonly signal: AbortSignal | undefined;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
/** Headers that say how a connection is used, which is undici's own affair. */
const OWN_AFFAIRS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);
/** Fields of `RequestInit` that are carried; each other one asks for something else than bytes to one server. */
const CARRIED: ReadonlySet<string> = new Set([
  'method',
  'headers',
  'body',
  'redirect',
  'signal',
  'duplex',
  'keepalive',
]);
const REDIRECTS: ReadonlySet<unknown> = new Set(['follow', 'manual', 'error']);
/** What the standard fetch says besides, and some servers look at. */
const BESIDES = ['accept-language', '*', 'sec-fetch-mode', 'cors', 'user-agent', 'node'] as const;
/** An address that is written as `URL` would write it. */
const PLAIN = /^(https?:\/\/[a-z0-9.:[\]-]+)(\/[\w~!$&'()*+,;=:@%/?.-]*)$/;

function placeOf(input: string | URL): { url: string; origin: string; path: string } | undefined {
  const text = typeof input === 'string' ? input : input.href;
  const plain = text.includes('/.') ? null : PLAIN.exec(text);
  if (plain) return { url: text, origin: plain[1] as string, path: plain[2] as string };
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, search, username, password } = new URL(text);
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return undefined;
  return { url: `${origin}${pathname}${search}`, origin, path: `${pathname}${search}` };
}

function rowsOf(headers: NonNullable<RequestInit['headers']>): Iterable<readonly [string, string]> {
  if (Symbol.iterator in headers) return headers as Iterable<[string, string]>;
  return Object.entries(headers as Record<string, string>);
}

type Sendable = { bytes: string | Uint8Array | null; type?: string };

function bodyOf(body: unknown): Sendable | undefined {
  if (body === undefined || body === null) return { bytes: null };
  if (typeof body === 'string') return { bytes: body, type: 'text/plain;charset=UTF-8' };
  if (body instanceof Uint8Array) return { bytes: body };
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body) };
  if (ArrayBuffer.isView(body)) return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof URLSearchParams) {
    return { bytes: String(body), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  return undefined;
}

function asksForMore(init: RequestInit): boolean {
  for (const name in init) if (!CARRIED.has(name) && (init as Record<string, unknown>)[name] != null) return true;
  return false;
}

/** The method as the standard fetch sends it, or `undefined` for one that it has to look at. */
function methodOf(given: string): string | undefined {
  if (METHODS.has(given)) return given;
  const method = `${given}`.toUpperCase();
  // `patch` it sends as it is.
  return METHODS.has(method) && method !== 'PATCH' ? method : undefined;
}

/** Names and values in turn, with what the standard fetch adds; `undefined` where a header is undici's own affair. */
function headersOf(
  given: NonNullable<RequestInit['headers']>,
  type: string | undefined,
  encodings: string,
): string[] | undefined {
  const headers: string[] = [];
  const seen = new Set<string>();
  for (const [name, value] of rowsOf(given)) {
    const key = `${name}`.toLowerCase();
    if (OWN_AFFAIRS.has(key)) return undefined;
    seen.add(key);
    headers.push(key, `${value}`);
  }
  const add = (name: string, value: string) => {
    if (!seen.has(name)) headers.push(name, value);
  };
  if (type !== undefined) add('content-type', type);
  add('accept', '*/*');
  for (let at = 0; at < BESIDES.length; at += 2) add(BESIDES[at] as string, BESIDES[at + 1] as string);
  add('accept-encoding', encodings);
  return headers;
}

/** The request to send, or `undefined` where the standard fetch has to do it. @param encodings what replies may be encoded with. */
export function outgoing(
  input: string | URL | Request,
  init: RequestInit = {},
  encodings: (secure: boolean) => string,
): Outgoing | undefined {
  if ((typeof input !== 'string' && !(input instanceof URL)) || asksForMore(init)) return undefined;
  const place = placeOf(input);
  const body = bodyOf(init.body);
  const method = methodOf(init.method ?? 'GET');
  const { redirect = 'follow', signal } = init;
  if (!place || !body || !method || !REDIRECTS.has(redirect)) return undefined;
  if (body.bytes !== null && (method === 'GET' || method === 'HEAD')) return undefined;
  if (signal && !(signal instanceof AbortSignal)) return undefined;
  const headers = headersOf(init.headers ?? {}, body.type, encodings(place.origin.startsWith('https')));
  return headers && { ...place, method, headers, body: body.bytes, redirect, signal: signal ?? undefined };
}
