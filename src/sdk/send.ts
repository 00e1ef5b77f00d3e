/** The port through which SDK calls go out: an attempt becomes one request of the endpoint's own SDK client, without retries. */
import { type APIPromise, OpenAI } from 'openai';
import { JsonText } from '../call/json-text.ts';
import { localize } from '../call/localize.ts';
import type { Reply, Sending } from '../dispatch/call-story.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { bringsTransport, PREPARE, type PrepareRequest } from '../endpoint/sdk-client.ts';
import { shownURL } from '../endpoint/secrets.ts';
import { turnstile } from '../endpoint/turnstile.ts';
import { foreignOriginError } from '../errors.ts';
import type { Props } from './balanced-promise.ts';
import type { RequestOptions } from './call-of.ts';
import { confidant } from './confidant.ts';
import { discreet } from './discreet.ts';
import { nameHostOnly } from './redirect-error.ts';
import { keepRefusal } from './refusals.ts';

/** Good headers of an SDK reply, with what is needed to parse it. */
export interface SdkReply extends Reply {
  readonly response: Response;
  readonly inner: APIPromise<unknown>;
  readonly options: RequestOptions;
  /** The SDK's properties of the reply; known once it is parsed. */
  props: Props | undefined;
  /** An error of this attempt as the caller may see it: without the credentials that were sent. */
  readonly safe: (error: unknown) => unknown;
}

interface Hooks {
  prepareOptions(options: RequestOptions): Promise<void>;
  prepareRequest: PrepareRequest;
}

/** The hooks a subclass of the balancing client overrides; they run once per attempt. */
function hooksOf(outer: OpenAI): { options: Hooks['prepareOptions'] | undefined; request: PrepareRequest | undefined } {
  const hooks = outer as unknown as Hooks;
  const standard = OpenAI.prototype as unknown as Hooks;
  return {
    options: hooks.prepareOptions === standard.prepareOptions ? undefined : (options) => hooks.prepareOptions(options),
    request:
      hooks.prepareRequest === standard.prepareRequest
        ? undefined
        : (request, context) => hooks.prepareRequest(request, context),
  };
}

/** An endpoint's key goes to its own origin only, whatever path or base URL one call names. */
function refuseForeign(client: OpenAI, { path, defaultBaseURL }: RequestOptions): void {
  if (path.startsWith('/') && !path.startsWith('//') && !defaultBaseURL) return;
  const { origin } = new URL(client.buildURL(path, null, defaultBaseURL));
  if (origin !== new URL(client.baseURL).origin) throw foreignOriginError(origin);
}

/** One for the process, as its event loop is. */
const pass = turnstile();
const inTurn = () => new Promise<void>((resolve) => pass(resolve));

/** The header in which the SDK tells how long it waits, in seconds. */
const TIME = 'x-stainless-timeout';
const inSeconds = (ms: number) => String(Math.trunc(ms / 1000));

/**
 * Leaves the time of a call to the dispatcher's deadline: the SDK's own clock would run beside it, over the body too, by the
 * wall, and what it ends looks like the endpoint's fault. What is no timeout at all is left for the SDK to refuse.
 * @returns what still tells the server the caller's time.
 */
function withoutClock(own: RequestOptions, client: OpenAI): ((headers: unknown) => void) | undefined {
  const { timeout } = own;
  if (timeout === undefined || !(timeout > 0 && timeout < client.timeout)) return undefined;
  own.timeout = client.timeout;
  return (headers) => {
    // What the caller himself says there stays.
    if (headers instanceof Headers && headers.get(TIME) === inSeconds(client.timeout))
      headers.set(TIME, inSeconds(timeout));
  };
}

/**
 * Sends `options` as one attempt; they name the model to ask by its public name.
 * @param clientOf the SDK client of an endpoint.
 * @param outer the balancing client, whose overridden hooks run.
 * @param asBytes keeps error replies as they came, for a caller who wants those.
 */
export async function sendAttempt(
  options: RequestOptions,
  endpoint: Endpoint,
  sending: Sending,
  clientOf: (endpoint: Endpoint) => OpenAI,
  outer: OpenAI,
  asBytes: boolean,
): Promise<SdkReply> {
  const client = clientOf(endpoint);
  const { settings } = endpoint;
  const own: RequestOptions = discreet(localize(options, sending.model, settings.modelMap).options);
  if (own.body instanceof JsonText) own.body = own.body.bytes;
  own.signal = sending.signal;
  // The pool's own retries are told to the server as the SDK's would be: `maxRetries − 0` is the retry count.
  own.maxRetries = sending.index;
  const { safe, listening } = confidant(settings, client, own);
  let refusal: { readonly response: Response; readonly body: Uint8Array } | undefined;
  const tellTime = withoutClock(own, client);
  // Nothing is ever sent where a reply points to, and the guarded fetch tells what happened on the wire.
  const wire = {
    ...sending.wire,
    sent: (_: string, headers: unknown) => tellTime?.(headers),
    ...(asBytes && {
      refused: (response: Response, body: Uint8Array) => {
        refusal = { response, body };
      },
    }),
  };
  const guarded = listening({ ...own.fetchOptions, redirect: 'manual' }, wire);
  if (!bringsTransport(settings)) own.fetchOptions = guarded as NonNullable<RequestOptions['fetchOptions']>;
  try {
    const hooks = hooksOf(outer);
    if (hooks.options) await hooks.options(own);
    const prepare: PrepareRequest = async (request, context) => {
      tellTime?.(request.headers);
      await hooks.request?.(request, context);
    };
    if (tellTime || hooks.request) Object.assign(own, { [PREPARE]: prepare });
    refuseForeign(client, own);
    const inner = client.request<unknown>(own, 0);
    const response = await inner.asResponse();
    const shown = shownURL(response.url);
    if (shown !== response.url) Object.defineProperty(response, 'url', { value: shown, configurable: true });
    const { status, headers } = response;
    return { status, headers, response, inner, options: own, props: undefined, safe };
  } catch (error) {
    await inTurn();
    nameHostOnly(error, client.baseURL);
    const shown = safe(error);
    if (refusal) keepRefusal(shown, refusal.response, refusal.body, safe);
    throw shown;
  }
}
