/** Small, quick numbers for texts: 32 bits, the same in every process and release. For telling apart, never for secrecy. */

const START = 0x811c9dc5;
const PRIME = 0x01000193;

/** Texts up to three times this length are read as a whole; longer ones by their head, their tail and as many letters between. */
const SAMPLE = 512;

/** Spreads the bits of a number, so that neighbours lie far apart. @returns 0 to 2 ** 32 - 1 */
export function mix(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function read(text: string, from: number, to: number, step: number, before: number): number {
  let hash = before;
  for (let at = from; at < to; at += step) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

/** A hash of one text, whose neighbours have quite other ones. @returns 0 to 2 ** 32 - 1 */
export function hashOf(text: string): number {
  return mix(hashText(text));
}

/**
 * Goes on with a hash by a text, in bounded time: of a long text its length and some 1,500 letters count.
 * @param before the hash of what came before, if anything.
 */
export function hashText(text: string, before: number = START): number {
  const { length } = text;
  const hash = Math.imul(before ^ length, PRIME);
  if (length <= 3 * SAMPLE) return read(text, 0, length, 1, hash);
  const head = read(text, 0, SAMPLE, 1, hash);
  const step = Math.ceil((length - 2 * SAMPLE) / SAMPLE);
  return read(text, length - SAMPLE, length, 1, read(text, SAMPLE, length - SAMPLE, step, head));
}
