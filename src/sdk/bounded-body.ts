/**
 * Keeps a reply's body within bounds while the SDK reads it: a limit on bytes after decompression.
 * Why on the `Response` itself: its identity, `url` and headers are the caller's to see, so it is not rebuilt.
 */

import { constants } from 'node:buffer';
import { deflateRawSync } from 'node:zlib';
import { badReplyError, callersLimitError } from '../errors.ts';
import { chunksOf, isTaken } from '../transport/fast-response.ts';
import { asBroken, isForeign } from '../transport/foreign-response.ts';

/** More than this many times its transferred size is no answer but a bomb. */
const BOMB_RATIO = 100;

/**
 * Whether `size` bytes that were read are a bomb. Where no length was told, a piece of them compressed once more tells how
 * much they were compressed: what is no bomb does not shrink so far.
 */
function isBomb(headers: Headers, size: number, piece: Uint8Array): boolean {
  const transferred = headers.get('content-length');
  if (transferred !== null) return size > BOMB_RATIO * Number(transferred);
  return headers.has('content-encoding') && piece.byteLength > BOMB_RATIO * deflateRawSync(piece).byteLength;
}

type Keep = (body: Uint8Array) => void;

/** For bodies that come in one piece. */
const DECODER = new TextDecoder();

/** The error for a reply of more than `limit` bytes: a bomb is the endpoint's fault; a large answer is the call's own. */
function tooLarge(limit: number, bomb: boolean): Error {
  const message = `The reply is larger than maxResponseBytes (${limit} bytes); raise that option if it is meant to be.`;
  return bomb ? badReplyError(message) : callersLimitError(message);
}

/** The same for a reply of which `size` bytes came so far, `piece` the last of them. */
export const oversized = (headers: Headers, size: number, piece: Uint8Array, limit: number): Error =>
  tooLarge(limit, isBomb(headers, size, piece));

/** How a reply comes to its text by itself; one that a test made up may know JSON only. */
function ownText(response: Response): () => Promise<string> {
  const { text, json } = response as Partial<Response>;
  return async () => {
    try {
      return text ? await text.call(response) : JSON.stringify(await json?.call(response));
    } catch (error) {
      throw asBroken(error);
    }
  };
}

/**
 * The text of a buffered reply, of `maxBytes` at most, or of what a string can hold.
 * @param keep is given all that was read, for a caller who wants it as it came.
 * @param own the reply's own way to its text, for one that another library made.
 */
export async function textWithin(
  response: Response,
  maxBytes: number,
  keep?: Keep,
  own?: () => Promise<string>,
): Promise<string> {
  // Shared already: whoever reads it keeps the limit.
  if (isTaken(response)) return response.text();
  const limit = Math.min(maxBytes, constants.MAX_STRING_LENGTH);
  if (isForeign(response)) {
    const text = await (own ?? ownText(response))();
    const size = Buffer.byteLength(text);
    if (size > limit) throw tooLarge(limit, false);
    keep?.(Buffer.from(text));
    return text;
  }
  const reader = chunksOf(response) ?? response.body?.getReader();
  if (!reader) return '';
  let only: Uint8Array | undefined;
  let decoder: typeof DECODER | undefined;
  let text = '';
  let size = 0;
  const pieces: Uint8Array[] | undefined = keep && [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      void reader.cancel().catch(() => undefined);
      throw tooLarge(limit, isBomb(response.headers, size, value));
    }
    pieces?.push(value);
    if (size === value.byteLength) only = value;
    else {
      decoder ??= new TextDecoder();
      if (only) text = decoder.decode(only, { stream: true });
      only = undefined;
      text += decoder.decode(value, { stream: true });
    }
  }
  if (pieces) keep?.(Buffer.concat(pieces, size));
  return only ? DECODER.decode(only) : text + (decoder?.decode() ?? '');
}

/**
 * Makes `text()` and `json()` of a buffered reply stop at `maxBytes`, or at what a string can hold. Costs nothing where the
 * headers show that it is small.
 * @param keep is given all that was read, for a caller who wants it as it came.
 */
export function limitBody(response: Response, maxBytes: number, keep?: Keep): void {
  const limit = Math.min(maxBytes, constants.MAX_STRING_LENGTH);
  const length = response.headers.get('content-length');
  if (!keep && length !== null && !response.headers.has('content-encoding') && Number(length) <= limit) return;
  // Shared already.
  if (isTaken(response)) return;
  const own = isForeign(response) ? ownText(response) : undefined;
  readBy(response, () => textWithin(response, limit, keep, own));
}

/**
 * Reads a buffered reply at once, within the limit, so that two can have it: the SDK's parser, and a caller who took the
 * `Response` as well. Why: a tracer around the client awaits the promise whose `asResponse()` its user calls, and whoever
 * reads second would take the first one's lock for a broken connection.
 */
export function shareBody(response: Response, maxBytes: number): void {
  const read = textWithin(response, maxBytes);
  // Whoever reads it is told; perhaps nobody does.
  read.catch(() => undefined);
  readBy(response, () => read);
}

/** The text of `response` is this, whatever was read of it. */
export function tellText(response: Response, text: string): void {
  readBy(response, () => Promise.resolve(text));
}

function readBy(response: Response, text: () => Promise<string>): void {
  Object.defineProperty(response, 'text', { value: text, configurable: true });
  Object.defineProperty(response, 'json', {
    value: async () => JSON.parse(await text()) as unknown,
    configurable: true,
  });
}
