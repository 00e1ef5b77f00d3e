/** Lets the SDK itself send an attempt: for uploads and what comes as bytes, and wherever the endpoint's client is not all our own. */
import type { OpenAI } from 'openai';
import { type FetchWatch, WATCH } from '../endpoint/guarded-fetch.ts';
import { bringsTransport, PREPARE, type PrepareRequest } from '../endpoint/sdk-client.ts';
import { addHeaders, addToOptions } from './add-headers.ts';
import type { RequestOptions } from './call-of.ts';
import type { Outgoing } from './outgoing.ts';
import { SdkReply } from './sdk-reply.ts';
import { standIn } from './stand-in.ts';

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

/** Sends one attempt. */
export async function sendBySdk(outgoing: Outgoing): Promise<SdkReply> {
  const { client, endpoint, own, sending, confidant, prepare, refused } = outgoing;
  let { text } = outgoing;
  const { wire } = sending;
  const tellTime = withoutClock(own, client);
  // The guarded fetch tells what happened on the wire.
  const watch: FetchWatch = {
    clock: wire.clock,
    answered: () => wire.answered(),
    failed: (error) => wire.failed(error),
    sent(url, headers) {
      tellTime?.(headers);
      confidant.sent(url, headers);
    },
    ...(refused && { refused }),
  };
  if (!bringsTransport(endpoint.settings)) {
    const fetchOptions = { ...own.fetchOptions, redirect: 'manual', [WATCH]: watch };
    own.fetchOptions = fetchOptions as NonNullable<RequestOptions['fetchOptions']>;
  }
  const putBack = text === undefined ? undefined : standIn(own);
  const { headers: more } = sending;
  if (endpoint.settings.client) addToOptions(own, more);
  if (tellTime || putBack || prepare || more) {
    const hook: PrepareRequest = async (request, context) => {
      putBack?.();
      if (text !== undefined) request.body = text;
      // Whoever keeps a stream keeps the options that this hook stands in.
      text = undefined;
      tellTime?.(request.headers);
      await prepare?.(request, context);
      addHeaders(request, more);
    };
    Object.assign(own, { [PREPARE]: hook });
  }
  const inner = client.request<unknown>(own, 0);
  const response = await inner.asResponse();
  return new SdkReply(response, own, client, confidant, inner);
}
