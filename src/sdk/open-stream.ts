/** The stream of a reply, opened to the point where the caller can have it: its first content came, and its end will be noticed. */
import { OpenAIError } from 'openai';
import { Stream } from 'openai/streaming';
import { finderFor } from '../affinity/handed-out-ids.ts';
import { answersAsked } from '../call/stream-progress.ts';
import { BodyWatch } from '../dispatch/body-watch.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { EventReader } from './event-reader.ts';
import type { Reading } from './reading.ts';
import { cutShort, failureIn, translate } from './reply-failures.ts';
import { noteModel } from './reply-model.ts';
import { asksPlainly, type SdkReply } from './sdk-reply.ts';
import { usageOf } from './usage.ts';

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
export function parsed(reply: SdkReply): Promise<unknown> {
  return reply.inner._thenUnwrap((data, props) => {
    reply.props = props;
    return data as object;
  });
}

/** A stream is read once; these are the SDK's words. */
const readAlready = (): AsyncIterator<unknown> => ({
  next: async () => {
    throw new OpenAIError('Cannot iterate over a consumed stream, use `.tee()` to split the stream.');
  },
});

/** The stream for the caller. Apart from `openStream`, so that nothing which outlives the stream can hold it. */
function streamOf(Class: typeof Stream, watch: BodyWatch<unknown>, controller: AbortController): Stream<unknown> {
  let taken = false;
  const stream: Stream<unknown> = new Class<unknown>(() => {
    if (taken) return readAlready();
    taken = true;
    const iterator = watch.iterator();
    readers.set(iterator, stream);
    return iterator;
  }, controller);
  return stream;
}

/** Reads to the first content. @throws what makes the call go on elsewhere. */
export async function openStream(attempt: Attempt<SdkReply>, reply: SdkReply, reading: Reading): Promise<OpenStream> {
  const { call, clock, bytes } = reading;
  const bySdk = () => source ?? reply.streamBySdk(request);
  const events = new EventReader(reply.response, clock, () => bySdk()[Symbol.asyncIterator](), {
    bytes,
    plain: asksPlainly(reply.options),
  });
  const source = reply.controller ? undefined : ((await parsed(reply)) as Stream<unknown>);
  const request = reply.controller ?? (source as Stream<unknown>).controller;
  const find = finderFor(call, reading.asked);
  // Not the SDK's own, which it aborts itself when the transfer breaks: its helpers take that for the caller's will.
  const controller = new AbortController();
  const watch = new BodyWatch(events, {
    kind: call.operation.stream,
    answers: answersAsked(reading.asked),
    clock,
    idleTimeout: reading.streamIdleTimeout,
    timeLeft: () => call.deadline - clock.now(),
    // What is made then exists, however long it may take to say something.
    begins: call.replay === 'create' ? 'with any event' : 'with content',
    aborted: () => controller.signal.aborted,
    sawDone: () => events.sawDone,
    lastByteAt: () => events.arrivals.lastByteAt,
    bytesRead: () => events.arrivals.bytes,
    stop: () => request.abort(),
    translate: (error) => reading.safe(translate(error)),
    failureIn: (event) => reading.safe(failureIn(event, reply.headers)),
    cutShort: (where) => reading.safe(cutShort(where, call, events.arrivals.object, reply.headers)),
    onEvent(event) {
      bytes?.mark();
      const usage = usageOf(event);
      if (usage) attempt.report.usage = usage;
      noteModel(attempt, event, reading);
      if (find) {
        const ids = find(event);
        if (ids.length > 0) reading.learnIds(ids);
      }
    },
    // A recovering endpoint has proved itself with its first words, not minutes later with its last.
    onContent: () => reading.contentCame(),
    onEnd(end) {
      // Node may hold on to the signal of a request that is over, and to all that listens there. One that was left is aborted yet.
      if (end.is !== 'left') signal.removeEventListener('abort', aborted);
      abandoned.unregister(attempt);
      reading.streamEnded(end);
    },
  });
  const { signal } = request;
  controller.signal.addEventListener('abort', () => request.abort(controller.signal.reason), { once: true });
  const aborted = () => {
    if (!watch.complete || attempt.ending.aborted) controller.abort(signal.reason);
    watch.aborted();
    events.aborted();
  };
  signal.addEventListener('abort', aborted, { once: true });
  await watch.untilContent(reading.mayMove());
  const stream = streamOf((source?.constructor ?? Stream) as typeof Stream, watch, controller);
  const dropped = () => watch.dropped();
  abandoned.register(stream, dropped, attempt);
  return { stream, dropped };
}
