/** The body of a reply, read to the point where the caller can have it: a checked JSON value, or a stream with its first content. */
import type { Stream } from 'openai/streaming';
import { finderFor } from '../affinity/handed-out-ids.ts';
import type { Call } from '../call/call.ts';
import { answersAsked } from '../call/stream-progress.ts';
import type { Clock } from '../clock.ts';
import { BodyWatch } from '../dispatch/body-watch.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import type { StreamEnd } from '../dispatch/watched.ts';
import { badReplyError, filteredAnswer } from '../errors.ts';
import { withRequestId } from './balanced-promise.ts';
import { limitBody, tapStream } from './bounded-body.ts';
import { checkReply, isFiltered } from './reply-checks.ts';
import { cutShort, failureIn, isSought, otherObject, translate } from './reply-failures.ts';
import type { SdkReply } from './send.ts';
import { usageOf } from './usage.ts';
import { wholeEvents } from './whole-events.ts';

/** Takes a reply's bytes as they came, beside what is made of them. */
export interface ByteKeeper {
  /** The body of a buffered reply. */
  whole(body: Uint8Array): void;
  /** A stream's bytes come through `response` from here on. */
  split(response: Response): void;
  /** What came so far belongs to the event just taken. */
  mark(): void;
}

/** What reading needs. */
export interface Reading {
  /** What was asked for: the request's body as an object. */
  readonly asked: unknown;
  /** The id of the object that the reply must be, where it shall tell who has it; `true` = it must be an object at all. */
  readonly sought?: string | true | undefined;
  /** Set for a caller who wants bytes. */
  readonly bytes?: ByteKeeper;
  readonly call: Call;
  readonly clock: Clock;
  readonly maxResponseBytes: number;
  readonly streamIdleTimeout: number;
  /** False when nobody else could take the call: then nothing is held back. */
  readonly mayMove: () => boolean;
  /** True when somebody else shall be asked for an answer that a content filter cut off. */
  readonly mayMoveFiltered: () => boolean;
  /** Takes the endpoint's credentials out of an error. */
  readonly safe: (error: unknown) => unknown;
  /** The endpoint handed out these ids. */
  readonly learnIds: (ids: readonly string[]) => void;
  /** The first content of a stream came. */
  readonly contentCame: () => void;
  /** A stream that was handed out is over. */
  readonly streamEnded: (end: StreamEnd) => void;
}

/** A stream handed to the caller, and what to do when it is dropped. */
export interface OpenStream {
  readonly stream: Stream<unknown>;
  readonly dropped: () => void;
}

/** Streams that nobody reads to the end and nobody closes free their connection when they are collected. */
const abandoned = new FinalizationRegistry<() => void>((dropped) => dropped());
/** An iterator keeps its stream: `for await (… of await create(…))` holds nothing else of it while it reads. */
const readers = new WeakMap<AsyncIterator<unknown>, Stream<unknown>>();

/** Lets the endpoint's SDK client parse its reply, and notes the properties it parsed with. */
function parsed(reply: SdkReply): Promise<unknown> {
  return reply.inner._thenUnwrap((data, props) => {
    reply.props = props;
    return data as object;
  });
}

/** The stream for the caller. Apart from `openStream`, so that nothing which outlives the stream can hold it. */
function streamOf(source: Stream<unknown>, watch: BodyWatch<unknown>, controller: AbortController): Stream<unknown> {
  const Class = source.constructor as typeof Stream;
  let taken = false;
  const stream: Stream<unknown> = new Class<unknown>(() => {
    if (taken) return source[Symbol.asyncIterator]();
    taken = true;
    const iterator = watch.iterator();
    readers.set(iterator, stream);
    return iterator;
  }, controller);
  return stream;
}

