/**
 * The seam between the SDK and the pool: one SDK request becomes one call, and its reply the SDK's own promise.
 * Everything the SDK sends passes here, since `request` and `requestAPIList` are where all its resources end.
 */
import type { APIPromise } from 'openai';
import { BodyText } from '../call/body-text.ts';
import type { Call } from '../call/call.ts';
import { withModel } from '../call/localize.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { BalancedPages, BalancedPromise, type Props } from './balanced-promise.ts';
import { callOf, type RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import { Handover, Served } from './handover.ts';
import { type Located, locate, showsObject } from './locate.ts';
import { strangersTo } from './model-list.ts';
import { dataOf, deliver, readBody } from './parse-once.ts';
import { readPin } from './pinned-model.ts';
import { isOneShot, prepared } from './replayable.ts';
import { refusePage } from './reply-failures.ts';
import type { SdkReply } from './sdk-reply.ts';
import { sendAttempt } from './send.ts';
import { handRaw, letRest, share } from './served.ts';
import { pageOptionsOf, serveUnion, unionOf } from './union.ts';
import { whereTo } from './where-to.ts';

/** Sends calls of the library's own, made like the one that needs them. */
export const reader = (caller: Caller) => (options: RequestOptions, id: string) =>
  balancedRequest({ ...caller, reader: id }, options, null);

/** Could a call be sent more than once, or under another name of its model? Then a streamed body is read ahead. */
export function keepsBodies({ client, core: { pool, settings } }: Pick<Caller, 'client' | 'core'>): boolean {
  const { fallbacks, pinnedModels } = settings;
  return pool.endpoints.length > 1 || client.maxRetries > 0 || fallbacks !== undefined || pinnedModels;
}

/** Describes the call that `options` ask for. @param ready what its body allows, where that had to be found out. */
function described(
  { core, client, steering: around }: Caller,
  given: RequestOptions,
  ready: Awaited<ReturnType<typeof prepared<RequestOptions>>> | undefined,
  { part }: Handover,
  remainingRetries: number | null,
): { readonly options: RequestOptions; readonly call: Call } {
  const { settings } = core;
  const { timeout } = client;
  const { options, steering } = readPin(ready?.options ?? given, around, core);
  const maxRetries = Math.min(client.maxRetries, remainingRetries ?? Number.POSITIVE_INFINITY);
  const defaults = { timeout, maxRetries, steering, part };
  return { options, call: callOf(options, ready?.replay ?? 'free', defaults, settings, settings.clock) };
}

/** Opens a call, once it is known where it goes. */
function open(
  caller: Caller,
  given: RequestOptions,
  { options, call }: ReturnType<typeof described>,
  { only, prefer, lookup, unknown, missed }: Located,
  handover: Handover,
): Served {
  const { core, client, clientOf } = caller;
  const { settings, pool, dispatcher } = core;
  const { model } = call;
  const bodies = new BodyText();
  const story = dispatcher.open<SdkReply>(
    call,
    (endpoint, sending) => {
      const localized = sending.model === model ? options : withModel(options, sending.model as string);
      const send = (own: RequestOptions) =>
        sendAttempt(own, endpoint, sending, clientOf, client, handover.asBytes, bodies);
      const sent = caller.sends ? caller.sends(endpoint, localized, send) : send(localized);
      return lookup ? sent.then(refusePage) : sent;
    },
    only,
    prefer ?? (caller.prefers === undefined ? undefined : pool.named(caller.prefers)),
    lookup,
  );
  for (const stranger of strangersTo(given, pool.endpoints)) story.barred.add(stranger);
  if (missed) core.events.emit({ type: 'affinity-missed', at: settings.clock.date(), callId: call.id, id: missed });
  const sought = caller.reader ?? (lookup && showsObject(call, given.path) ? true : undefined);
  const served = new Served(handover, core, story, options, bodies, unknown, sought);
  handover.served = served;
  return served;
}

/** Nobody waits for the body yet, or somebody may read it himself: what is known at its headers is decided. */
function atHeaders(served: Served): void {
  const { raw, wanted } = served.handover;
  served.handover.parsed = undefined;
  if (raw && !wanted) handRaw(served);
  else if (!wanted) letRest(served);
  else if (raw) share(served);
}

/**
 * Goes on with a request until its caller has what he waits for, which is told of its headers as soon as they are good.
 * @returns the parsed reply, if somebody waited for it before there were headers; else what `dataOf` gives is parsed when asked for.
 */
export async function serve(
  caller: Caller,
  input: RequestOptions | PromiseLike<RequestOptions>,
  remainingRetries: number | null,
  handover: Handover,
): Promise<unknown> {
  const { core } = caller;
  const { dispatcher } = core;
  try {
    const given = await input;
    const union = unionOf(given, core, caller.steering);
    if (union) return await serveUnion(caller, union, given, serve, handover);
    const ready = isOneShot(given.body)
      ? await prepared(given, keepsBodies(caller), given.timeout ?? caller.client.timeout, core.settings.clock)
      : undefined;
    const asked = described(caller, given, ready, handover, remainingRetries);
    const known = whereTo(asked.call, given.path, core);
    const located: Located = known.seek
      ? await locate(known, asked.call, given, { caller, handover, read: reader(caller) })
      : known;
    const served = open(caller, given, asked, located, handover);
    const { story } = served;
    try {
      if (handover.wanted && !handover.raw) {
        // Not written straight into the field: V8 makes such a function among its old objects, and the call grows old with it.
        const read = (attempt: Attempt<SdkReply>) => {
          if (!served.props) handover.tellHeaders(served.headersCame(attempt));
          return readBody(served, attempt);
        };
        story.read = read;
      }
      const attempt = await dispatcher.head(story);
      if (served.props) return deliver(served, attempt);
      const props = served.headersCame(attempt);
      atHeaders(served);
      handover.tellHeaders(props);
      return undefined;
    } catch (error) {
      served.bodies.forget();
      handover.tell(story);
      throw error;
    }
  } catch (error) {
    handover.remember(error);
    throw error;
  }
}

/** The SDK's properties of a reply that is on its way, as soon as there are good headers. */
function requested(
  caller: Caller,
  options: RequestOptions | PromiseLike<RequestOptions>,
  remainingRetries: number | null,
  handover: Handover,
): Promise<Props> {
  return new Promise((resolve, reject) => {
    handover.tellHeaders = resolve;
    handover.parsed = serve(caller, options, remainingRetries, handover);
    // After the headers it is whoever waits for the body that hears of it.
    handover.parsed.then(undefined, reject);
  });
}

/** `client.request` over the pool. */
export function balancedRequest<T>(
  caller: Caller,
  options: RequestOptions | PromiseLike<RequestOptions>,
  remainingRetries: number | null,
): APIPromise<T> {
  const handover = new Handover();
  const request = requested(caller, options, remainingRetries, handover);
  const promise: APIPromise<unknown> = new BalancedPromise(caller.client, request, () => dataOf(handover), handover);
  return promise as APIPromise<T>;
}

type PagesArguments = ConstructorParameters<typeof BalancedPages>;

/** `client.requestAPIList` over the pool; later pages come from the endpoint that served the first. */
export function balancedList(
  caller: Caller,
  Page: PagesArguments[4],
  options: RequestOptions | PromiseLike<RequestOptions>,
): BalancedPages {
  const handover = new Handover();
  const request = requested(caller, options, null, handover);
  const pageOptions = () => pageOptionsOf(handover);
  return new BalancedPages(caller.client, request, () => dataOf(handover), handover, Page, pageOptions);
}
