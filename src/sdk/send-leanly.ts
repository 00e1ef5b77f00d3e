/**
 * Sends an attempt without what the SDK does around a request and what the dispatcher does as well: its retries, its clock, its
 * log, a promise that parses. The SDK still builds the request; and whatever fails, it makes the error, as it would have.
 */
import type { OpenAI } from 'openai';
import { WATCH } from '../endpoint/guarded-fetch.ts';
import { bringsTransport, PREPARE, type PrepareRequest } from '../endpoint/sdk-client.ts';
import { buildRequest } from './build-request.ts';
import type { RequestOptions } from './call-of.ts';
import type { Outgoing } from './outgoing.ts';
import { SdkReply } from './sdk-reply.ts';
import { sendsAsEver } from './standard.ts';

/** What of an SDK client is for itself alone to call. */
interface Sender {
  readonly prepareRequest: PrepareRequest;
  readonly fetch: typeof globalThis.fetch;
}

/** What a request may say of itself beside the SDK; who sets one of these has reasons of his own. */
const LEFT = ['body', 'method', 'headers', 'signal'] as const;
const isLeft = (fetchOptions: object | null | undefined) => !fetchOptions || !LEFT.some((name) => name in fetchOptions);

/** True for a plain call over a client of ours that signs with a fixed key, and is changed by nobody. */
export function mayGoLeanly({ client, endpoint, own, text, refused }: Outgoing): boolean {
  const { type, client: brought, credential, options } = endpoint.settings;
  if (brought || refused || (text === undefined && own.body !== undefined)) return false;
  if (own.stream || own.__binaryResponse || (own.body as { stream?: unknown } | undefined)?.stream) return false;
  if (client.logLevel === 'debug' || client.logLevel === 'info') return false;
  if ((typeof credential !== 'string' && credential !== null) || bringsTransport(endpoint.settings)) return false;
  if (('provider' in options && options.provider) || ('workloadIdentity' in options && options.workloadIdentity))
    return false;
  return sendsAsEver(client, type) && isLeft(own.fetchOptions) && isLeft(client.fetchOptions);
}

/** Lets the SDK make its error of what came in the place of a good reply. @param outcome gives or throws that. */
function failBySdk(
  own: RequestOptions,
  client: OpenAI,
  request: RequestInit,
  outcome: () => Response,
): Promise<Response> {
  const { method, path, headers, signal, __security } = own;
  const fetchOptions: object = {
    [WATCH]: { outcome },
    // A hook may have put another in its place.
    ...(request.signal !== signal && { signal: request.signal }),
  };
  const replay: object = { method, path, headers, signal, __security, fetchOptions };
  return client.request(replay as RequestOptions, 0).asResponse();
}

/** Sends one attempt. */
export async function sendLeanly(outgoing: Outgoing): Promise<SdkReply> {
  const { client, own, sending, confidant, prepare } = outgoing;
  const sender = client as unknown as Sender;
  const { req, url } = await buildRequest(outgoing);
  if (prepare) Object.assign(own, { [PREPARE]: prepare });
  await sender.prepareRequest(req, { url, options: own });
  confidant.sent(url, req.headers, own.headers === undefined && prepare === undefined);
  let response: Response;
  try {
    req.signal?.throwIfAborted();
    if (req.method) req.method = req.method.toUpperCase();
    req.redirect = 'manual';
    const watched = Object.assign(req, { [WATCH]: sending.wire });
    response = await sender.fetch.call(undefined, url, watched);
  } catch (error) {
    const thrown = () => {
      throw error;
    };
    response = await failBySdk(own, client, req, thrown);
  }
  if (!response.ok) {
    const refused = response;
    response = await failBySdk(own, client, req, () => refused);
  }
  return new SdkReply(response, own, client, confidant, undefined);
}
