/**
 * The port for calls that come and go as bytes: one HTTP exchange over the pool, through the same seam, dispatcher and `send` as
 * every other call. `balancer.fetch` stands on it, and whatever else speaks HTTP to the pool.
 */
import { APIError } from 'openai';
import type { Stream } from 'openai/streaming';
import { contentOf } from '../call/content.ts';
import { FormBytes } from '../call/form-bytes.ts';
import { JsonText } from '../call/json-text.ts';
import { modelOf } from '../call/localize.ts';
import { eventBody, plainBody } from './byte-stream.ts';
import type { RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import { Handover, type Served } from './handover.ts';
import { rawResponse } from './raw-response.ts';
import { bytesOf } from './read-bytes.ts';
import { refusalOf } from './refusals.ts';
import { prepared } from './replayable.ts';
import type { SdkReply } from './sdk-reply.ts';
import { keepsBodies, serve } from './seam.ts';
import { streamEnded } from './served.ts';

/** One exchange as its caller wants it. */
export interface RawRequest {
  /** Lower case. */
  readonly method: string;
  /** Below an endpoint's base URL, without a query. */
  readonly path: string;
  readonly query?: Record<string, unknown> | undefined;
  /** The model that is meant, where the body does not name it or names another. */
  readonly model?: string | undefined;
  /** What goes along to whichever endpoint it is: no credentials, nothing of one connection. */
  readonly headers: Headers;
  /** Bytes, text, a form, JSON or a form as they were read, or a stream of bytes. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

const mayBeJson = (headers: Headers) =>
  !headers.has('content-encoding') && /json|^$/i.test(headers.get('content-type') ?? '');

/** Reads JSON once, here; whatever else the body is stays as it is. */
function asContent(body: unknown, headers: Headers): unknown {
  const isText = typeof body === 'string';
  if ((!isText && !(body instanceof Uint8Array)) || !mayBeJson(headers)) return isText ? Buffer.from(body) : body;
  const json = JsonText.read(body);
  if (json && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return json ?? (isText ? Buffer.from(body) : body);
}

/** The body with this model, if it can name one. */
function asking(model: string | undefined, body: unknown): unknown {
  if (model === undefined) return body;
  if (body instanceof JsonText || body instanceof FormBytes) return body.withModel(model);
  if (!(body instanceof FormData)) return body;
  const copy = new FormData();
  for (const [name, value] of body.entries()) if (name !== 'model') copy.append(name, value);
  copy.append('model', model);
  return copy;
}

function asksForStream(body: unknown, query: RawRequest['query']): boolean {
  const content = contentOf(body);
  if (content instanceof FormData && content.get('stream') === 'true') return true;
  return (body instanceof JsonText && body.outline.stream === true) || query?.stream === 'true';
}

async function optionsOf(request: RawRequest, caller: Caller): Promise<RequestOptions> {
  const { client, core } = caller;
  const { method, path, query, signal } = request;
  const headers = new Headers(request.headers);
  const given = {
    method,
    path,
    headers,
    signal,
    ...(request.body !== undefined && { body: request.body }),
  } as RequestOptions;
  // Without its model a call cannot be led.
  const named =
    mayBeJson(headers) || core.pool.endpoints.some(({ settings }) => Object.keys(settings.modelMap).length > 0);
  const { options } = await prepared(given, named || keepsBodies(caller), client.timeout, core.settings.clock);
  const body = asking(request.model, asContent(options.body, options.headers as Headers));
  const model = modelOf({ body }) ?? request.model;
  return {
    ...options,
    ...(body !== undefined && { body }),
    ...(query && { query }),
    ...(model !== undefined && { __metadata: { model } }),
    ...(asksForStream(body, query) && { stream: true }),
  };
}

/** What is handed out of a reply that was read. */
function handedOut(served: Served, data: unknown): Response {
  const { attempt, story } = served;
  const { signal } = story.call;
  const reply = attempt.reply as SdkReply;
  const { response, headers } = reply;
  const safe = (error: unknown) => reply.safe(error);
  const { form, events, whole, isObject } = bytesOf(response) ?? { form: 'other' };
  if (form === 'events')
    return rawResponse(response, headers, eventBody(data as Stream<unknown>, events, signal, safe));
  if (form === 'other')
    return rawResponse(
      response,
      headers,
      plainBody(response, signal, (end) => streamEnded(served, end)),
    );
  const shown = new Headers(headers);
  // Some servers call JSON a text; who reads by the header alone would not read it.
  if (isObject && !/json/i.test(shown.get('content-type') ?? '')) shown.set('content-type', 'application/json');
  return rawResponse(response, shown, whole);
}

/** The error reply behind an error; one that is known by its error only is put together again. */
export function refused(error: unknown): Response | undefined {
  const refusal = refusalOf(error);
  if (refusal) return rawResponse(refusal.response, refusal.headers, refusal.body, refusal.status);
  if (!(error instanceof APIError) || typeof error.status !== 'number' || !error.headers) return undefined;
  const { status, headers, message } = error;
  const shown = new Headers(headers as Headers);
  if (error.error) shown.set('content-type', 'application/json');
  const said = error.error ? JSON.stringify({ error: error.error }) : message.replace(/^\d+ /, '');
  return rawResponse(new Response(null, { status }), shown, Buffer.from(said));
}

/**
 * Makes one exchange over the pool.
 * @returns the winner's reply; when all failed, the last error reply there was.
 * @throws what a call of the client throws, when no endpoint replied.
 */
export async function rawCall(caller: Caller, request: RawRequest): Promise<Response> {
  const handover = new Handover(true);
  try {
    const data = await serve(caller, optionsOf(request, caller), null, handover);
    if (handover.union) return handover.union.response;
    const response = handedOut(handover.served as Served, data);
    handover.remember(response);
    return response;
  } catch (error) {
    const response = refused(error);
    if (!response) throw error;
    handover.remember(response);
    return response;
  }
}
