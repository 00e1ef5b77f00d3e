/**
 * Hands a stream's bytes to the SDK in whole events, and refuses an event without end.
 * Why: the SDK takes in each piece of an unfinished event by copying and scanning all that came before. An event of some
 * megabytes in small pieces stops the process for seconds, one that never ends fills the memory as well.
 */
import { badReplyError } from '../errors.ts';
import { readThrough } from './read-through.ts';

/** No API sends an event as large as this, in bytes. */
const LONGEST_EVENT = 64 * 1_048_576;

/** Line ends come in three kinds, also mixed; two of them make an event whole. */
const BLANK_LINES = ['\n\n', '\n\r', '\n\r\n', '\r\r'] as const;
const [NEWLINE, RETURN] = [10, 13];
const isLineEnd = (byte: number | undefined) => byte === NEWLINE || byte === RETURN;
/** So much of a blank line may have come with the piece before. */
const OVERLAP = 2;
const LARGEST_BLOCK = 1_048_576;
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

/** Bytes put together as they come, in blocks: many small pieces cost no more than a few large ones, and none is copied twice. */
class Pieces {
  #blocks: Uint8Array[] = [];
  #used = 0;
  /** What is free at the end of the last block. */
  #room = 0;

  get empty(): boolean {
    return this.#used === 0;
  }

  add(piece: Uint8Array): void {
    const last = this.#blocks.at(-1);
    const fits = piece.subarray(0, this.#room);
    last?.set(fits, last.byteLength - this.#room);
    this.#room -= fits.byteLength;
    this.#used += piece.byteLength;
    const rest = piece.subarray(fits.byteLength);
    if (rest.byteLength === 0) return;
    const block = new Uint8Array(Math.max(rest.byteLength, Math.min(this.#used, LARGEST_BLOCK)));
    block.set(rest);
    this.#blocks.push(block);
    this.#room = block.byteLength - rest.byteLength;
  }

  take(): Uint8Array {
    const whole = Buffer.concat(this.#blocks, this.#used);
    this.drop();
    return whole;
  }

  drop(): void {
    this.#blocks = [];
    this.#used = 0;
    this.#room = 0;
  }
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

function inWholeEvents(reader: Reader, limit: number, count: (bytes: number) => void): Reader['read'] {
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
      count(value.byteLength);
      const ended = ends(value);
      if (length > limit) {
        held.drop();
        void reader.cancel().catch(() => undefined);
        throw badReplyError(`An event of the stream is larger than ${limit} bytes.`);
      }
      if (ended && held.empty) return result;
      held.add(value);
      if (ended) return { done: false, value: held.take() };
    }
  };
}

/**
 * Makes the body of a streamed reply come in whole events.
 * @param limit of one event, in bytes.
 * @returns tells how many bytes came so far.
 */
export function wholeEvents(response: Response, limit: number = LONGEST_EVENT): () => number {
  let bytes = 0;
  const count = (more: number) => {
    bytes += more;
  };
  readThrough(response, (reader) => inWholeEvents(reader, limit, count));
  return () => bytes;
}
