/** The members of a JSON object where they stand in its text, so that one can be changed and every other byte stays. Pure. */
import { endOfString } from '../../call/model-place.ts';

const [QUOTE, COMMA, COLON] = [34, 44, 58];
const OPENS = new Set([123, 91]);
const CLOSES = new Set([125, 93]);
const SPACE = /[\t\n\r ]/;

/** One member: from its key on, its value, and what stands around it. */
export interface MemberPlace {
  readonly key: number;
  readonly value: number;
  /** After the value, and what space is behind it. */
  readonly end: number;
  /** The comma before it; -1 = it is the first. */
  readonly comma: number;
}

/** Where the root's member of this name stands, if it has one. Of several the last one counts, as for `JSON.parse`. @param text of an object. */
export function memberIn(text: string, name: string): MemberPlace | undefined {
  let [depth, at, comma, key, value] = [0, 0, -1, -1, -1];
  let found: MemberPlace | undefined;
  const close = (end: number) => {
    if (key >= 0 && value >= 0) found = { key, value, end, comma };
    [key, value] = [-1, -1];
  };
  while (at < text.length) {
    const letter = text.charCodeAt(at);
    if (letter === QUOTE) {
      const end = endOfString(text, at);
      const isKey = depth === 1 && value < 0;
      if (isKey && end - at <= 6 * name.length + 2 && JSON.parse(text.slice(at, end)) === name) key = at;
      at = end;
      continue;
    }
    if (letter === COLON && depth === 1) {
      value = at + 1;
      while (SPACE.test(text[value] ?? '')) value += 1;
    } else if (letter === COMMA && depth === 1) {
      close(at);
      comma = at;
    } else if (OPENS.has(letter)) depth += 1;
    else if (CLOSES.has(letter)) {
      if (depth === 1) close(at);
      depth -= 1;
    }
    at += 1;
  }
  return found;
}

/** The text without a member, and without the comma that parted it from the others. */
export function withoutMember(text: string, { key, end, comma }: MemberPlace): string {
  const tail = text.slice(0, end).trimEnd().length;
  if (comma >= 0) return text.slice(0, comma) + text.slice(tail);
  if (text.charCodeAt(end) !== COMMA) return text.slice(0, key) + text.slice(tail);
  let next = end + 1;
  while (SPACE.test(text[next] ?? '')) next += 1;
  return text.slice(0, key) + text.slice(next);
}
