/** Knows replies that are not like those of this process's `fetch`: a user's own may give any. */

/**
 * True for a reply whose body is no web stream: those of `node-fetch` have streams of Node, and what tests put in a reply's place
 * often has none. It knows by itself how to be read.
 */
export function isForeign(response: Response): boolean {
  if (response instanceof Response) return false;
  const { body } = response as { body?: { getReader?: unknown } | null };
  return body !== null && typeof body?.getReader !== 'function';
}

/** What broke while such a reply was read, as the standard fetch says it. */
export function asBroken(error: unknown): unknown {
  if (error instanceof TypeError || error instanceof SyntaxError) return error;
  return (error as Partial<Error> | undefined)?.name === 'AbortError'
    ? error
    : new TypeError('terminated', { cause: error });
}

/** A stream of Node, as far as it is needed here. */
interface NodeStream extends AsyncIterable<Uint8Array> {
  destroy?(): void;
}

/** The body as a web stream, also where it is a stream of Node; `null` where there is none. */
export function webBody(response: Response): ReadableStream<Uint8Array> | null {
  const { body } = response;
  if (!body || !isForeign(response)) return body ?? null;
  const stream = body as unknown as NodeStream;
  const pieces = stream[Symbol.asyncIterator]();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    } catch (error) {
      throw asBroken(error);
    }
  };
  return new ReadableStream({ pull, cancel: () => stream.destroy?.() }, { highWaterMark: 0 });
}
