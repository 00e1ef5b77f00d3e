/** Bodies for a caller who wants bytes: read as fast as he reads, ended as the reply ends, given up when he gives up. */
import type { StreamEnd } from '../dispatch/watched.ts';
import { webBody } from '../transport/foreign-response.ts';
import type { EventBytes } from './event-bytes.ts';
import { withoutSecrets } from './refusals.ts';
import { translate } from './reply-failures.ts';

/** So many bytes are read ahead: a small reply is over even if nobody looks at its body. */
const AHEAD = 65_536;

/**
 * The bytes of a watched event stream. An error of the watch breaks the body. One that the API wrote is handed on as it was
 * written and ends it: breaking it as well would throw away what a reader further down has not yet taken.
 * @param events the stream's events, by which it is read.
 * @param signal the caller's; a body that it cut off breaks with its reason.
 * @param safe takes the attempt's credentials out.
 */
export function eventBody(
  events: AsyncIterable<unknown>,
  bytes: EventBytes,
  signal: AbortSignal | undefined,
  safe: (text: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  let left = false;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    // Comments are no events: however many come, they do not wait in the memory for a reader who stands still.
    bytes.waiting((block) => {
      if (!left && (controller.desiredSize ?? 0) > -AHEAD) controller.enqueue(block);
    });
    try {
      const { done } = await iterator.next();
      if (done && signal?.aborted) return controller.error(signal.reason);
      for (const block of done ? bytes.rest() : bytes.next()) controller.enqueue(block);
      if (done) controller.close();
    } catch (error) {
      const { headers, status } = error as { headers?: unknown; status?: unknown };
      const words = headers !== undefined && status === undefined ? bytes.rest() : [];
      if (words.length === 0) return controller.error(error);
      controller.enqueue(withoutSecrets(Buffer.concat(words), safe));
      controller.close();
    } finally {
      // Nobody waits: what holds the connection must not hold its reader.
      bytes.waiting(undefined);
    }
  };
  const cancel = async () => {
    left = true;
    await iterator.return?.();
  };
  return new ReadableStream({ pull, cancel }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
}

/** Bodies that nobody reads to the end and nobody cancels free their connection when they are collected. */
const abandoned = new FinalizationRegistry<() => void>((dropped) => dropped());

/** The caller's abort is linked to the reply, which must live as long as its body is read. */
const replies = new WeakMap<ReadableStream, Response>();

/**
 * The bytes of a reply that goes through as it is.
 * @param signal the caller's; a body that it cut off breaks with its reason.
 * @param ended told once how it ended, also when it has no body at all.
 */
export function plainBody(
  response: Response,
  signal: AbortSignal | undefined,
  ended: (end: StreamEnd) => void,
): ReadableStream<Uint8Array> | null {
  const source = webBody(response);
  if (!source) {
    ended({ is: 'complete' });
    return null;
  }
  const reader = source.getReader();
  const token = {};
  const end = (how: StreamEnd) => {
    abandoned.unregister(token);
    ended(how);
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      end({ is: 'complete' });
      controller.close();
    } catch (error) {
      end(signal?.aborted ? { is: 'left', said: true } : { is: 'failed', error: translate(error) });
      controller.error(signal?.aborted ? signal.reason : error);
    }
  };
  const cancel = (reason?: unknown) => {
    end({ is: 'left', said: true });
    return reader.cancel(reason);
  };
  const body = new ReadableStream({ pull, cancel }, new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }));
  abandoned.register(body, () => void cancel().catch(() => undefined), token);
  replies.set(body, response);
  return body;
}
