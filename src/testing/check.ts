/**
 * Checks what a user wrote (scripts, options) against a table and says what is wrong, where, and what was probably meant.
 * Why not zod: this subpath has no dependency and must not weigh down a test run.
 */

/** Returns what would have been right, or nothing when the value is right. */
export type Check = (value: unknown) => string | undefined;

const expect =
  (right: (value: unknown) => boolean, wanted: string): Check =>
  (value) =>
    right(value) ? undefined : wanted;

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

/** A finite number of 0 or more. */
export const duration = expect((v) => isNumber(v) && v >= 0 && Number.isFinite(v), 'a number of ms, 0 or more');
/** A whole number of 0 or more. */
export const count = expect((v) => Number.isInteger(v) && Number(v) >= 0, 'a whole number, 0 or more');
/** A whole number of 1 or more. */
export const positive = expect((v) => Number.isInteger(v) && Number(v) >= 1, 'a whole number, 1 or more');
/** A whole number of 1 or more, or `Infinity`. */
export const times = expect(
  (v) => v === Number.POSITIVE_INFINITY || (Number.isInteger(v) && Number(v) >= 1),
  'a whole number, 1 or more, or Infinity',
);
/** A text. */
export const text = expect((v) => typeof v === 'string', 'a string');
/** A text that is not empty. */
export const filled = expect((v) => typeof v === 'string' && v !== '', 'a string that is not empty');
/** A text or null. */
export const textOrNull = expect((v) => typeof v === 'string' || v === null, 'a string or null');
/** true or false. */
export const flag = expect((v) => typeof v === 'boolean', 'true or false');
/** A header value that may be absurd on purpose. */
export const hint = expect((v) => typeof v === 'string' || isNumber(v), 'a number or a string');
/** Anything at all. */
export const anything: Check = () => undefined;
/** An object that is no array. */
export const object = expect(isObject, 'an object');
/** A list of texts. */
export const texts = expect((v) => Array.isArray(v) && v.every((x) => typeof x === 'string'), 'a list of strings');
/** Header names with a text or texts each. */
export const headers = expect(
  (v) =>
    isObject(v) &&
    Object.values(v).every((x) => typeof x === 'string' || (Array.isArray(x) && x.every((y) => typeof y === 'string'))),
  'an object whose values are strings or lists of strings',
);
/** One of a few words. */
export const oneOf = (...words: readonly (string | number)[]): Check =>
  expect((v) => words.includes(v as string), words.map((w) => JSON.stringify(w)).join(' or '));
/** Any of several. */
export const either =
  (...checks: readonly Check[]): Check =>
  (value) => {
    const wanted = checks.map((check) => check(value));
    return wanted.includes(undefined) ? undefined : wanted.join(', or ');
  };

/** Whether it is an object with named fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Refuses fields that the table does not know and values that it does not allow. @throws TypeError with the path */
export function checkFields(value: Record<string, unknown>, fields: Record<string, Check>, path: string): void {
  for (const [name, content] of Object.entries(value)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!check) throw new TypeError(`${path}.${name}: unknown option${suggest(name, Object.keys(fields))}`);
    if (content === undefined) continue;
    const wanted = check(content);
    if (wanted) throw new TypeError(`${path}.${name}: expected ${wanted}, got ${show(content)}`);
  }
}

/** A value as an error message shows it: its kind and its first characters. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `the string ${JSON.stringify(clip(value))}`;
  if (Array.isArray(value)) return 'a list';
  return isObject(value) ? `an object with ${Object.keys(value).join(', ') || 'no fields'}` : String(value);
}

/** `; did you mean 'x'?` when something known is near, else the known ones. */
export function suggest(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.far - b.far)[0];
  return near ? `; did you mean '${near.name}'?` : `; known are ${known.join(', ')}`;
}

const clip = (value: string) => (value.length > 40 ? `${value.slice(0, 40)}…` : value);

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return 99;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap);
    }
    row = next;
  }
  return row[b.length] ?? 99;
}
