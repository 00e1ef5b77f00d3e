// Secrets that must show nowhere, and every place where something can show: what the tests of invariant 15 look at.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { attemptsOf, explain } from '../../src/index.ts';

let made = 0;

/** A key nobody else has. The word says whose it is. */
export function canary(word: string): string {
  made += 1;
  const letters = createHash('sha256').update(`${word} ${made}`).digest('hex');
  return `sk-${word}-${letters.slice(0, 14)}Zx${letters.slice(14, 28).toUpperCase()}`;
}

/** The forms a careless server or proxy may put a key into. */
export const FORMS: Readonly<Record<string, (key: string) => string>> = {
  'as it is': (key) => key,
  'after Bearer': (key) => `Bearer ${key}`,
  'in lower case': (key) => key.toLowerCase(),
  'in base64': (key) => Buffer.from(key).toString('base64'),
  'in base64 behind other text': (key) => Buffer.from(`Bearer ${key}`).toString('base64'),
  'in base64 between other text': (key) => Buffer.from(`u:${key}:x`).toString('base64url'),
  'URL-encoded': (key) => encodeURIComponent(key),
  'percent-encoded throughout': (key) => [...key].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''),
  'in hex': (key) => Buffer.from(key).toString('hex'),
  'in JSON within JSON': (key) => JSON.stringify(JSON.stringify({ key })),
  'in HTML': (key) => key.replace(/[&<>"'+=/-]/g, (c) => `&#${c.charCodeAt(0)};`),
  'cut short': (key) => `${key.slice(0, -6)}…`,
  'masked at its end only': (key) => `${key.slice(0, -8)}********`,
  'masked at its beginning only': (key) => `****${key.slice(8)}`,
};

/** Longest part of a key, in characters, that may be read anywhere: about what vendors show themselves. */
const SHOWN = 12;

function partsOf(text: string): string[] {
  return Array.from({ length: Math.max(1, text.length - SHOWN) }, (_, at) => text.slice(at, at + SHOWN + 1));
}

/** How a key could be read out of a text: a part of it in clear, or all of it in some code. */
function readable(key: string, text: string): boolean {
  const low = text.toLowerCase();
  if (partsOf(key.toLowerCase()).some((part) => low.includes(part))) return true;
  const coded = ['in base64', 'percent-encoded throughout', 'in hex', 'in HTML'].map((form) => FORMS[form]!(key));
  if (coded.some((form) => low.includes(form.toLowerCase()))) return true;
  const tokens = text.match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  return tokens.some((token) => Buffer.from(token, 'base64').toString('latin1').includes(key));
}

/** Everything JSON.stringify would write if it could bear cycles, big numbers and functions. */
function json(thing: unknown): string {
  const seen = new Set<unknown>();
  const safe = (_: string, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
  return JSON.stringify(thing, safe) ?? '';
}

const INSPECT = [
  {},
  { depth: Number.POSITIVE_INFINITY },
  { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true },
] as const;
const ALL = { maxArrayLength: null, maxStringLength: null, breakLength: 200 } as const;

function structured(thing: unknown): string {
  try {
    return inspect(structuredClone(thing), { ...INSPECT[1], ...ALL });
  } catch {
    return '';
  }
}

/** What can be read off a thing, by the way it is read. */
export function surfaces(thing: unknown): Record<string, string> {
  const error = thing as Partial<Error> & Record<string, unknown>;
  const isObject = typeof thing === 'object' && thing !== null;
  const seen: Record<string, string> = {
    'String()': isObject && !(thing instanceof Error) ? '' : String(thing),
    'console.log': inspect(thing, { ...INSPECT[0], ...ALL }),
    'inspect ∞': inspect(thing, { ...INSPECT[1], ...ALL }),
    'inspect ∞ hidden': inspect(thing, { ...INSPECT[2], ...ALL }),
    'JSON.stringify': json(thing),
    structuredClone: structured(thing),
    attempts: `${json(attemptsOf(thing))} ${explain(thing)}`,
  };
  if (!(thing instanceof Error)) return seen;
  const { message, stack, cause, headers } = error;
  Object.assign(seen, {
    ...{ message, stack },
    headers: headers instanceof Headers ? json([...headers]) : '',
    fields: json(Object.fromEntries(Object.getOwnPropertyNames(thing).map((name) => [name, error[name]]))),
  });
  if (cause !== undefined) for (const [where, text] of Object.entries(surfaces(cause))) seen[`cause: ${where}`] = text;
  return seen;
}

/** Which of the keys can be read where; empty is what every test wants. */
export function leaks(thing: unknown, keys: readonly string[]): string[] {
  const found = Object.entries(typeof thing === 'string' ? { text: thing } : surfaces(thing));
  const all = found.map(([, text]) => text).join('\n');
  if (!keys.some((key) => readable(key, all))) return [];
  return found.flatMap(([where, text]) =>
    keys.filter((key) => readable(key, text ?? '')).map((key) => `${key} in ${where}: ${around(text, key)}`),
  );
}

function around(text: string, key: string): string {
  const at = text.indexOf(key.slice(0, SHOWN));
  return at < 0 ? '(coded)' : text.slice(Math.max(0, at - 60), at + 60).replaceAll('\n', ' ');
}
