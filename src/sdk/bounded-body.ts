/**
 * Keeps a reply's body within bounds while the SDK reads it: a limit on bytes after decompression, and for streams a look at
 * the bytes. Why on the `Response` itself: its identity, `url` and headers are the caller's to see, so it is not rebuilt.
 */

import { constants } from 'node:buffer';
import { deflateRawSync } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { badReplyError, callersLimitError } from '../errors.ts';
import { readThrough } from './read-through.ts';

/** More than this many times its transferred size is no answer but a bomb. */
const BOMB_RATIO = 100;

/**
 * Whether `size` bytes that were read are a bomb. Where no length was told, a piece of them compressed once more tells how
 * much they were compressed: what is no bomb does not shrink so far.
 */
function isBomb({ headers }: Response, size: number, piece: Uint8Array): boolean {
  const transferred = headers.get('content-length');
  if (transferred !== null) return size > BOMB_RATIO * Number(transferred);
  return headers.has('content-encoding') && piece.byteLength > BOMB_RATIO * deflateRawSync(piece).byteLength;
}

type Keep = (body: Uint8Array) => void;

async function limitedText(response: Response, limit: number, keep: Keep | undefined): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  const pieces: Uint8Array[] = [];
  let text = '';
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      keep?.(Buffer.concat(pieces, size));
      return text + decoder.decode();
    }
    size += value.byteLength;
    if (size > limit) {
      void reader.cancel().catch(() => undefined);
      const message = `The reply is larger than maxResponseBytes (${limit} bytes); raise that option if it is meant to be.`;
      // A bomb is the endpoint's fault; a large answer is the call's own.
      throw isBomb(response, size, value) ? badReplyError(message) : callersLimitError(message);
    }
    if (keep) pieces.push(value);
    text += decoder.decode(value, { stream: true });
  }
}

/**
 * Makes `text()` and `json()` of a buffered reply stop at `maxBytes`, or at what a string can hold. Costs nothing where the
 * headers show that it is small.
 * @param keep is given all that was read, for a caller who wants it as it came.
 */
export function limitBody(response: Response, maxBytes: number, keep?: (body: Uint8Array) => void): void {
  const limit = Math.min(maxBytes, constants.MAX_STRING_LENGTH);
  const length = response.headers.get('content-length');
  if (!keep && length !== null && !response.headers.has('content-encoding') && Number(length) <= limit) return;
  // Shared already.
  if (response.body?.locked) return;
  readBy(response, () => limitedText(response, limit, keep));
}

/**
 * Reads a buffered reply at once, within the limit, so that two can have it: the SDK's parser, and a caller who took the
 * `Response` as well. Why: a tracer around the client awaits the promise whose `asResponse()` its user calls, and whoever
 * reads second would take the first one's lock for a broken connection.
 */
export function shareBody(response: Response, maxBytes: number): void {
  const read = limitedText(response, Math.min(maxBytes, constants.MAX_STRING_LENGTH), undefined);
  // Whoever reads it is told; perhaps nobody does.
  read.catch(() => undefined);
  readBy(response, () => read);
}

function readBy(response: Response, text: () => Promise<string>): void {
  Object.defineProperty(response, 'text', { value: text, configurable: true });
  Object.defineProperty(response, 'json', {
    value: async () => JSON.parse(await text()) as unknown,
    configurable: true,
  });
}

/** What the bytes of a stream showed. */
export interface StreamTap {
  /** The text of a body that is a JSON object and no stream, as far as it came. */
  object(): string | undefined;
  sawDone(): boolean;
  lastByteAt(): number;
}

/** Comments alone keep a stream alive for at most this long, in ms. */
const COMMENTS_ALONE = 900_000;
const COLON = 58;

const DONE = /[\r\n]data: ?\[DONE\]/;
const [BRACKET, NEWLINE, RETURN, BRACE] = [93, 10, 13, 123];
/** Larger than any error object, in bytes. */
const LARGEST_OBJECT = 1_048_576;
/** Longer than the end marker with its line ends. */
const MARKER = 32;

/** The end of what was read, across two reads at least: the marker may be cut anywhere. A stream begins as after a line end. */
class Tail {
  #before: Uint8Array = new Uint8Array();
  #last: Uint8Array = Uint8Array.of(NEWLINE);

  add(chunk: Uint8Array): void {
    this.#before = this.#last.length < MARKER ? this.#joined().slice(-MARKER) : this.#last.subarray(-MARKER);
    this.#last = chunk;
  }

  /** Whether a line `data: [DONE]` came last, keep-alives after it aside. */
  get sawDone(): boolean {
    return DONE.test(new TextDecoder().decode(this.#joined()));
  }

  /** True when the last thing read is that event, with its blank line: a reader who looks for it needs that too. Cheap: most reads end otherwise. */
  get endsWithDone(): boolean {
    const last = this.#last;
    let end = last.length;
    while (end > 0 && (last[end - 1] === NEWLINE || last[end - 1] === RETURN)) end -= 1;
    if (end === last.length || (end > 0 && last[end - 1] !== BRACKET)) return false;
    return /[\r\n]data: ?\[DONE\](?:\r\n|\n|\r(?!\n)){2,}$/.test(
      new TextDecoder().decode(this.#joined().subarray(-MARKER)),
    );
  }

  #joined(): Uint8Array {
    return Buffer.concat([this.#before, this.#last]);
  }
}

/** Looks at a stream's bytes as the SDK reads them: when something came, and whether it ended with `[DONE]`. */
export function tapStream(response: Response, clock: Clock): StreamTap {
  const tail = new Tail();
  let object: string | undefined;
  const decoder = new TextDecoder();
  let begun = false;
  let eventAt = clock.now();
  let byteAt = eventAt;
  const note = (chunk: Uint8Array) => {
    tail.add(chunk);
    // No line of a stream begins like that.
    if (!begun && chunk[0] === BRACE) object = '';
    begun = true;
    if (object !== undefined && object.length < LARGEST_OBJECT) object += decoder.decode(chunk, { stream: true });
    const now = clock.now();
    if (chunk[0] !== COLON) eventAt = now;
    if (now - eventAt < COMMENTS_ALONE) byteAt = now;
  };
  readThrough(response, (reader) => () => {
    if (tail.endsWithDone) {
      // The stream is over, whatever the server does with its connection; older SDKs would wait for it.
      void reader.cancel().catch(() => undefined);
      return Promise.resolve({ done: true as const, value: undefined });
    }
    return reader.read().then((result) => {
      if (result.value) note(result.value);
      return result;
    });
  });
  return {
    object: () => object,
    sawDone: () => tail.sawDone,
    lastByteAt: () => byteAt,
  };
}
