/** Puts somebody between a response's body and whoever reads it, as the SDK reads event streams: by a reader. */

/** Reads one more piece. */
export type Read = () => Promise<ReadableStreamReadResult<Uint8Array>>;
/** The reader beneath. */
export type Source = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

type ReadableStreamReadResult<Chunk> = Awaited<ReturnType<ReadableStreamDefaultReader<Chunk>['read']>>;

/**
 * From here on the body of `response` is read through what `between` makes of its reader. Why the body is no stream any more:
 * one stream more costs more than all that is done here, and the SDK asks for nothing but a reader.
 */
export function readThrough(response: Response, between: (source: Source) => Read): void {
  const { body } = response;
  if (!body) return;
  const value = {
    getReader() {
      const reader = body.getReader();
      return {
        read: between(reader),
        cancel: (reason?: unknown) => reader.cancel(reason),
        releaseLock: () => reader.releaseLock(),
        get closed() {
          return reader.closed;
        },
      };
    },
    cancel: (reason?: unknown) => body.cancel(reason),
    get locked() {
      return body.locked;
    },
  };
  Object.defineProperty(response, 'body', { value, configurable: true });
}
