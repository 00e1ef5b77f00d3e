/**
 * A JSON body as its sender wrote it, read once: what it says for the pool, its bytes for the wire. Made where a caller hands over
 * bytes in place of an object. Why not written anew: large numbers, the order of keys and their doubles are the sender's affair.
 */

type Loose = Record<string, unknown>;

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const OPENS = new Set([123, 91]);
const CLOSES = new Set([125, 93]);
/** Longer than the key looked for, in whatever way it is written. */
const LONGEST_KEY = 40;

/** The index after the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** Where the value of the root's `model` stands, if it is a string. Of several the last one counts, as for `JSON.parse`. */
function placeOfModel(text: string): readonly [start: number, end: number] | undefined {
  let [depth, at] = [0, 0];
  let key: string | undefined;
  let found: readonly [number, number] | undefined;
  while (at < text.length) {
    const letter = text.charCodeAt(at);
    if (letter === QUOTE) {
      const end = endOfString(text, at);
      if (depth === 1 && key === undefined) key = end - at > LONGEST_KEY ? '' : String(JSON.parse(text.slice(at, end)));
      else if (depth === 1 && key === 'model') found = [at, end];
      at = end;
      continue;
    }
    if (OPENS.has(letter)) depth += 1;
    else if (CLOSES.has(letter)) depth -= 1;
    else if (letter === COMMA && depth === 1) key = undefined;
    at += 1;
  }
  return found;
}

/** A JSON object and the text it was read from. */
export class JsonText {
  readonly text: string;
  readonly value: Readonly<Loose>;
  #bytes: Uint8Array | undefined;
  #place: readonly [start: number, end: number] | undefined | null = null;
  /** By model: endpoints that call it the same get the same bytes. */
  readonly #renamed = new Map<string, JsonText>();

  constructor(text: string, value: Readonly<Loose>, bytes?: Uint8Array) {
    this.text = text;
    this.value = value;
    this.#bytes = bytes;
  }

  /** Reads a body; `undefined` when it is no JSON object. */
  static read(body: string | Uint8Array): JsonText | undefined {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      return new JsonText(text, value as Loose, typeof body === 'string' ? undefined : body);
    } catch {
      return undefined;
    }
  }

  /** The same as it goes over the wire; made once. */
  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }

  /** The same with another model; every other byte stays. */
  withModel(model: string): JsonText {
    let found = this.#renamed.get(model);
    if (!found) {
      found = new JsonText(this.#textWith(JSON.stringify(model)), { ...this.value, model });
      this.#renamed.set(model, found);
    }
    return found;
  }

  /** Another object in its place, written anew. */
  withValue(value: Readonly<Loose>): JsonText {
    return new JsonText(JSON.stringify(value), value);
  }

  #textWith(model: string): string {
    const { text, value } = this;
    if (this.#place === null) this.#place = placeOfModel(text);
    if (this.#place) return text.slice(0, this.#place[0]) + model + text.slice(this.#place[1]);
    if ('model' in value) return JSON.stringify({ ...value, model: JSON.parse(model) as string });
    const begin = text.indexOf('{') + 1;
    return `${text.slice(0, begin)}"model":${model}${Object.keys(value).length > 0 ? ',' : ''}${text.slice(begin)}`;
  }
}

/** What a body says, however it was handed over. */
export function contentOf(body: unknown): unknown {
  return body instanceof JsonText ? body.value : body;
}
