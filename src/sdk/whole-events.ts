/**
 * Hands a stream's bytes to the SDK in whole events, and refuses an event without end.
 * Why: the SDK takes in each piece of an unfinished event by copying and scanning all that came before. An event of some
 * megabytes in small pieces stops the process for seconds, one that never ends fills the memory as well.
 */
import { badReplyError } from '../errors.ts';

/** No API sends an event as large as this, in bytes. */
const LONGEST_EVENT = 64 * 1_048_576;

/** Line ends come in three kinds, also mixed; two of them make an event whole. */
const BLANK_LINES = ['\n\n', '\n\r', '\n\r\n', '\r\r'] as const;
const [NEWLINE, RETURN] = [10, 13];
const isLineEnd = (byte: number | undefined) => byte === NEWLINE || byte === RETURN;
/** So much of a blank line may have come with the piece before. */
const OVERLAP = 2;
const NOTHING: Uint8Array = new Uint8Array();

/** True when `piece` ends with a blank line, as most do. */
function endsEvent(piece: Uint8Array): boolean {
  const [before, last] = [piece.at(-2), piece.at(-1)];
  if (!isLineEnd(last) || !isLineEnd(before)) return false;
  return before === NEWLINE || last === RETURN || isLineEnd(piece.at(-3));
}

/** Where the last event in `bytes` ends; 0 when none does. */
function endOfEvents(bytes: Buffer): number {
  const ends = BLANK_LINES.map((line) => {
    const at = bytes.lastIndexOf(line);
    return at === -1 ? 0 : at + line.length;
  });
  return Math.max(...ends);
}

/** Bytes put together as they come; grows by doubling, so that many small pieces cost no more than a few large ones. */
class Pieces {
  #bytes = NOTHING;
  #used = 0;

  get empty(): boolean {
    return this.#used === 0;
  }

  add(piece: Uint8Array): void {
    const used = this.#used + piece.byteLength;
    if (used > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(used, 2 * this.#used));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#used);
    this.#used = used;
  }

  take(): Uint8Array {
    const whole = this.#bytes.subarray(0, this.#used);
    this.#bytes = NOTHING;
    this.#used = 0;
    return whole;
  }
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

function inWholeEvents(reader: Reader, limit: number): Reader['read'] {
  const held = new Pieces();
  let before = NOTHING;
  // Of the event that is not whole yet, whoever has its bytes.
  let length = 0;
  /** Whether an event ends in this piece. */
  const ends = (piece: Uint8Array): boolean => {
    const bytes = endsEvent(piece) ? undefined : Buffer.concat([before, piece]);
    const end = bytes && endOfEvents(bytes);
    // A blank line that came whole before was seen there.
    const fresh = end === undefined || end > before.byteLength;
    length = fresh ? (bytes?.byteLength ?? 0) - (end ?? 0) : length + piece.byteLength;
    before = (bytes ?? piece).subarray(-OVERLAP);
    return fresh;
  };
  return async () => {
    for (;;) {
      const result = await reader.read();
      if (result.done) return held.empty ? result : { done: false, value: held.take() };
      const { value } = result;
      const ended = ends(value);
      if (length > limit) {
        held.take();
        void reader.cancel().catch(() => undefined);
        throw badReplyError(`An event of the stream is larger than ${limit} bytes.`);
      }
      if (ended && held.empty) return result;
      held.add(value);
      if (ended) return { done: false, value: held.take() };
    }
  };
}

/** Makes the body of a streamed reply come in whole events. @param limit of one event, in bytes. */
export function wholeEvents(response: Response, limit: number = LONGEST_EVENT): void {
  const { body } = response;
  if (!body) return;
  const value = {
    getReader() {
      const reader = body.getReader();
      return {
        read: inWholeEvents(reader, limit),
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
