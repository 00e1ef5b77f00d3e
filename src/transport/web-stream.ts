/**
 * A body as a web stream: a real one, for whoever reads or pipes it, whose plain iteration takes the chunks as they come.
 * Why: the SDK iterates over the body of an event stream, and most of what that costs is the machinery of web streams.
 */
import type { Incoming } from './incoming.ts';
import { abortReason, transferError } from './transfer-errors.ts';

/**
 * The stream of a body.
 * @param signal of the request; it ends the reading, too.
 * @param reading noted there: somebody began to take chunks past the stream's own reading.
 */
export function streamOf(
  source: Incoming,
  signal: AbortSignal | undefined,
  reading: { used: boolean },
): ReadableStream<Uint8Array> {
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    if (signal?.aborted) throw abortReason(signal);
    try {
      const { value, done } = await source.next();
      if (done) return { value: undefined, done };
      // No `Buffer`, which a reader of web streams does not expect.
      return { value: new Uint8Array(value.buffer, value.byteOffset, value.length), done: false };
    } catch (error) {
      throw transferError(error, signal);
    }
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => source.destroy(),
    },
    { highWaterMark: 0 },
  );
  const iterate = ({ preventCancel = false } = {}) => {
    // Who reads it is known to everybody else, as with any other reader.
    const reader = stream.getReader();
    const iterator = {
      next: async () => {
        reading.used = true;
        const result = await next();
        if (result.done) reader.releaseLock();
        return result as IteratorResult<Uint8Array, undefined>;
      },
      async return() {
        if (!preventCancel) await reader.cancel();
        reader.releaseLock();
        return { value: undefined, done: true as const };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  };
  for (const name of ['values', Symbol.asyncIterator] as const) {
    Object.defineProperty(stream, name, { value: iterate, configurable: true, writable: true });
  }
  return stream;
}
