/** What processes say to each other, and what it must look like: whatever it is not ends the connection. */

/** One message between processes: what it is, then what belongs to it. */
export type Frame = readonly unknown[];

/** The form of frames. Those of another one meet elsewhere. */
export const PROTOCOL = 2;
/** Longest text of a key, a value or a message, in letters. */
export const LONGEST_TEXT = 256 * 1024;
/** Channels that one member may listen to. */
export const CHANNELS = 1_000;

/** @throws TypeError when it is none, or a longer one than anybody sends */
export function asText(value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST_TEXT) return value;
  throw new TypeError('no text');
}

/** @throws TypeError when it is none */
export function asNumber(value: unknown): number {
  if (Number.isFinite(value)) return value as number;
  throw new TypeError('no number');
}
