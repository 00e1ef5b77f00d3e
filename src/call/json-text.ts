/**
 * A JSON body as its sender wrote it, read once: what it says for the pool, its bytes for the wire. Made where a caller hands over
 * bytes in place of an object. Why not written anew: large numbers, the order of keys and their doubles are the sender's affair.
 */
import { isAscii } from 'node:buffer';
import { ByteRope } from './byte-rope.ts';
import type { Outline } from './json-outline.ts';
import { type Place, placeOfModel } from './model-place.ts';

type Loose = Record<string, unknown>;

const CLOSE = 125;
const MARK = 0xef;
const DECODER = new TextDecoder();

const decoded = (bytes: Uint8Array): string =>
  Buffer.isBuffer(bytes) && bytes[0] !== MARK ? bytes.toString() : DECODER.decode(bytes);

function objectIn(text: string): Loose | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : undefined;
  } catch {
    return undefined;
  }
}

/** A JSON object and the text it was read from. */
export class JsonText {
  /** Bytes of texts that the outline leaves out. */
  readonly unseen: number;
  #outline: Readonly<Loose>;
  /** Another model than the outline's, until somebody looks. */
  #model: string | undefined;
  #text: string | undefined;
  #value: Readonly<Loose> | undefined;
  /** Its bytes, in pieces that are not to be copied. */
  #pieces: readonly Uint8Array[] | undefined;
  /** Set for a large one: its bytes are cut, not its text. */
  readonly #cuts: Outline | undefined;
  #place: Place | undefined | null = null;
  /** By model: endpoints that call it the same get the same bytes. */
  #renamed: Map<string, JsonText> | undefined;

  constructor(text: string, value: Readonly<Loose>, bytes?: Uint8Array);
  constructor(text: undefined, outline: Readonly<Loose>, bytes: readonly Uint8Array[], cuts: Outline | number);
  constructor(
    text: string | undefined,
    value: Readonly<Loose>,
    bytes?: Uint8Array | readonly Uint8Array[],
    cuts: Outline | number = 0,
  ) {
    this.#text = text;
    this.#outline = value;
    if (text !== undefined) this.#value = value;
    if (bytes) this.#pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    this.#cuts = typeof cuts === 'number' ? undefined : cuts;
    this.unseen = typeof cuts === 'number' ? cuts : cuts.unseen;
  }

  /** Reads a large body that came in pieces, without putting it together; `undefined` when it is no JSON object. */
  static readLarge(pieces: readonly Buffer[], outline: Outline): JsonText | undefined {
    const shown = objectIn(outline.text);
    return shown && new JsonText(undefined, shown, pieces, outline);
  }

  /** Reads a body; `undefined` when it is no JSON object. */
  static read(body: string | Uint8Array): JsonText | undefined {
    const text = typeof body === 'string' ? body : decoded(body);
    const value = objectIn(text);
    return value && new JsonText(text, value, typeof body === 'string' ? undefined : body);
  }

  /** What it says, without the contents of very long strings: for whoever only looks. */
  get outline(): Readonly<Loose> {
    if (this.#model !== undefined) this.#outline = { ...this.#outline, model: this.#model };
    this.#model = undefined;
    return this.#outline;
  }

  /** As it is written. */
  get text(): string {
    this.#text ??= decoded(this.bytes);
    return this.#text;
  }

  /** All that it says. */
  get value(): Readonly<Loose> {
    this.#value ??= JSON.parse(this.text) as Loose;
    return this.#value;
  }

  /** The same as it goes over the wire, in order; made once. */
  get pieces(): readonly Uint8Array[] {
    this.#pieces ??= [Buffer.from(this.text)];
    return this.#pieces;
  }

  /** The same as one. */
  get bytes(): Uint8Array {
    if (this.pieces.length > 1) this.#pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0] as Uint8Array;
  }

  /** The same with another model; every other byte stays. */
  withModel(model: string): JsonText {
    this.#renamed ??= new Map();
    let found = this.#renamed.get(model);
    if (!found) {
      found = this.#renamedTo(model);
      this.#renamed.set(model, found);
    }
    return found;
  }

  /** Another object in its place, written anew. */
  withValue(value: Readonly<Loose>): JsonText {
    return new JsonText(JSON.stringify(value), value);
  }

  /** The same with one more member at its end, whose name it does not have. */
  withMember(name: string, value: unknown): JsonText {
    const comma = Object.keys(this.outline).length > 0 ? ',' : '';
    const member = `${comma}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    if (this.#text !== undefined) {
      const end = this.#text.lastIndexOf('}');
      const text = this.#text.slice(0, end) + member + this.#text.slice(end);
      return new JsonText(text, { ...this.value, [name]: value });
    }
    // Behind it there may be pieces of nothing but space.
    const at = this.pieces.findLastIndex((piece) => piece.includes(CLOSE));
    const last = this.pieces[at] as Uint8Array;
    const end = last.lastIndexOf(CLOSE);
    const parts = [last.subarray(0, end), Buffer.from(member), last.subarray(end)];
    const pieces = this.pieces.toSpliced(at, 1, ...parts);
    return new JsonText(undefined, { ...this.outline, [name]: value }, pieces, this.unseen);
  }

  #renamedTo(model: string): JsonText {
    const cuts = this.#cuts;
    const place = cuts && placeOfModel(cuts.text, this.outline.model);
    const inPlace = cuts ? undefined : this.#inPlace(JSON.stringify(model));
    if (inPlace) {
      // Mostly it is only sent.
      const made = new JsonText(undefined, this.outline, [inPlace], this.unseen);
      made.#model = model;
      return made;
    }
    if (!cuts || !place) return new JsonText(this.#textWith(JSON.stringify(model)), { ...this.value, model });
    const rope = new ByteRope(this.pieces as Buffer[]);
    const [start, end] = [cuts.placeOf(place[0]), cuts.placeOf(place[1])];
    const pieces = [...rope.part(0, start), Buffer.from(JSON.stringify(model)), ...rope.part(end)];
    return new JsonText(undefined, { ...this.outline, model }, pieces, this.unseen);
  }

  /** Its bytes with another model, where each of them is a letter: nothing is decoded and encoded again. */
  #inPlace(model: string): Buffer | undefined {
    const [bytes] = this.#pieces?.length === 1 ? this.#pieces : [];
    if (!Buffer.isBuffer(bytes) || !isAscii(bytes)) return undefined;
    const place = this.#findPlace();
    if (!place) return undefined;
    const [start, end] = place;
    const length = Buffer.byteLength(model);
    const made = Buffer.allocUnsafe(start + length + bytes.length - end);
    bytes.copy(made, 0, 0, start);
    made.write(model, start);
    bytes.copy(made, start + length, end);
    return made;
  }

  #findPlace(): Place | undefined {
    if (this.#place === null) this.#place = placeOfModel(this.text, this.value.model);
    return this.#place;
  }

  #textWith(model: string): string {
    const { text, value } = this;
    this.#findPlace();
    if (this.#place) return text.slice(0, this.#place[0]) + model + text.slice(this.#place[1]);
    if ('model' in value) return JSON.stringify({ ...value, model: JSON.parse(model) as string });
    const begin = text.indexOf('{') + 1;
    return `${text.slice(0, begin)}"model":${model}${Object.keys(value).length > 0 ? ',' : ''}${text.slice(begin)}`;
  }
}
