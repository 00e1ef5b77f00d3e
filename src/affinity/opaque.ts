/**
 * A name for what only its maker can read: encrypted reasoning, compacted conversations. Never the content itself.
 * Why not a hash of all of it: such an item may be megabytes long and comes again with every turn; its ends tell it apart.
 */
import { createHash } from 'node:crypto';

/** Characters looked at from either end: the beginning holds what makes each encryption unlike any other, the end its seal. */
const END = 256;

/** The key an encrypted item is remembered under. @param content as it came from the endpoint. */
export function opaqueKey(content: string): string {
  const hash = createHash('sha256').update(`${content.length} `).update(content.slice(0, END));
  return `enc:${hash.update(content.slice(-END)).digest('base64url').slice(0, 32)}`;
}
