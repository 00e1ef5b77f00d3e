/**
 * The seam between the SDK and the pool: one SDK request becomes one call, and its reply the SDK's own promise.
 * Everything the SDK sends passes here, since `request` and `requestAPIList` are where all its resources end.
 */
import type { APIPromise, OpenAI } from 'openai';
import { withModel } from '../call/localize.ts';
import type { Steering } from '../call/steering.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { balancedPages, balancedPromise, type Parse, type Props } from './balanced-promise.ts';
import { callOf, PAGE_ENDPOINT, type RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import { discreet } from './discreet.ts';
import { linkAbort } from './link-abort.ts';
import { type Located, locate } from './locate.ts';
import { type OpenStream, readReply } from './read-reply.ts';
import { readingOf } from './reading-of.ts';
import { prepared } from './replayable.ts';
import { type SdkReply, sendAttempt } from './send.ts';
import {
  handoverOf,
  handRaw,
  letRest,
  noteServed,
  propsOf,
  type Served,
  servedBy,
  share,
  streamEnded,
  type ToldHandover,
  tell,
} from './served.ts';
import { whereTo } from './where-to.ts';

/** What the seam needs of the client a call was made on. */
export interface Caller {
  readonly client: OpenAI;
  readonly core: Core;
  /** What steers the call: the client's own steering and that of the code around it. */
  readonly steering: Steering;
  readonly clientOf: (endpoint: Endpoint) => OpenAI;
  /** The same object for clients that differ in their steering only. */
  readonly overrides: object;
  /** Set where the call reads for another one, to find out who has an id. */
  readonly reader?: boolean;
}

/** Sends calls of the library's own, made like the one that needs them. */
const reader = (caller: Caller) => (options: RequestOptions) =>
  balancedRequest({ ...caller, reader: true }, options, null);

async function serve(
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
    const keeps = pool.endpoints.length > 1 || client.maxRetries > 0 || settings.fallbacks !== undefined;
    const { options, replay } = await prepared(given, keeps, given.timeout ?? client.timeout, clock);
    const maxRetries = Math.min(client.maxRetries, remainingRetries ?? Number.POSITIVE_INFINITY);
    const call = callOf(
      options,
      replay,
      { timeout: client.timeout, maxRetries, steering: caller.steering },
      settings,
      clock,
    );
    const known = whereTo(call, given.path, core);
    const { only, prefer, lookup, unknown, missed }: Located = known.seek
      ? await locate(known, call, given, { caller, handover, read: reader(caller) })
      : known;
    const { model } = call;
    const story = dispatcher.open<SdkReply>(
      call,
      (endpoint, sending) =>
        sendAttempt(
          sending.model === model ? options : withModel(options, sending.model as string),
          endpoint,
          sending,
          caller.clientOf,
          client,
        ),
      only,
      prefer,
      lookup,
    );
    if (missed) core.events.emit({ type: 'affinity-missed', at: clock.date(), callId: call.id, id: missed });
    try {
      const attempt = await dispatcher.head(story);
      const served: Served = { story, options, attempt, raw: false, parsed: undefined, unknown };
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

async function parseOnce(caller: Caller, served: Served, props: Props, handover: ToldHandover): Promise<unknown> {
  const { core } = caller;
  const { story } = served;
  const { call } = story;
  const { dispatcher } = core;
  const reply = served.attempt.reply as SdkReply;
  if (served.raw) return reply.inner;
  let unlink: () => void = () => undefined;
  const read = (attempt: Attempt<SdkReply>) =>
    readReply(
      attempt,
      readingOf(core, served, attempt, (end) => {
        if (end.is === 'failed') handover.remember(end.error);
        streamEnded(core, served, unlink, end);
      }),
    );
  try {
    dispatcher.resume(story);
    const attempt = await dispatcher.body(story, served.attempt, read);
    const { data } = attempt;
    served.attempt = attempt;
    // A stream kept here could never be collected when its reader drops it.
    attempt.data = undefined;
    const last = attempt.reply as SdkReply;
    Object.assign(props, propsOf(served, last.props));
    handover.remember(last.response);
    noteServed(core, served);
    if (!last.options.stream) {
      // A binary reply is read by the caller himself, who may still abort it.
      if (last.options.__binaryResponse) linkAbort(call.signal, attempt.controller, last.response);
      dispatcher.settle(story, attempt, { is: 'reply', status: last.status, headers: last.headers });
      dispatcher.finish(story, true);
      handover.remember(data);
      return data;
    }
    story.commit();
    const { stream } = data as OpenStream;
    unlink = linkAbort(call.signal, attempt.controller, last.response);
    handover.remember(stream);
    // Held weakly: a stream that its reader drops must be collected, so that its connection is freed.
    served.stream = new WeakRef(stream);
    return stream;
  } catch (error) {
    handover.remember(error);
    throw error;
  } finally {
    tell(handover, story);
  }
}

function parser(caller: Caller, handover: ToldHandover): Parse<unknown> {
  return (props) => {
    const served = servedBy.get(props) as Served;
    const stream = served.stream?.deref();
    if (stream) return Promise.resolve(stream);
    served.parsed ??= parseOnce(caller, served, props, handover).finally(() => {
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
  const pageOptions = (props: Props) => {
    const { options: own, attempt } = servedBy.get(props) as Served;
    return discreet({ ...own, __metadata: { ...own.__metadata, [PAGE_ENDPOINT]: attempt.endpoint.name } });
  };
  return balancedPages(caller.client, request, parser(caller, handover), handover, Page, pageOptions);
}
