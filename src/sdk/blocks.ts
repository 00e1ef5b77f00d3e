/**
 * Cuts the bytes of an event stream into blocks, an event with its blank line each, wherever the network cut them.
 * Why bytes: the SDK's decoder, and a caller who wants what came, get them as they are. An event of many megabytes in small
 * pieces costs what it weighs, and one that never ends is refused before it fills the memory.
 */
import { badReplyError } from '../errors.ts';

/** No API sends an event as large as this, in bytes. */
const LONGEST_EVENT = 64 * 1_048_576;
const LARGEST_PART = 1_048_576;
/** Line ends come in three kinds, also mixed; two of them make an event whole. */
const [NEWLINE, RETURN] = [10, 13];
const NOTHING: Buffer = Buffer.alloc(0);

/** A chunk of a body, which a `fetch` of the caller's may give in other forms, as the SDK's decoder bears; `undefined` for none of them. */
export function bytesOf(chunk: unknown): Buffer | undefined {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (typeof chunk === 'string') return Buffer.from(chunk);
  return chunk instanceof ArrayBuffer ? Buffer.from(chunk) : undefined;
}

/** Bytes put together as they come, in parts: many small pieces cost no more than a few large ones, and none is copied twice. */
class Pieces {
  #parts: Uint8Array[] = [];
  size = 0;
  /** What is free at the end of the last part. */
  #room = 0;

  add(piece: Uint8Array): void {
    const fits = piece.subarray(0, this.#room);
    const last = this.#parts.at(-1);
    last?.set(fits, last.byteLength - this.#room);
    this.#room -= fits.byteLength;
    this.size += piece.byteLength;
    const rest = piece.subarray(fits.byteLength);
    if (rest.byteLength === 0) return;
    const part = new Uint8Array(Math.max(rest.byteLength, Math.min(this.size, LARGEST_PART)));
    part.set(rest);
    this.#parts.push(part);
    this.#room = part.byteLength - rest.byteLength;
  }

  take(): Buffer {
    const whole = Buffer.concat(this.#parts, this.size);
    this.#parts = [];
    this.size = 0;
    this.#room = 0;
    return whole;
  }
}

/** The blocks of one stream. */
export class Blocks {
  readonly #limit: number;
  readonly #begun = new Pieces();
  /** The last piece, and how far it is cut. */
  #bytes = NOTHING;
  #from = 0;
  /** The next line ends of each kind there; -1 = none. */
  #newline = -1;
  #return = -1;
  /** The line that goes on with the next piece has begun. */
  #inLine = false;
  /** The last piece ended with a return: a newline that follows belongs to it. */
  #returned = false;
  /** The line before ended with a newline. */
  #newlined = false;
  /** A blank line is whole but for its newline. */
  #ending = false;

  /** @param limit of one event, in bytes. */
  constructor(limit: number = LONGEST_EVENT) {
    this.#limit = limit;
  }

  /** Takes the next piece in, once all blocks of the one before were taken. */
  add(piece: Buffer): void {
    this.#bytes = piece;
    this.#from = 0;
    this.#newline = this.#bytes.indexOf(NEWLINE);
    this.#return = this.#bytes.indexOf(RETURN);
  }

  /** The next whole block; `undefined` when more must come. @throws when that is more than any event. */
  next(): Buffer | undefined {
    const bytes = this.#bytes;
    const from = this.#from;
    if (from === bytes.length) return undefined;
    const end = this.#end(bytes, from);
    this.#from = end === -1 ? bytes.length : end;
    const block = from === 0 && end === bytes.length ? bytes : bytes.subarray(from, this.#from);
    if (end !== -1 && this.#begun.size === 0) return block;
    this.#begun.add(block);
    if (end !== -1) return this.#begun.take();
    this.#bytes = NOTHING;
    this.#from = 0;
    if (this.#begun.size <= this.#limit) return undefined;
    this.#begun.take();
    throw badReplyError(`An event of the stream is larger than ${this.#limit} bytes.`);
  }

  /** Nothing is begun: what comes next begins an event. */
  get clear(): boolean {
    return this.#from === this.#bytes.length && this.#begun.size === 0 && !this.#returned && !this.#ending;
  }

  /** What is left of a stream that ended: an event without its blank line. */
  rest(): Buffer | undefined {
    return this.#begun.size === 0 ? undefined : this.#begun.take();
  }

  /** Behind the next blank line; -1 when none is whole. */
  #end(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#returned && bytes[at] === NEWLINE) at += 1;
    this.#returned = false;
    if (this.#ending) {
      this.#ending = false;
      return at;
    }
    for (;;) {
      const end = this.#lineEnd(bytes, at);
      if (end === -1) {
        this.#inLine ||= at < bytes.length;
        return -1;
      }
      const blank = end === at && !this.#inLine;
      this.#inLine = false;
      at = end + 1;
      if (bytes[end] === RETURN) {
        if (at === bytes.length) this.#returned = true;
        else if (bytes[at] === NEWLINE) at += 1;
      }
      // Where the line ends were pairs, this one will be.
      this.#ending = blank && this.#returned && this.#newlined;
      this.#newlined = bytes[at - 1] === NEWLINE;
      if (blank) return this.#ending ? -1 : at;
    }
  }

  #lineEnd(bytes: Buffer, at: number): number {
    if (this.#newline !== -1 && this.#newline < at) this.#newline = bytes.indexOf(NEWLINE, at);
    if (this.#return !== -1 && this.#return < at) this.#return = bytes.indexOf(RETURN, at);
    if (this.#newline === -1) return this.#return;
    return this.#return === -1 ? this.#newline : Math.min(this.#newline, this.#return);
  }
}
