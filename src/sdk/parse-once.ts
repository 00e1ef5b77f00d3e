/** From good headers to what the caller gets: a body that fails on the way continues the same call elsewhere. */
import type { Attempt } from '../dispatch/call-story.ts';
import type { Props } from './balanced-promise.ts';
import type { Core } from './core.ts';
import { linkAbort } from './link-abort.ts';
import type { OpenStream } from './open-stream.ts';
import { readReply } from './read-reply.ts';
import { readingOf } from './reading-of.ts';
import type { SdkReply } from './sdk-reply.ts';
import {
  handRaw,
  noteServed,
  propsOf,
  readByCaller,
  type Served,
  streamEnded,
  type ToldHandover,
  tell,
} from './served.ts';

/** Goes on until the reply's body is usable. @param readAs reads one reply. */
export async function parseOnce(
  core: Core,
  served: Served,
  props: Props,
  handover: ToldHandover,
  readAs: typeof readReply = readReply,
): Promise<unknown> {
  const { story } = served;
  const { call } = story;
  const { dispatcher } = core;
  const reply = served.attempt.reply as SdkReply;
  if (handover.raw && !served.raw && (await readByCaller(served))) handRaw(core, served);
  if (served.raw) return reply.inner;
  let unlink: () => void = () => undefined;
  const read = (attempt: Attempt<SdkReply>) =>
    readAs(
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
      if (last.options.__binaryResponse && handover.asBytes) {
        // It goes through somebody's hands, who tells how it ended.
        story.commit();
        return data;
      }
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
