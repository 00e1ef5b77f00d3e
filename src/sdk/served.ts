/** One served call between its headers and its end: what is handed out, and what is learnt when that is over. */
import { idsInHeaders } from '../affinity/handed-out-ids.ts';
import type { OwnedId } from '../call/owned-id.ts';
import type { Attempt, CallStory } from '../dispatch/call-story.ts';
import type { StreamEnd } from '../dispatch/watched.ts';
import { abortError } from '../errors.ts';
import { remember, type Told } from './attempts.ts';
import type { Handover, Props } from './balanced-promise.ts';
import { shareBody } from './bounded-body.ts';
import type { RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import { linkAbort } from './link-abort.ts';
import type { PartFacts } from './list-gaps.ts';
import type { SdkReply } from './sdk-reply.ts';
import { cachedTokens } from './usage.ts';

/** The call behind a promise, once its headers are there. */
export interface Served {
  readonly story: CallStory<SdkReply>;
  readonly options: RequestOptions;
  attempt: Attempt<SdkReply>;
  /** The reply was handed out at its headers: there is no second attempt any more. */
  raw: boolean;
  parsed: Promise<unknown> | undefined;
  /** Ids of the call that nobody was known to own: whoever serves it has them. */
  readonly unknown?: readonly OwnedId[] | undefined;
  /** It reads to find out who has this id; `true` = everybody is asked for an object. */
  readonly sought?: string | true | undefined;
  /** It is one endpoint's part of a list: whoever merges it learns its ids. */
  readonly part?: PartFacts | undefined;
  /** The stream handed out, if it was one. */
  stream?: WeakRef<object>;
}

/** The call behind the SDK's properties of a reply. Why a map: whoever prints a promise must not see the pool through it. */
export const servedBy = new WeakMap<object, Served>();

/** The SDK's properties of the reply that counts now. */
export function propsOf(served: Served, clientProps: Partial<Props> | undefined): Props {
  const { attempt, story } = served;
  const reply = attempt.reply as SdkReply;
  return {
    requestLogID: story.call.id,
    retryOfRequestLogID: undefined,
    startTime: story.call.startedAt,
    controller: attempt.controller,
    ...clientProps,
    response: reply.response,
    options: reply.options,
  };
}

/** A handover with what `attemptsOf` will tell, and what was attempted before the call itself. */
export type ToldHandover = Handover & {
  told: { reports: Told['reports'] };
  before: Told['reports'];
  /** The caller wants what comes as bytes. */
  readonly asBytes: boolean;
  /** Set for one endpoint's part of a list. */
  part?: PartFacts;
};

/** These were made to find out where the call goes. */
export function toldBefore(handover: ToldHandover, attempts: Told['reports']): void {
  handover.before = [...handover.before, ...attempts];
  handover.told.reports = handover.before;
}

/** What `attemptsOf` tells from now on. */
export function tell(handover: ToldHandover, story: CallStory<SdkReply>): void {
  const { told, before, part } = handover;
  if (part) part.callId = story.call.id;
  told.reports = before.length > 0 ? [...before, ...story.reports] : story.reports;
}

const NOTHING: Told['reports'] = [];

/** A handover that remembers for `attemptsOf`, and keeps nothing else of the story alive. */
export function handoverOf(asBytes = false): ToldHandover {
  const told: { reports: Told['reports'] } = { reports: [] };
  return { wanted: asBytes, raw: false, told, before: NOTHING, asBytes, remember: (thing) => remember(thing, told) };
}

/** Whoever served the call has what it names. */
function noteOwner({ affinity }: Core, { unknown, attempt }: Served): void {
  if (!unknown) return;
  affinity.learn(
    unknown.map(({ id }) => id),
    attempt.endpoint.name,
  );
}

/** The call was served: its prompt is in an endpoint's cache now, and the reply may say whether it was before. */
export function noteServed(core: Core, served: Served): void {
  const { conversations } = core;
  const { story, attempt } = served;
  conversations.served(story.call, attempt.endpoint);
  conversations.told(story.call, attempt.endpoint, cachedTokens(attempt.report.usage));
  noteOwner(core, served);
}

/** The caller took the `Response` at its headers: what happens to its body is his affair. */
export function handRaw(core: Core, served: Served): void {
  const { story, attempt } = served;
  const reply = attempt.reply as SdkReply;
  served.raw = true;
  core.dispatcher.headsOnly(story, attempt);
  core.dispatcher.settle(story, attempt, { is: 'reply', status: reply.status, headers: reply.headers });
  core.dispatcher.finish(story, true);
  core.conversations.served(story.call, attempt.endpoint);
  noteOwner(core, served);
  linkAbort(story.call.signal, attempt.controller, reply.response);
}

/** Both the parsed reply and the `Response` are wanted: a buffered body is read once, for both. */
export function share({ settings }: Core, { options, attempt }: Served): void {
  const { response } = attempt.reply as SdkReply;
  if (!options.stream && !options.__binaryResponse && response.body) shareBody(response, settings.maxResponseBytes);
}

/**
 * Resolves to whether the caller reads the bytes of a stream himself, although somebody awaits it parsed as well: some
 * tracers do that to every promise. Others ask for every response and read none, so only time can tell: whoever was given
 * a response and wants its bytes has begun to read them a turn later.
 */
export async function readByCaller({ options, attempt }: Served): Promise<boolean> {
  if (!options.stream) return false;
  const { response } = attempt.reply as SdkReply;
  await new Promise((resolve) => setImmediate(resolve));
  return response.body?.locked ?? false;
}

/** A call whose headers are there. What a reply without a body to tell it says of the object it made is learnt now. */
export function servedOf(core: Core, served: Served): Served {
  const { endpoint, reply } = served.attempt;
  const ids = reply && served.story.call.operation.place === 'home' ? idsInHeaders(reply.headers) : [];
  if (ids.length > 0) core.affinity.learn(ids, endpoint.name);
  return served;
}

/**
 * Nobody asked for the reply yet. Its place at the endpoint is given free, so that a promise that is never awaited holds
 * none; whoever awaits it later still gets a checked body, and failover if that fails.
 */
export function letRest(core: Core, { story, attempt }: Served): void {
  core.dispatcher.headsOnly(story, attempt);
  attempt.endpoint.state.release(attempt.load);
  story.rest(() => {
    if (story.read) return;
    const { status, headers } = attempt.reply as SdkReply;
    core.dispatcher.settle(story, attempt, { is: 'reply', status, headers });
    core.dispatcher.finish(story, true);
  });
}

/** A stream that was handed out is over. */
export function streamEnded(core: Core, served: Served, unlink: () => void, end: StreamEnd): void {
  const { story, attempt } = served;
  const reply = attempt.reply as SdkReply;
  unlink();
  if (end.is === 'failed') {
    const { error, late } = end;
    const cut = late ? ({ cut: 'deadline' } as const) : {};
    core.dispatcher.settle(story, attempt, { is: 'error', error, phase: 'body', sent: 'maybe', ...cut });
  } else if (end.is === 'left' && (!end.said || story.call.signal?.aborted)) {
    // The caller gave up: that says nothing about the endpoint.
    const error = abortError(story.call.signal);
    core.dispatcher.settle(story, attempt, { is: 'error', error, phase: 'body', sent: 'maybe' });
  } else core.dispatcher.settle(story, attempt, { is: 'reply', status: reply.status, headers: reply.headers });
  core.conversations.told(story.call, attempt.endpoint, cachedTokens(attempt.report.usage));
  core.dispatcher.finish(story, end.is !== 'failed');
}
