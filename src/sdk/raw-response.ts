/** A real `Response` in the place of an endpoint's: its status, headers and address, over a body that was read or is watched. */

import { hopByHop } from './hop-by-hop.ts';

/** Words for a status that may be constructed; a server may send others, and fetch hands them on. */
const PLAIN_WORDS = /^[\t -~\u0080-\u00ff]*$/;
const WITHOUT_BODY = new Set([101, 103, 204, 205, 304]);

type Body = Uint8Array | ReadableStream<Uint8Array> | null | undefined;

function headersOf(given: Headers, body: Body): Headers {
  const headers = new Headers(given);
  // True of the endpoint's connection only, or of a body as it was before fetch decoded it.
  for (const name of hopByHop) headers.delete(name);
  const length = headers.get('content-length');
  if (length !== null && body instanceof Uint8Array) headers.set('content-length', String(body.byteLength));
  else if (headers.has('content-encoding')) headers.delete('content-length');
  // What fetch hands out is decoded.
  headers.delete('content-encoding');
  return headers;
}

function own(response: Response, name: string, value: unknown): void {
  Object.defineProperty(response, name, { value, configurable: true, writable: true });
}

function at(url: string, response: Response): Response {
  own(response, 'url', url);
  own(response, 'clone', () => at(url, Response.prototype.clone.call(response)));
  return response;
}

/** @param from the endpoint's. @param headers its headers as they may be shown. @param status when it shall be another one. */
export function rawResponse(from: Response, headers: Headers, body: Body, status: number = from.status): Response {
  const statusText = status === from.status && PLAIN_WORDS.test(from.statusText) ? from.statusText : '';
  const fits = status >= 200 && status <= 599;
  const init = { status: fits ? status : 502, statusText, headers: headersOf(headers, body) };
  const response = new Response(
    WITHOUT_BODY.has(status) ? null : ((body ?? null) as ConstructorParameters<typeof Response>[0]),
    init,
  );
  if (!fits) own(response, 'status', status);
  return at(from.url, response);
}
