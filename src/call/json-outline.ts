/**
 * A large JSON text without its longest strings: what it says for the pool is there, and the pictures and recordings in it are neither
 * decoded nor copied. Why: to read a body of 20 MB as JSON holds up everything else for 100 ms. Pure.
 */

import { isUtf8 } from 'node:buffer';
import type { ByteRope } from './byte-rope.ts';

/** Strings up to this length stay, in bytes; of longer ones so much. */
const [LONGEST, KEPT] = [16_384, 2_048];
/** Fields with texts that stand for themselves: ids are made of them. */
const OPAQUE = /"(encrypted_content|data)"\s*:\s*$/;
/** No such text is as long as this. */
const LONGEST_OPAQUE = 256 * 1_024;
/** Attachments, as who measures prompts knows them. */
const ENCODED = /^(data:|[\w+/=-]{500})/;
const [QUOTE, BACKSLASH] = [34, 92];
/** Longer than any escape. */
const ESCAPE = 6;

/** A text without some of it. */
export interface Outline {
  readonly bytes: Buffer;
  readonly text: string;
  /** Bytes of texts that were left out and no attachments. */
  readonly unseen: number;
  /** The place in the whole, in bytes, of an index in `text`. */
  placeOf(index: number): number;
}

/** The place of the quote that ends the string begun at `start`; -1 when none does. */
function endOfString(rope: ByteRope, start: number): number {
  for (let end = rope.indexOf(QUOTE, start + 1); end >= 0; end = rope.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (rope.at(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

/** Behind what is kept of the string begun at `start`: neither in a letter nor in an escape. */
function cutOf(rope: ByteRope, start: number): number {
  let cut = start + 1 + KEPT;
  for (let at = cut - 1; at >= cut - ESCAPE; at--) if (rope.at(at) === BACKSLASH) cut = at;
  while (rope.at(cut - 1) === BACKSLASH) cut -= 1;
  while (((rope.at(cut) as number) & 0xc0) === 0x80) cut -= 1;
  return cut;
}

/** Stands for what was left out: other bytes have another one, nearly always. */
function markOf(rope: ByteRope, from: number, to: number): string {
  const step = Math.max(1, Math.floor((to - from) / 64));
  let sum = 0;
  for (let at = from; at < to; at += step) sum = (Math.imul(sum, 31) + (rope.at(at) as number)) | 0;
  return `[${to - from}:${sum}]`;
}

function mayBeCut(rope: ByteRope, start: number, end: number): boolean {
  if (end - start <= LONGEST) return false;
  return end - start > LONGEST_OPAQUE || !OPAQUE.test(rope.latin1(Math.max(0, start - 40), start));
}

/**
 * Leaves the longest strings out; `undefined` when a string has no end, and for bytes that are no text: places in what they are read
 * as are not theirs, so that a name would be put into the middle of something else.
 */
export function outlineOf(rope: ByteRope): Outline | undefined {
  const parts: Buffer[] = [];
  /** Where something is missing: in the outline, and how much, in bytes. */
  const gaps: [at: number, missing: number][] = [];
  let [from, size, unseen] = [0, 0, 0];
  for (let start = rope.indexOf(QUOTE); start >= 0; ) {
    const end = endOfString(rope, start);
    if (end < 0) return undefined;
    if (mayBeCut(rope, start, end)) {
      const cut = cutOf(rope, start);
      const mark = Buffer.from(markOf(rope, cut, end));
      parts.push(...rope.part(from, cut), mark);
      size += cut - from + mark.length;
      gaps.push([size, end - cut - mark.length]);
      if (!ENCODED.test(rope.latin1(start + 1, cut))) unseen += end - cut;
      from = end;
    }
    start = rope.indexOf(QUOTE, end + 1);
  }
  const bytes = Buffer.concat([...parts, ...rope.part(from)]);
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString();
  const placeOf = (index: number) => {
    const at = Buffer.byteLength(text.slice(0, index));
    return gaps.reduce((place, [gap, missing]) => (gap <= at ? place + missing : place), at);
  };
  return { bytes, text, unseen, placeOf };
}
