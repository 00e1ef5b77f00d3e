/**
 * One call as its caller sees it: who waits for what, what was given out, and what `attemptsOf` tells of it. Made with the promise,
 * before anything of the call is known; it keeps nothing of the story alive for those who keep a result.
 */
import { idsInHeaders } from '../affinity/handed-out-ids.ts';
import type { BodyText } from '../call/body-text.ts';
import type { OwnedId } from '../call/owned-id.ts';
import type { Attempt, CallStory } from '../dispatch/call-story.ts';
import { joined, remember, type Told } from './attempts.ts';
import type { Props, Waiting } from './balanced-promise.ts';
import type { RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import type { PartFacts } from './list-gaps.ts';
import type { SdkReply } from './sdk-reply.ts';

/** A page over the pool. */
export interface ServedUnion {
  readonly body: object;
  /** What later pages start from. */
  readonly options: RequestOptions;
  readonly response: Response;
}

const NOTHING: Told['reports'] = [];
const nobody = () => undefined;

/** One call between the application and the pool. */
export class Handover implements Waiting {
  /** The caller wants what comes as bytes. */
  readonly asBytes: boolean;
  /** Set for one endpoint's part of a list. */
  readonly part: PartFacts | undefined;
  /** What `attemptsOf` tells, and what was attempted before the call itself. */
  readonly told: { reports: Told['reports']; decisions?: Told['decisions'] } = { reports: NOTHING };
  before: Told | undefined = undefined;
  /** Somebody waits for the parsed reply, or for the bare `Response`. */
  wanted: boolean;
  raw = false;
  /** The call, once it is under way; or the page that many gave together. */
  served: Served | undefined = undefined;
  union: ServedUnion | undefined = undefined;
  /** The reply's body on its way. Not kept once it is a stream, which must be collected when its reader drops it. */
  parsed: Promise<unknown> | undefined = undefined;
  /** Takes the SDK's properties of the reply as soon as there are good headers. */
  tellHeaders: (props: Props) => void = nobody;

  /** @param asBytes as the field says; such a call, and a part of a list, is always read. */
  constructor(asBytes = false, part?: PartFacts) {
    this.asBytes = asBytes;
    this.part = part;
    this.wanted = asBytes || part !== undefined;
  }

  want(): void {
    this.wanted = true;
  }

  wantRaw(): void {
    this.raw = true;
    const { served } = this;
    if (served?.props) this.remember(served.props.response);
    // Not read at once then: who reads it shows when its headers are there.
    else if (served) served.story.read = undefined;
  }

  remember(thing: unknown): void {
    remember(thing, this.told);
  }

  /** These were made to find out where the call goes. */
  tellBefore(told: Told): void {
    this.before = joined(this.before, told);
    Object.assign(this.told, this.before);
  }

  /** What `attemptsOf` tells from now on. */
  tell(story: CallStory<SdkReply>): void {
    const { before, part } = this;
    if (part) part.callId = story.call.id;
    if (before) {
      Object.assign(this.told, joined(before, story));
      return;
    }
    this.told.decisions = story.decisions;
    this.told.reports = story.reports;
  }
}

/** The call behind a promise, from when it is under way. */
export class Served {
  readonly core: Core;
  readonly handover: Handover;
  readonly story: CallStory<SdkReply>;
  readonly options: RequestOptions;
  /** Writes the bodies of the attempts. */
  readonly bodies: BodyText;
  /** Ids of the call that nobody was known to own: whoever serves it has them. */
  readonly unknown: readonly OwnedId[] | undefined;
  /** It reads to find out who has this id; `true` = everybody is asked for an object. */
  readonly sought: string | true | undefined;
  /** The attempt that counts, and the SDK's properties of its reply: set with the first good headers. */
  attempt!: Attempt<SdkReply>;
  props: Props | undefined = undefined;
  /** The reply was handed out at its headers: there is no second attempt any more. */
  raw = false;
  /** The stream handed out, if it was one. Held weakly: one that its reader drops must be collected, so that its connection is freed. */
  stream: WeakRef<object> | undefined = undefined;
  /** Ends the link between the caller's signal and a stream that was handed out. */
  unlink: () => void = nobody;

  constructor(
    handover: Handover,
    core: Core,
    story: CallStory<SdkReply>,
    options: RequestOptions,
    bodies: BodyText,
    unknown: readonly OwnedId[] | undefined,
    sought: string | true | undefined,
  ) {
    this.handover = handover;
    this.core = core;
    this.story = story;
    this.options = options;
    this.bodies = bodies;
    this.unknown = unknown;
    this.sought = sought;
  }

  /** The first good headers came. What a reply without a body to tell it says of the object it made is learnt now. */
  headersCame(attempt: Attempt<SdkReply>): Props {
    const { core, handover, story } = this;
    const { call } = story;
    const { headers, response, options } = attempt.reply as SdkReply;
    this.attempt = attempt;
    const ids = call.operation.place === 'home' ? idsInHeaders(headers) : [];
    if (ids.length > 0) core.affinity.learn(ids, attempt.endpoint.name);
    if (handover.raw) handover.remember(response);
    handover.tell(story);
    this.props = {
      requestLogID: call.id,
      retryOfRequestLogID: undefined,
      startTime: call.startedAt,
      controller: attempt.ending.controller,
      response,
      options,
    };
    return this.props;
  }

  /** The body of `attempt` can be used: its reply is the one that counts. */
  bodyCame(attempt: Attempt<SdkReply>): SdkReply {
    const reply = attempt.reply as SdkReply;
    const { response, options } = reply;
    this.attempt = attempt;
    Object.assign(this.props as Props, { controller: attempt.ending.controller }, reply.props, { response, options });
    return reply;
  }
}
