/**
 * The seam between the SDK and the pool: one SDK request becomes one call, and its reply the SDK's own promise.
 * Everything the SDK sends passes here, since `request` and `requestAPIList` are where all its resources end.
 */
import type { APIPromise } from 'openai';
import { BodyText } from '../call/body-text.ts';
import { withModel } from '../call/localize.ts';
import { balancedPages, balancedPromise, type Parse, type Props } from './balanced-promise.ts';
import { callOf, type RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import { type Located, locate, showsObject } from './locate.ts';
import { strangersTo } from './model-list.ts';
import { parseOnce } from './parse-once.ts';
import { readPin } from './pinned-model.ts';
import { prepared } from './replayable.ts';
import { refusePage } from './reply-failures.ts';
import type { SdkReply } from './sdk-reply.ts';
import { sendAttempt } from './send.ts';
import {
  handoverOf,
  handRaw,
  letRest,
  propsOf,
  type Served,
  servedBy,
  servedOf,
  share,
  type ToldHandover,
  tell,
} from './served.ts';
import { pageOptionsOf, serveUnion, unionBy, unionOf } from './union.ts';
import { whereTo } from './where-to.ts';

/** Sends calls of the library's own, made like the one that needs them. */
export const reader = (caller: Caller) => (options: RequestOptions, id: string) =>
  balancedRequest({ ...caller, reader: id }, options, null);

/** Could a call be sent more than once, or under another name of its model? Then a streamed body is read ahead. */
export function keepsBodies({ client, core: { pool, settings } }: Pick<Caller, 'client' | 'core'>): boolean {
  const { fallbacks, pinnedModels } = settings;
  return pool.endpoints.length > 1 || client.maxRetries > 0 || fallbacks !== undefined || pinnedModels;
}

/** Goes on with a request until a reply has good headers. What belongs to it is found in `servedBy`. */
export async function serve(
  caller: Caller,
  input: RequestOptions | PromiseLike<RequestOptions>,
  remainingRetries: number | null,
  handover: ToldHandover,
): Promise<Props> {
  const { core, client } = caller;
  const { settings, pool, dispatcher } = core;
  const { clock } = settings;
  try {
    const given = await input;
    const union = unionOf(given, core, caller.steering);
    if (union) return await serveUnion(caller, union, given, { serve, parser }, handover);
    const ready = await prepared(given, keepsBodies(caller), given.timeout ?? client.timeout, clock);
    const { options, steering } = readPin(ready.options, caller.steering, core);
    const maxRetries = Math.min(client.maxRetries, remainingRetries ?? Number.POSITIVE_INFINITY);
    const defaults = { timeout: client.timeout, maxRetries, steering, part: handover.part };
    const call = callOf(options, ready.replay, defaults, settings, clock);
    const known = whereTo(call, given.path, core);
    const { only, prefer, lookup, unknown, missed }: Located = known.seek
      ? await locate(known, call, given, { caller, handover, read: reader(caller) })
      : known;
    const { model } = call;
    const bodies = new BodyText();
    const story = dispatcher.open<SdkReply>(
      call,
      (endpoint, sending) => {
        const localized = sending.model === model ? options : withModel(options, sending.model as string);
        const sent = sendAttempt(localized, endpoint, sending, caller.clientOf, client, handover.asBytes, bodies);
        return lookup ? sent.then(refusePage) : sent;
      },
      only,
      prefer,
      lookup,
    );
    for (const stranger of strangersTo(given, pool.endpoints)) story.barred.add(stranger);
    if (missed) core.events.emit({ type: 'affinity-missed', at: clock.date(), callId: call.id, id: missed });
    try {
      const attempt = await dispatcher.head(story);
      const { part } = handover;
      const sought = caller.reader ?? (lookup && showsObject(call, given.path) ? true : undefined);
      const served = servedOf(core, { story, options, attempt, raw: false, parsed: undefined, unknown, part, sought });
      if (handover.raw && !handover.wanted) handRaw(core, served);
      else if (!handover.wanted) letRest(core, served);
      else if (handover.raw) share(core, served);
      handover.remember(attempt.reply?.response);
      const props = propsOf(served, undefined);
      servedBy.set(props, served);
      return props;
    } finally {
      tell(handover, story);
    }
  } catch (error) {
    handover.remember(error);
    throw error;
  }
}

function parser(caller: Caller, handover: ToldHandover): Parse<unknown> {
  return (props) => {
    const union = unionBy.get(props);
    if (union) return Promise.resolve(union.body);
    const served = servedBy.get(props) as Served;
    const stream = served.stream?.deref();
    if (stream) return Promise.resolve(stream);
    served.parsed ??= parseOnce(caller.core, served, props, handover).finally(() => {
      if (served.stream) served.parsed = undefined;
    });
    return served.parsed;
  };
}

/** `client.request` over the pool. */
export function balancedRequest<T>(
  caller: Caller,
  options: RequestOptions | PromiseLike<RequestOptions>,
  remainingRetries: number | null,
): APIPromise<T> {
  const handover = handoverOf();
  const request = serve(caller, options, remainingRetries, handover);
  return balancedPromise<T>(caller.client, request, parser(caller, handover) as Parse<T>, handover);
}

type PagesArguments = Parameters<typeof balancedPages>;

/** `client.requestAPIList` over the pool; later pages come from the endpoint that served the first. */
export function balancedList(
  caller: Caller,
  Page: PagesArguments[4],
  options: RequestOptions | PromiseLike<RequestOptions>,
): ReturnType<typeof balancedPages> {
  const handover = handoverOf();
  const request = serve(caller, options, null, handover);
  return balancedPages(caller.client, request, parser(caller, handover), handover, Page, pageOptionsOf);
}
