/**
 * The headers of a reply as undici hands them over, read in place. A real `Headers` is built when more than a look is asked for.
 * Why: a real one checks and copies every header, and most calls look at three of them.
 */
import { uncloneable } from './uncloneable.ts';

/** Header values by lower-case name. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

const joined = (value: string | readonly string[]): string => (typeof value === 'string' ? value : value.join(', '));

/** Older versions of undici take the bytes for UTF-8; a real `Headers` takes each for a letter, and refuses any other. */
const asLetters = (value: string): string => (/[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value);

/** What a `Headers` is for its user. */
class FastHeaders {
  readonly #raw: RawHeaders;
  #real: Headers | undefined;

  constructor(raw: RawHeaders) {
    this.#raw = raw;
    uncloneable(this);
  }

  get #all(): Headers {
    if (this.#real) return this.#real;
    const real = new Headers();
    for (const [name, value] of Object.entries(this.#raw)) {
      if (typeof value === 'string') real.append(name, asLetters(value));
      else for (const each of value ?? []) real.append(name, asLetters(each));
    }
    this.#real = real;
    return real;
  }

  #own(name: string): string | string[] | undefined {
    const raw = this.#raw;
    // Nobody can ask it for `constructor` and the like. Mostly names come as they are kept.
    if (Object.hasOwn(raw, name)) return raw[name];
    const key = `${name}`.toLowerCase();
    return key !== name && Object.hasOwn(raw, key) ? raw[key] : undefined;
  }

  get(name: string): string | null {
    if (this.#real) return this.#real.get(name);
    const value = this.#own(name);
    return value === undefined ? null : joined(value).trim();
  }

  has(name: string): boolean {
    return this.#real ? this.#real.has(name) : this.#own(name) !== undefined;
  }

  getSetCookie(): string[] {
    return this.#all.getSetCookie();
  }

  set(name: string, value: string): void {
    this.#all.set(name, value);
  }

  append(name: string, value: string): void {
    this.#all.append(name, value);
  }

  delete(name: string): void {
    this.#all.delete(name);
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this.#all) callback.call(thisArg, value, name, this as unknown as Headers);
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#all.entries();
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#all.keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.#all.values();
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.#all.entries();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.#all;
  }
}

// `instanceof Headers` holds for them, too.
if (typeof Headers === 'function') Object.setPrototypeOf(FastHeaders.prototype, Headers.prototype);

/** The headers of one reply. */
export function fastHeaders(raw: RawHeaders): Headers {
  return new FastHeaders(raw) as unknown as Headers;
}
