/**
 * Takes secrets out of text: as they are, in any case, in parts, and in the codes that servers and proxies put them into.
 * Pure. Why parts: a vendor that cuts a key short, or masks only its last letters, shows enough of it to be harmful.
 * A quick look decides for nearly every text that there is nothing to do; only then is it worth being thorough.
 */

/** Knows some secrets. */
export interface Redactor {
  /** The text without them; the very same when it holds none. */
  clean(text: string): string;
  /** Can one of them be read in the text? */
  holds(text: string): boolean;
}

const MASK = '[redacted]';
/** Shorter texts are no secrets, and would be found everywhere. */
const SHORTEST = 6;
/** What is written where a server needs no key. */
const WORDS = new Set(
  'anything default dummy ignored lm-studio localhost no-key not-needed not-used ollama openai required unused'.split(
    ' ',
  ),
);
/** The longest part of a secret that may be read: about what vendors show themselves. */
const SHOWN = 11;

type Range = readonly [from: number, to: number];

/** One secret, in lower case as everything here, cut into blocks so that no part of `least` letters lacks a whole one. */
interface Needle {
  readonly secret: string;
  readonly least: number;
  readonly blocks: ReadonlyArray<readonly [block: string, at: number]>;
}

function needleOf(secret: string): Needle {
  const { length } = secret;
  const least = length <= SHOWN ? length : Math.max(SHOWN + 1, Math.ceil(length / 20));
  const size = length <= SHOWN ? length : Math.floor((least + 1) / 2);
  const starts = Array.from({ length: Math.floor(length / size) }, (_, index) => index * size);
  return { secret, least, blocks: starts.map((at) => [secret.slice(at, at + size), at] as const) };
}

/** The secret in base64, whatever stands before and behind it: its inner letters at each of the three offsets. */
function base64Of(secret: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.from('\0'.repeat(offset) + secret).toString('base64');
    const inner = whole.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -2);
    return inner.length < SHORTEST ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Lower case of the same length, so that places in it are places in the text. */
function lower(text: string): string {
  const low = text.toLowerCase();
  return low.length === text.length ? low : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Letters that URLs, HTML and JSON write otherwise, in lower case; backslashes before a letter say nothing. */
const ESCAPE =
  /%(?:25){0,3}([0-9a-f]{2})|&#0{0,6}(\d{1,3});|&#x0{0,6}([0-9a-f]{1,2});|&(amp|lt|gt|quot|apos);|\\+(?:u00([0-9a-f]{2}))?/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A text read through its escapes, and where each of its letters stands in the text as it is. */
function unescaped(low: string): { readonly text: string; readonly at: Uint32Array } {
  const at = new Uint32Array(low.length + 1);
  let [text, from] = ['', 0];
  const take = (to: number) => {
    for (let index = from; index < to; index++) at[text.length + index - from] = index;
    text += low.slice(from, to);
  };
  for (const { index, 0: whole, 1: percent, 2: decimal, 3: hex, 4: name, 5: unicode } of low.matchAll(ESCAPE)) {
    take(index);
    from = index + whole.length;
    at[text.length] = index;
    const code = percent ?? hex ?? unicode;
    if (name !== undefined) text += ENTITIES[name];
    else if (code ?? decimal) text += lower(String.fromCharCode(code ? Number.parseInt(code, 16) : Number(decimal)));
  }
  take(low.length);
  at[text.length] = low.length;
  return { text, at };
}

/** Told of a place where a secret stands; true = look no further. */
type Found = (from: number, to: number) => boolean;

function partsIn(low: string, { secret, least, blocks }: Needle, found: Found): boolean {
  for (const [block, at] of blocks) {
    for (let hit = low.indexOf(block); hit >= 0; hit = low.indexOf(block, hit + block.length)) {
      let from = 0;
      while (from < at && from < hit && secret[at - from - 1] === low[hit - from - 1]) from += 1;
      let to = block.length;
      while (at + to < secret.length && secret[at + to] === low[hit + to]) to += 1;
      if (from + to >= least && found(hit - from, hit + to)) return true;
    }
  }
  return false;
}

const TOKEN = /[a-z0-9+/=_-]/;

/** A secret in base64 or hex, with all of the token it stands in: its borders hold letters of the secret too. */
function codesIn(low: string, codes: readonly string[], found: Found): boolean {
  for (const code of codes) {
    for (let hit = low.indexOf(code); hit >= 0; ) {
      let [from, to] = [hit, hit + code.length];
      while (from > 0 && TOKEN.test(low[from - 1] as string)) from -= 1;
      while (to < low.length && TOKEN.test(low[to] as string)) to += 1;
      if (found(from, to)) return true;
      hit = low.indexOf(code, to);
    }
  }
  return false;
}

function masked(text: string, found: Range[]): string {
  const ranges = found.sort(([a], [b]) => a - b);
  let [result, end] = ['', 0];
  for (const [from, to] of ranges) {
    if (from > end || end === 0) result += text.slice(end, from) + MASK;
    end = Math.max(end, to);
  }
  return result + text.slice(end);
}

function build(secrets: readonly string[]): Redactor {
  const needles = secrets.map((secret) => needleOf(lower(secret)));
  const codes = secrets.flatMap((secret) => [...base64Of(secret).map(lower), Buffer.from(secret).toString('hex')]);
  const looked = [...needles.flatMap(({ blocks }) => blocks.map(([block]) => block)), ...codes];
  const quick = new RegExp(looked.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'));
  const search = (text: string, found: Found): boolean => {
    const low = lower(text);
    if (quick.test(low) && (needles.some((needle) => partsIn(low, needle, found)) || codesIn(low, codes, found)))
      return true;
    if (!/[%&\\]/.test(low)) return false;
    const { text: plain, at } = unescaped(low);
    const inPlain: Found = (from, to) => found(at[from] as number, at[to] as number);
    return quick.test(plain) && needles.some((needle) => partsIn(plain, needle, inPlain));
  };
  return {
    holds: (text) => search(text, () => true),
    clean(text) {
      const ranges: Range[] = [];
      search(text, (from, to) => {
        ranges.push([from, to]);
        return false;
      });
      return ranges.length === 0 ? text : masked(text, ranges);
    },
  };
}

/** The last ones made: an endpoint has the same secrets at each of its errors. */
const made = new Map<string, Redactor>();
const KEPT = 100;
/** What is longer is no set of keys that comes again. */
const LONGEST = 20_000;
const NOTHING: Redactor = { clean: (text) => text, holds: () => false };

/** A redactor for these secrets; what is too short to be one is left out. */
export function redactor(secrets: Iterable<string>): Redactor {
  const isSecret = (text: string) => text.length >= SHORTEST && !WORDS.has(text.toLowerCase());
  const kept = [...new Set(secrets)].filter(isSecret);
  if (kept.length === 0) return NOTHING;
  const key = kept.join('\0');
  const found = made.get(key) ?? build(kept);
  if (key.length > LONGEST) return found;
  made.delete(key);
  made.set(key, found);
  if (made.size > KEPT) made.delete(made.keys().next().value as string);
  return found;
}