async function openStream(attempt: Attempt<SdkReply>, reply: SdkReply, reading: Reading): Promise<OpenStream> {
  const { call, clock } = reading;
  const tap = tapStream(reply.response, clock);
  const bytesRead = wholeEvents(reply.response);
  reading.bytes?.split(reply.response);
  const source = (await parsed(reply)) as Stream<unknown>;
  const find = finderFor(call, reading.asked);
  // Not the SDK's own, which it aborts itself when the transfer breaks: its helpers take that for the caller's will.
  const controller = new AbortController();
  const watch = new BodyWatch(source[Symbol.asyncIterator](), {
    kind: call.operation.stream,
    answers: answersAsked(reading.asked),
    clock,
    idleTimeout: reading.streamIdleTimeout,
    timeLeft: () => call.deadline - clock.now(),
    // What is made then exists, however long it may take to say something.
    begins: call.replay === 'create' ? 'with any event' : 'with content',
    aborted: () => controller.signal.aborted,
    sawDone: tap.sawDone,
    lastByteAt: tap.lastByteAt,
    bytesRead,
    stop: () => source.controller.abort(),
    translate: (error) => reading.safe(translate(error)),
    failureIn: (event) => reading.safe(failureIn(event, reply.headers)),
    cutShort: (where) => reading.safe(cutShort(where, call, tap.object(), reply.headers)),
    onEvent(event) {
      reading.bytes?.mark();
      const usage = usageOf(event);
      if (usage) attempt.report.usage = usage;
      if (find) {
        const ids = find(event);
        if (ids.length > 0) reading.learnIds(ids);
      }
    },
    // A recovering endpoint has proved itself with its first words, not minutes later with its last.
    onContent: reading.contentCame,
    onEnd(end) {
      // Node may hold on to the signal of a request that is over, and to all that listens there. One that was left is aborted yet.
      if (end.is !== 'left') signal.removeEventListener('abort', aborted);
      abandoned.unregister(attempt);
      reading.streamEnded(end);
    },
  });
  const { signal } = source.controller;
  controller.signal.addEventListener('abort', () => source.controller.abort(controller.signal.reason), { once: true });
  const aborted = () => {
    if (!watch.complete || attempt.controller.signal.aborted) controller.abort(signal.reason);
    watch.aborted();
  };
  signal.addEventListener('abort', aborted, { once: true });
  await watch.untilContent(reading.mayMove());
  const stream = streamOf(source, watch, controller);
  const dropped = () => watch.dropped();
  abandoned.register(stream, dropped, attempt);
  return { stream, dropped };
}

/**
 * Reads one reply.
 * @returns the parsed value, the `Response` of a binary operation, or an `OpenStream`.
 * @throws what makes the call go on elsewhere.
 */
export async function readReply(attempt: Attempt<SdkReply>, reading: Reading): Promise<unknown> {
  const data = await readWhole(attempt, reading);
  if (isFiltered(data) && reading.mayMoveFiltered()) throw filteredAnswer(data, (attempt.reply as SdkReply).headers);
  return data;
}

async function readWhole(attempt: Attempt<SdkReply>, reading: Reading): Promise<unknown> {
  const reply = attempt.reply as SdkReply;
  const { options, response } = reply;
  try {
    if (options.stream && !response.body) throw badReplyError('The reply is empty although its status says success.');
    if (options.stream) return await openStream(attempt, reply, reading);
    if (options.__binaryResponse) return await parsed(reply);
    limitBody(response, reading.maxResponseBytes, reading.bytes?.whole);
    const raw = await parsed(reply);
    const data = checkReply(reading.call, raw, reply.headers);
    const { sought } = reading;
    if (sought !== undefined && !isSought(data, sought)) throw otherObject(reply.headers);
    if (typeof data === 'object' && data !== null) {
      withRequestId(data, reply.response);
      const usage = usageOf(data);
      if (usage) attempt.report.usage = usage;
      const ids = finderFor(reading.call, reading.asked)?.(data) ?? [];
      if (ids.length > 0) reading.learnIds(ids);
    }
    return data;
  } catch (error) {
    throw reading.safe(translate(error));
  }
}
