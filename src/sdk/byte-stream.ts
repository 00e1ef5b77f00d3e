/** Bodies for a caller who wants bytes: read as fast as he reads, ended as the reply ends, given up when he gives up. */
import type { EventBytes } from './event-bytes.ts';

/**
 * The bytes of a watched event stream. An error of the watch breaks the body; one that the API wrote comes first, as it was written.
 * @param events the stream's events, by which it is read.
 * @param signal the caller's; a body that it cut off breaks with its reason.
 */
export function eventBody(
  events: AsyncIterable<unknown>,
  bytes: EventBytes,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  let broken: { readonly error: unknown } | undefined;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (broken) return controller.error(broken.error);
    bytes.waiting((block) => controller.enqueue(block));
    try {
      const { done } = await iterator.next();
      if (done && signal?.aborted) return controller.error(signal.reason);
      for (const block of done ? bytes.rest() : bytes.next()) controller.enqueue(block);
      if (done) controller.close();
    } catch (error) {
      const { headers, status } = error as { headers?: unknown; status?: unknown };
      const words = headers !== undefined && status === undefined ? bytes.rest() : [];
      for (const block of words) controller.enqueue(block);
      broken = { error };
      if (words.length === 0) controller.error(error);
    } finally {
      // Nobody waits: what holds the connection must not hold its reader.
      bytes.waiting(undefined);
    }
  };
  const cancel = async () => {
    await iterator.return?.();
  };
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** The bytes of a reply that goes through as it is. It holds the reply, as the caller's abort does not. */
export function plainBody(response: Response): ReadableStream<Uint8Array> | null {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (!reader) return null;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { value, done } = await reader.read();
    // Closed over, so that it lives as long as this body is read.
    if (done) controller.close();
    else if (response) controller.enqueue(value);
  };
  return new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
}
