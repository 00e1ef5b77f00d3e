/** From good headers to what the caller gets: a body that fails on the way continues the same call elsewhere. */
import type { Attempt } from '../dispatch/call-story.ts';
import { AttemptReading } from './attempt-reading.ts';
import type { Handover, Served } from './handover.ts';
import { linkAbort } from './link-abort.ts';
import type { OpenStream } from './open-stream.ts';
import { readBytes } from './read-bytes.ts';
import { readReply } from './read-reply.ts';
import type { SdkReply } from './sdk-reply.ts';
import { handRaw, noteServed, readByCaller } from './served.ts';

/** Reads the body of one attempt. */
export function readBody(served: Served, attempt: Attempt<SdkReply>): Promise<unknown> {
  const reading = new AttemptReading(served, attempt);
  return served.handover.asBytes ? readBytes(attempt, reading) : readReply(attempt, reading);
}

/** The body of `attempt` can be used: hands it out. */
export function deliver(served: Served, attempt: Attempt<SdkReply>): unknown {
  const { story, core, handover } = served;
  const { call } = story;
  const { dispatcher } = core;
  const { data } = attempt;
  // A stream kept here could never be collected when its reader drops it.
  attempt.data = undefined;
  served.bodies.forget();
  const { status, headers, options, response } = served.bodyCame(attempt);
  noteServed(served);
  handover.tell(story);
  if (options.stream) {
    story.commit();
    const { stream } = data as OpenStream;
    served.unlink = linkAbort(call.signal, attempt.ending.controller, response);
    handover.remember(stream);
    served.stream = new WeakRef(stream);
    handover.parsed = undefined;
    return stream;
  }
  // A binary reply is read by the caller himself, who may still abort it.
  if (options.__binaryResponse) linkAbort(call.signal, attempt.ending.controller, response);
  if (options.__binaryResponse && handover.asBytes) {
    // It goes through somebody's hands, who tells how it ended.
    story.commit();
    return data;
  }
  dispatcher.settle(story, attempt, { is: 'reply', status, headers });
  dispatcher.finish(story, true);
  handover.remember(data);
  return data;
}

/** Goes on from the headers that were waited for alone, until the reply's body is usable. */
export async function parseOnce(served: Served): Promise<unknown> {
  const { story, core, handover } = served;
  const { dispatcher } = core;
  if (handover.raw && !served.raw && (await readByCaller(served))) handRaw(served);
  if (served.raw) return (served.attempt.reply as SdkReply).inner;
  try {
    dispatcher.resume(story);
    return deliver(served, await dispatcher.body(story, served.attempt, (attempt) => readBody(served, attempt)));
  } catch (error) {
    served.bodies.forget();
    handover.tell(story);
    handover.remember(error);
    throw error;
  }
}

/** What the caller gets of a call whose headers came: parsed once, whoever asks how often. */
export function dataOf(handover: Handover): unknown {
  const { union, served } = handover;
  if (union) return union.body;
  const stream = served?.stream?.deref();
  if (stream) return stream;
  handover.parsed ??= parseOnce(served as Served);
  return handover.parsed;
}
