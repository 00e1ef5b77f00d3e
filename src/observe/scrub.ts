/**
 * Takes secrets out of errors and of what is logged. An error stays the same object, with its class, status and code, and is
 * cleaned in place; everything else is copied, never written to: an error may refer to the live options of a client.
 */
import type { Redactor } from './redact.ts';

/** Deeper values are left out: nobody reads them, and whoever prints them would run out of stack. */
const DEEPEST = 100;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Rows of headers, of this process's `Headers` or of another library's. */
function rowsOf(value: object): Array<[string, string]> | undefined {
  const { get, set, forEach } = value as { get?: unknown; set?: unknown; forEach?: unknown };
  const alike = [get, set, forEach].every((method) => typeof method === 'function') && Symbol.iterator in value;
  if (!alike || value instanceof Map) return undefined;
  return [...(value as Headers)].map(([name, text]) => [String(name), String(text)]);
}

/** What a value holds: the values to look at, its names included. Getters are not called, a stack aside. */
function partsOf(value: object): unknown[] {
  if (ArrayBuffer.isView(value)) return [];
  const rows = rowsOf(value);
  if (rows) return rows.flat();
  const own = Reflect.ownKeys(value).flatMap((name) => [
    name,
    (Reflect.getOwnPropertyDescriptor(value, name) as PropertyDescriptor).value as unknown,
  ]);
  if (value instanceof Error) own.push(value.stack);
  return value instanceof Map || value instanceof Set ? [...own, ...[...value].flat()] : own;
}

/** Can a secret be read anywhere in the value? Bears cycles and any depth. */
export function holdsSecret(value: unknown, redact: Redactor): boolean {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string' && redact.holds(next)) return true;
    if (!isObject(next) || seen.has(next)) continue;
    seen.add(next);
    try {
      for (const part of partsOf(next)) if (isObject(part) || typeof part === 'string') open.push(part);
    } catch {
      // A value that cannot be looked at is nobody's error of ours; it prints as little as it shows here.
    }
  }
  return false;
}

/** How a value is copied: the text cleaned, and what becomes of errors inside. */
interface Copying {
  readonly redact: Redactor;
  readonly error: (value: Error) => unknown;
  /** Copies by original, for cycles. */
  readonly copies: Map<object, unknown>;
}

function copyOf(value: unknown, copying: Copying, depth = 0): unknown {
  const { redact, error, copies } = copying;
  if (typeof value === 'string') return redact.clean(value);
  if (!isObject(value)) return value;
  if (copies.has(value)) return copies.get(value);
  if (value instanceof Error) return error(value);
  const rows = rowsOf(value);
  // The mask is no name of a header.
  if (rows)
    return new Headers(rows.map(([name, text]) => [redact.clean(name).replace(/[[\]]/g, ''), redact.clean(text)]));
  // Somebody else's object that carries a key is of no use to whoever reads the error.
  if (!isPlain(value)) return holdsSecret(value, redact) ? `[redacted ${value.constructor.name}]` : value;
  if (depth > DEEPEST) return '[…]';
  const copy: object = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const name of Reflect.ownKeys(value)) {
    if (Array.isArray(value) && name === 'length') continue;
    const { value: part, enumerable } = Reflect.getOwnPropertyDescriptor(value, name) as PropertyDescriptor;
    const cleaned = { value: copyOf(part, copying, depth + 1), enumerable: enumerable === true };
    const safeName = typeof name === 'string' ? redact.clean(name) : name;
    Object.defineProperty(copy, safeName, { ...cleaned, configurable: true, writable: true });
  }
  return copy;
}

/** A value for a log: the very same when it holds no secret, else a copy without. */
export function redacted(value: unknown, redact: Redactor): unknown {
  if (!holdsSecret(value, redact)) return value;
  const error = (it: Error) => `${it.name}: ${redact.clean(String(it.stack ?? it.message))}`;
  return copyOf(value, { redact, error, copies: new Map() });
}

function cleanError(error: Error, redact: Redactor, open: Error[]): void {
  const inner = (it: Error) => {
    if (!Object.isFrozen(it)) open.push(it);
    else if (holdsSecret(it, redact)) return `[redacted ${it.name}]`;
    return it;
  };
  for (const name of new Set([...Reflect.ownKeys(error), 'stack'])) {
    try {
      const own = Reflect.getOwnPropertyDescriptor(error, name);
      const before: unknown = name === 'stack' ? error.stack : own?.value;
      if (!holdsSecret(before, redact)) continue;
      const value = copyOf(before, { redact, error: inner, copies: new Map() });
      const kept = { configurable: true, writable: true, enumerable: own?.enumerable === true };
      if (value !== before) Object.defineProperty(error, name, { value, ...kept });
    } catch {
      // What cannot be read or written stays; the rest is cleaned all the same.
    }
  }
}

/**
 * Takes every secret out of what was thrown: message, stack, body, headers, causes.
 * @returns the same error, cleaned in place; anything else as a copy where it held a secret.
 */
export function scrub(thrown: unknown, redact: Redactor): unknown {
  if (!(thrown instanceof Error)) return redacted(thrown, redact);
  const open = [thrown];
  const seen = new Set<Error>();
  for (let error = open.pop(); error; error = open.pop()) {
    if (seen.has(error)) continue;
    seen.add(error);
    cleanError(error, redact, open);
  }
  return thrown;
}
