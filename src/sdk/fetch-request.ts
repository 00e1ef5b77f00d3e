/** What a caller of `fetch` asks for, in one form: a string, a URL or a `Request`, with or without `init`. */

import { hopByHop } from './hop-by-hop.ts';

/** The arguments of `fetch`. */
export type FetchArguments = Parameters<typeof globalThis.fetch>;

/** The request they stand for. */
export interface FetchRequest {
  /** As written; may be no URL at all. */
  readonly url: string;
  /** Lower case. */
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
}

/** The endpoint's own take their place. */
const CREDENTIALS = [
  ...['authorization', 'api-key', 'x-api-key', 'x-goog-api-key', 'ocp-apim-subscription-key', 'proxy-authorization'],
  ...['openai-organization', 'openai-project', 'cookie', 'cookie2'],
];
/** Of the caller's connection, which is not the endpoint's. */
const CONNECTION = [...hopByHop, 'expect', 'host', 'content-length', 'accept-encoding'];
const RETRIES = 'x-stainless-retry-count';

/** What goes along to whichever endpoint it is. */
function passedOn(given: Headers): Headers {
  const headers = new Headers(given);
  const named = (given.get('connection') ?? '').split(',').map((name) => name.trim());
  for (const name of [...CREDENTIALS, ...CONNECTION, ...named]) if (/^[\w-]+$/.test(name)) headers.delete(name);
  // The first try of whoever calls is none of its retries: ours are counted there.
  if (headers.get(RETRIES) === '0') headers.delete(RETRIES);
  if (!headers.has('accept')) headers.set('accept', '*/*');
  return headers;
}

/** The body in a form that can go out more than once where it can be, and the content type it brings along. */
async function bodyOf(body: unknown): Promise<{ body: unknown; type?: string }> {
  if (body instanceof URLSearchParams)
    return { body: String(body), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  if (body instanceof Blob) return { body: new Uint8Array(await body.arrayBuffer()), type: body.type };
  if (ArrayBuffer.isView(body)) return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof ArrayBuffer || body instanceof SharedArrayBuffer) return { body: new Uint8Array(body) };
  const isForm = body instanceof FormData;
  const isRead = typeof body === 'object' && body !== null && (isForm || Symbol.asyncIterator in body);
  // As fetch does it with whatever else it is given.
  return { body: isRead || body === null || body === undefined ? (body ?? undefined) : String(body) };
}

/** @throws TypeError for a `Request` whose body was used. */
export async function readFetch(input: FetchArguments[0], given?: FetchArguments[1] | null): Promise<FetchRequest> {
  const init = given ?? {};
  // A URL may be of another realm, or of a package of its own.
  const request = typeof input === 'object' && 'url' in input ? input : undefined;
  const ownBody = init.body === undefined || init.body === null;
  if (ownBody && request?.bodyUsed) throw new TypeError('The body of this Request was used already.');
  const { body, type } = await bodyOf(ownBody ? request?.body : init.body);
  const headers = passedOn(new Headers(init.headers ?? request?.headers));
  if (body instanceof FormData) headers.delete('content-type');
  else if (type && !headers.has('content-type')) headers.set('content-type', type);
  return {
    url: request ? request.url : String(input),
    method: (init.method ?? request?.method ?? 'GET').toLowerCase(),
    headers,
    body,
    signal: (init.signal === undefined ? request?.signal : init.signal) ?? undefined,
  };
}
