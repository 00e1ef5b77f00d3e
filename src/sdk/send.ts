/** The port through which SDK calls go out: an attempt becomes one request of the endpoint's own SDK client, without retries. */
import { OpenAI } from 'openai';
import { BodyText } from '../call/body-text.ts';
import { FormBytes } from '../call/form-bytes.ts';
import { JsonText } from '../call/json-text.ts';
import { isPlain, localize } from '../call/localize.ts';
import { namesHeader } from '../config/headers.ts';
import type { Sending } from '../dispatch/call-story.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { bringsTransport, type PrepareRequest } from '../endpoint/sdk-client.ts';
import { shownURL } from '../endpoint/secrets.ts';
import { turnstile } from '../endpoint/turnstile.ts';
import { foreignOriginError } from '../errors.ts';
import type { RequestOptions } from './call-of.ts';
import { Confidant } from './confidant.ts';
import { discreet } from './discreet.ts';
import type { Outgoing } from './outgoing.ts';
import { putForm } from './put-form.ts';
import { nameHostOnly } from './redirect-error.ts';
import { keepRefusal } from './refusals.ts';
import type { SdkReply } from './sdk-reply.ts';
import { sendBySdk } from './send-by-sdk.ts';
import { mayGoLeanly, sendLeanly } from './send-leanly.ts';

/** An endpoint's key goes to its own origin only, whatever path or base URL one call names. */
function refuseForeign(client: OpenAI, { path, defaultBaseURL }: RequestOptions): void {
  if (path.startsWith('/') && !path.startsWith('//') && !defaultBaseURL) return;
  const { origin } = new URL(client.buildURL(path, null, defaultBaseURL));
  if (origin !== new URL(client.baseURL).origin) throw foreignOriginError(origin);
}

/** One for the process, as its event loop is. */
const pass = turnstile();
const inTurn = () => new Promise<void>((resolve) => pass(resolve));

interface Hooks {
  prepareOptions(options: RequestOptions): Promise<void>;
  prepareRequest: PrepareRequest;
}

/** A hook that a subclass of the balancing client overrides; it runs once per attempt. */
function hookOf<Name extends keyof Hooks>(outer: OpenAI, name: Name): Hooks[Name] | undefined {
  const own = (outer as unknown as Hooks)[name];
  return own === (OpenAI.prototype as unknown as Hooks)[name] ? undefined : own;
}

/** True when the SDK does nothing with the body but write it as JSON. */
function isWritten({ settings }: Endpoint, client: OpenAI, own: RequestOptions): boolean {
  if (!isPlain(own.body) || settings.client || bringsTransport(settings)) return false;
  const { headers, __metadata: facts, fetchOptions } = own;
  // One of these keeps what is sent to choose a parser by, the other makes a form of it.
  if (facts && (facts.captureResponseParser || facts.finalizeMultipart)) return false;
  if (headers && namesHeader(headers, 'content-type')) return false;
  return !(fetchOptions && 'body' in fetchOptions) && !(client.fetchOptions && 'body' in client.fetchOptions);
}

/** Without user, password and keys, in case somebody prints it. */
function showSafely(response: Response): void {
  const { url } = response;
  const shown = shownURL(url);
  if (shown !== url) Object.defineProperty(response, 'url', { value: shown, configurable: true });
}

/**
 * Sends `options` as one attempt; they name the model to ask by its public name.
 * @param clientOf the SDK client of an endpoint.
 * @param outer the balancing client, whose overridden hooks run.
 * @param asBytes keeps error replies as they came, for a caller who wants those.
 * @param bodies writes the bodies of this call's attempts.
 */
export async function sendAttempt(
  options: RequestOptions,
  endpoint: Endpoint,
  sending: Sending,
  clientOf: (endpoint: Endpoint) => OpenAI,
  outer: OpenAI,
  asBytes: boolean,
  bodies: BodyText,
): Promise<SdkReply> {
  const client = clientOf(endpoint);
  const { settings } = endpoint;
  const own: RequestOptions = discreet(localize(options, sending.model, settings.modelMap).options);
  if (own.body instanceof JsonText) own.body = own.body.bytes;
  if (own.body instanceof FormBytes) {
    const isPlain = !hookOf(outer, 'prepareOptions') && !hookOf(outer, 'prepareRequest');
    putForm(own, own.body, endpoint, isPlain);
  }
  own.signal = sending.signal;
  // The pool's own retries are told to the server as the SDK's would be: `maxRetries − 0` is the retry count.
  own.maxRetries = sending.index;
  const confidant = new Confidant(settings, client, own);
  let refusal: { readonly response: Response; readonly body: Uint8Array } | undefined;
  const refused = asBytes
    ? (response: Response, body: Uint8Array) => {
        refusal = { response, body };
      }
    : undefined;
  try {
    const change = hookOf(outer, 'prepareOptions');
    if (change) await change.call(outer, own);
    const prepare = hookOf(outer, 'prepareRequest')?.bind(outer);
    refuseForeign(client, own);
    // What a hook changes is its own for each attempt.
    const text = isWritten(endpoint, client, own)
      ? (change ? new BodyText() : bodies).of(own.body as Record<string, unknown>)
      : undefined;
    const outgoing: Outgoing = { client, endpoint, own, text, sending, confidant, prepare, refused };
    const reply = await (mayGoLeanly(outgoing) ? sendLeanly(outgoing) : sendBySdk(outgoing));
    showSafely(reply.response);
    return reply;
  } catch (error) {
    await inTurn();
    nameHostOnly(error, client.baseURL);
    const shown = confidant.safe(error);
    if (refusal) keepRefusal(shown, refusal.response, refusal.body, (text) => confidant.safe(text));
    throw shown;
  }
}
