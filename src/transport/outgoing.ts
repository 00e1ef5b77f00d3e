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
/** Fields of `RequestInit` that ask for something else than bytes to one server. */
const OTHER_WISHES = ['dispatcher', 'integrity', 'client', 'window', 'agent'] as const;
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

/** The request to send, or `undefined` where the standard fetch has to do it. @param encodings what replies may be encoded with. */
export function outgoing(
  input: string | URL | Request,
  init: RequestInit = {},
  encodings: (secure: boolean) => string,
): Outgoing | undefined {
  if (typeof input !== 'string' && !(input instanceof URL)) return undefined;
  for (const wish of OTHER_WISHES) if ((init as Record<string, unknown>)[wish] != null) return undefined;
  const place = placeOf(input);
  const body = bodyOf(init.body);
  const method = (init.method ?? 'GET').toUpperCase();
  const bodiless = method === 'GET' || method === 'HEAD';
  if (!place || !body || !METHODS.has(method) || (bodiless && body.bytes !== null)) return undefined;
  const headers: string[] = [];
  let [type, accept, encoding] = [false, false, false];
  for (const [name, value] of init.headers ? rowsOf(init.headers) : []) {
    const key = `${name}`.toLowerCase();
    if (OWN_AFFAIRS.has(key)) return undefined;
    type ||= key === 'content-type';
    accept ||= key === 'accept';
    encoding ||= key === 'accept-encoding';
    headers.push(key, `${value}`);
  }
  if (!type && body.type !== undefined) headers.push('content-type', body.type);
  if (!accept) headers.push('accept', '*/*');
  if (!encoding) headers.push('accept-encoding', encodings(place.origin.startsWith('https')));
  const { redirect = 'follow', signal } = init;
  return { ...place, method, headers, body: body.bytes, redirect, signal: signal ?? undefined };
}
