/**
 * Takes secrets out of text: as they are, in any case, in parts, and in the codes that servers and proxies put them into.
 * Pure. Why parts: a vendor that cuts a key short, or masks only its last letters, shows enough of it to be harmful.
 * A quick look decides for nearly every text that there is nothing to do; only then is it worth being thorough.
 */

/** Takes the secrets it was made for out of a text. */
export type Redact = (text: string) => string;

const MASK = '[redacted]';
/** Shorter texts are no secrets, and would be found everywhere. */
const SHORTEST = 6;
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

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

/** Every letter as it is or escaped, for URLs, HTML or JSON. Only the beginning of a long secret, which is enough to find it. */
function escapedForm(secret: string): string {
  return [...secret.slice(0, 200)]
    .map((letter, index) => {
      // Nobody misses slashes before the first letter, and looking for them at each place of a page of slashes takes long.
      const [slashes, slash] = index === 0 ? ['', '\\\\'] : ['\\\\{0,8}', '\\\\{1,8}'];
      const code = letter.charCodeAt(0);
      const hex = code.toString(16).padStart(2, '0');
      // Letters were made small: `%4B` and `%6B` are both `k`.
      const upper = letter.toUpperCase().charCodeAt(0).toString(16).padStart(2, '0');
      const capital = letter.toUpperCase().charCodeAt(0);
      const named = ENTITIES[letter] === undefined ? '' : `|&${ENTITIES[letter]};`;
      return `(?:${slashes}${literal(letter)}|%(?:25)?(?:${hex}|${upper})|&#0{0,6}(?:${code}|${capital});|&#x0{0,6}(?:${hex}|${upper});|${slash}u00(?:${hex}|${upper})${named})`;
    })
    .join('');
}

/** Lower case of the same length, so that places in it are places in the text. */
function lower(text: string): string {
  const low = text.toLowerCase();
  return low.length === text.length ? low : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function partsIn(low: string, { secret, least, blocks }: Needle, found: Range[]): void {
  for (const [block, at] of blocks) {
    for (let hit = low.indexOf(block); hit >= 0; hit = low.indexOf(block, hit + block.length)) {
      let from = 0;
      while (from < at && from < hit && secret[at - from - 1] === low[hit - from - 1]) from += 1;
      let to = block.length;
      while (at + to < secret.length && secret[at + to] === low[hit + to]) to += 1;
      if (from + to >= least) found.push([hit - from, hit + to]);
    }
  }
}

const TOKEN = /[a-z0-9+/=_-]/;

/** A secret in base64 or hex, with all of the token it stands in: its borders hold letters of the secret too. */
function codesIn(low: string, codes: readonly string[], found: Range[]): void {
  for (const code of codes) {
    for (let hit = low.indexOf(code); hit >= 0; ) {
      let [from, to] = [hit, hit + code.length];
      while (from > 0 && TOKEN.test(low[from - 1] as string)) from -= 1;
      while (to < low.length && TOKEN.test(low[to] as string)) to += 1;
      found.push([from, to]);
      hit = low.indexOf(code, to);
    }
  }
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

function build(secrets: readonly string[]): Redact {
  const needles = secrets.map((secret) => needleOf(lower(secret)));
  const codes = secrets.flatMap((secret) => [...base64Of(secret).map(lower), Buffer.from(secret).toString('hex')]);
  const looked = [...needles.flatMap(({ blocks }) => blocks.map(([block]) => block)), ...codes];
  const quick = new RegExp(looked.map(literal).join('|'));
  let escaped: RegExp | undefined;
  return (text) => {
    const low = lower(text);
    const found: Range[] = [];
    if (quick.test(low)) {
      for (const needle of needles) partsIn(low, needle, found);
      codesIn(low, codes, found);
    }
    if (/[%&\\]/.test(low)) {
      escaped ??= new RegExp(needles.map(({ secret }) => escapedForm(secret)).join('|'), 'g');
      for (const { index, 0: match } of low.matchAll(escaped)) found.push([index, index + match.length]);
    }
    return found.length === 0 ? text : masked(text, found);
  };
}

/** The last ones made: an endpoint has the same secrets at each of its errors. */
const made = new Map<string, Redact>();
const KEPT = 100;

/** A `Redact` for these secrets; what is too short to be one is left out. */
export function redactor(secrets: Iterable<string>): Redact {
  const kept = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST);
  if (kept.length === 0) return (text) => text;
  const key = kept.join('\0');
  const redact = made.get(key) ?? build(kept);
  made.delete(key);
  made.set(key, redact);
  if (made.size > KEPT) made.delete(made.keys().next().value as string);
  return redact;
}
