/**
 * The parts of a form (RFC 7578), found in its bytes. Only of a form that whoever reads it must read alike: it goes up as it came, and
 * where the reader of another server saw another part than this one, a call would ask for a model that it may not. Pure.
 */
import type { ByteRope } from './byte-rope.ts';

/** A part of a form. */
export interface FormPart {
  readonly name: string;
  readonly file: string | undefined;
  /** It says nothing of itself but its name, and that it is text. */
  readonly plain: boolean;
  /** The length that it says it has. */
  readonly length: string | undefined;
  /** Where its content begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** Its parts, and where the first delimiter stands. */
export interface FormParts {
  readonly parts: readonly FormPart[];
  readonly first: number;
}

/** No form of an API has as many. */
export const MOST_PARTS = 1_000;
/** What stands before a part's content, in bytes. */
const LONGEST_HEAD = 4_096;
const LONGEST_TYPE = 256;

const TYPE =
  /^multipart\/form-data[ \t]*;[ \t]*(?:charset="?utf-8"?[ \t]*;[ \t]*)?boundary=(?:"([\w'+.-]{1,70})"|([\w'+.-]{1,70}))(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*;?$/i;
// Not all readers take space behind it for a part of a delimiter.
const OPENS = /^\r\n/;
const CLOSES = /^--(?:\r\n|$)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none.
const LINE = /^([\w-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f\ufffd]*)$/;
// Some readers do not see quotes, and take what looks like a parameter for one.
const DISPOSITION = /^form-data;[ \t]*name="([^"\\;=]*)"(?:;[ \t]*filename="((?![^"]*[;\s]name\s*=)[^"\\]*)")?$/i;
const TEXT = /^text\/plain(?:;[ \t]*charset="?(?:utf-8|us-ascii)"?)?$/i;
/** Encodings that change nothing. */
const AS_IT_IS = /^(?:7bit|8bit|binary)$/i;
/** How the letters are written in a name that cannot stand in it. */
const ESCAPES: Readonly<Record<string, string>> = { '%0A': '\n', '%0D': '\r', '%22': '"' };

/** The boundary that a content type names; `undefined` where it is not clear. */
export function boundaryOf(type: string): string | undefined {
  const found = type.length <= LONGEST_TYPE ? TYPE.exec(type) : null;
  return found?.[1] ?? found?.[2];
}

/** The headers of a part by name; `undefined` when one has another form or comes twice. */
function headersIn(head: string): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of Buffer.from(head, 'latin1').toString().split('\r\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || headers.has(name.toLowerCase())) return undefined;
    headers.set(name.toLowerCase(), value.trimEnd());
  }
  return headers;
}

function readHead(head: string): Pick<FormPart, 'name' | 'file' | 'plain' | 'length'> | undefined {
  const headers = headersIn(head);
  const [, name, file] = DISPOSITION.exec(headers?.get('content-disposition') ?? '') ?? [];
  if (!headers || name === undefined || !AS_IT_IS.test(headers.get('content-transfer-encoding') ?? 'binary'))
    return undefined;
  const type = headers.get('content-type');
  return {
    name: name.replace(/%0A|%0D|%22/g, (letter) => ESCAPES[letter] as string),
    file,
    length: headers.get('content-length'),
    plain: file === undefined && headers.size === (type === undefined ? 1 : 2) && TEXT.test(type ?? 'text/plain'),
  };
}

/**
 * The parts of a form. In linear time: at the first word that can be read in two ways it is given up.
 * @returns `many` when there are too many; `undefined` for what is no form, or not a clear one.
 */
export function partsOf(rope: ByteRope, boundary: string): FormParts | 'many' | undefined {
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: FormPart[] = [];
  let [first, closed] = [-1, false];
  let open: Omit<FormPart, 'end'> | undefined;
  for (const at of rope.placesOf(delimiter)) {
    // Some readers take one in the middle of a line, or behind half of a line's end, for a delimiter.
    if (closed || (at > 0 && rope.latin1(Math.max(0, at - 2), at) !== '\r\n')) return undefined;
    if (open && at - 2 < open.start) return undefined;
    // Some readers go by the length that a part says it has.
    if (open?.length !== undefined && open.length !== String(at - 2 - open.start)) return undefined;
    if (open) parts.push({ ...open, end: at - 2 });
    if (parts.length > MOST_PARTS) return 'many';
    if (first < 0) first = at;
    const from = at + delimiter.length;
    const rest = rope.latin1(from, Math.min(rope.length, from + LONGEST_HEAD));
    closed = CLOSES.test(rest);
    if (closed) continue;
    const line = OPENS.exec(rest)?.[0].length ?? 0;
    const end = rest.indexOf('\r\n\r\n', line);
    const head = line > 0 && end > 0 ? readHead(rest.slice(line, end)) : undefined;
    if (!head) return undefined;
    open = { ...head, start: from + end + 4 };
  }
  return closed ? { parts, first } : undefined;
}
