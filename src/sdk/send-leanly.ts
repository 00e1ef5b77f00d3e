/**
 * Sends an attempt without what the SDK does around a request and what the dispatcher does as well: its retries, its clock, its
 * log, a promise that parses. The SDK still builds the request; and whatever fails, it makes the error, as it would have.
 */
import type { ClientOptions, OpenAI } from 'openai';
import { WATCH } from '../endpoint/guarded-fetch.ts';
import { bringsTransport, PREPARE, type PrepareRequest } from '../endpoint/sdk-client.ts';
import { addHeaders } from './add-headers.ts';
import { buildRequest } from './build-request.ts';
import type { RequestOptions } from './call-of.ts';
import type { Outgoing } from './outgoing.ts';
import { asksPlainly, SdkReply } from './sdk-reply.ts';
import { isStandard } from './standard.ts';

/** What of an SDK client is for itself alone to call. */
interface Sender {
  readonly prepareRequest: PrepareRequest;
  readonly fetch: typeof globalThis.fetch;
}

/** What a request may say of itself beside the SDK; who sets one of these has reasons of his own. */
const LEFT = ['body', 'method', 'headers', 'signal'] as const;
const isLeft = (fetchOptions: object | null | undefined) => !fetchOptions || !LEFT.some((name) => name in fetchOptions);

const asksForStream = ({ stream, body }: RequestOptions) =>
  Boolean(stream || (body as { stream?: unknown } | undefined)?.stream);

/** True for a call over a client of ours that signs with a fixed key, and is changed by nobody. */
export function mayGoLeanly({ client, endpoint, own, text, sending, prepare, refused }: Outgoing): boolean {
  const { type, client: brought, credential } = endpoint.settings;
  if (brought || refused || own.__binaryResponse || (text === undefined && own.body !== undefined)) return false;
  // Whose signal a hook may replace, that stream the SDK ends.
  if (asksForStream(own) && (prepare || own.signal !== sending.signal || !asksPlainly(own))) return false;
  if (client.logLevel === 'debug' || client.logLevel === 'info') return false;
  if ((typeof credential !== 'string' && credential !== null) || bringsTransport(endpoint.settings)) return false;
  // Of the client, since `withOptions` may have changed them.
  const { provider, workloadIdentity } = optionsOf(client);
  if (provider || workloadIdentity) return false;
  return isStandard(client, type) && isLeft(own.fetchOptions) && isLeft(client.fetchOptions);
}

const optionsOf = (client: OpenAI) => (client as unknown as { readonly _options: ClientOptions })._options;

/** True where the request carries no key but the one that the client has as `apiKey`. */
function isUsual({ client, own, prepare }: Outgoing): boolean {
  if (own.headers !== undefined || prepare !== undefined || own.__security?.adminAPIKeyAuth) return false;
  return optionsOf(client).defaultHeaders === undefined;
}

/** Lets the SDK make its error of what came in the place of a good reply. @param outcome gives or throws that. */
function failBySdk(
  own: RequestOptions,
  client: OpenAI,
  asked: RequestInit['signal'],
  outcome: () => Response,
): Promise<Response> {
  const { method, path, headers, signal, __security } = own;
  const fetchOptions: object = {
    [WATCH]: { outcome },
    // A hook may have put another in its place.
    ...(asked !== signal && { signal: asked }),
  };
  const replay: object = { method, path, headers, signal, __security, fetchOptions };
  return client.request(replay as RequestOptions, 0).asResponse();
}

/** What ends a request even after its headers: whoever reads its stream, and who may end the request itself. */
function endOf(request: RequestInit): AbortController {
  const controller = new AbortController();
  const { signal } = request;
  signal?.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  request.signal = controller.signal;
  return controller;
}

/** What is kept of a request that is under way. */
interface Sent {
  readonly signal: RequestInit['signal'];
  /** Ends it even after its headers, where it is a stream. */
  readonly controller: AbortController | undefined;
  readonly reply: Promise<Response>;
}

/**
 * Builds the request and hands it to fetch.
 * Why apart: whoever awaits the reply would hold the request as long, and its headers are more than all the rest.
 */
async function send(outgoing: Outgoing): Promise<Sent> {
  const { client, own, sending, confidant, prepare } = outgoing;
  const sender = client as unknown as Sender;
  const { req, url, pattern } = await buildRequest(outgoing);
  if (prepare) Object.assign(own, { [PREPARE]: prepare });
  await sender.prepareRequest(req, { url, options: own });
  confidant.sent(url, prepare ? req.headers : (pattern ?? req.headers), isUsual(outgoing));
  addHeaders(req, sending.headers);
  const { signal } = req;
  let controller: AbortController | undefined;
  try {
    if (signal?.aborted) throw signal.reason;
    if (own.stream) controller = endOf(req);
    if (req.method) req.method = req.method.toUpperCase();
    // A hook may have put a stream in its place.
    if (typeof req.body === 'object' && req.body !== null) Object.assign(req, { duplex: 'half' });
    req.redirect = 'manual';
    const watched = Object.assign(req, { [WATCH]: sending.wire });
    return { signal, controller, reply: sender.fetch.call(undefined, url, watched) };
  } catch (error) {
    return { signal, controller, reply: Promise.reject(error) };
  }
}

/** Sends one attempt. */
export async function sendLeanly(outgoing: Outgoing): Promise<SdkReply> {
  const { client, own, confidant } = outgoing;
  const { signal, controller, reply } = await send(outgoing);
  let response: Response;
  try {
    response = await reply;
  } catch (error) {
    const thrown = () => {
      throw error;
    };
    response = await failBySdk(own, client, signal, thrown);
  }
  if (!response.ok) {
    const refused = response;
    response = await failBySdk(own, client, signal, () => refused);
  }
  return new SdkReply(response, own, client, confidant, undefined, controller);
}
