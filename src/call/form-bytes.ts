/**
 * A form as its sender wrote it: what it says for the pool, its bytes for the wire. Why not read and written anew: a recording of 30 MB
 * would be held four times, and headers of its parts that nobody here knows would be lost.
 */
import { isUtf8 } from 'node:buffer';
import { ByteRope } from './byte-rope.ts';
import { boundaryOf, type FormPart, partsOf } from './form-parts.ts';

const MODEL = 'model';
/** So much of a text is looked at, in bytes: ids, names and numbers are shorter. */
const KEPT = 2_048;
const LONGEST_MODEL = 512;
/** A name with one of these ends its line, or is another one for some readers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none.
const UNCLEAR = /[\x00-\x1f\x7f\ufeff]/;

/** Where the model is named, in bytes; where nothing names one, the same place twice: there it may be. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly named: boolean;
}

function textOf(rope: ByteRope, { start, end }: FormPart): string {
  return Buffer.concat(rope.part(start, Math.min(end, start + KEPT))).toString();
}

/** True for a name that everybody reads alike. */
function isClear(rope: ByteRope, { plain, start, end }: FormPart): boolean {
  if (!plain || end - start > LONGEST_MODEL) return false;
  const bytes = Buffer.concat(rope.part(start, end));
  return isUtf8(bytes) && !UNCLEAR.test(bytes.toString());
}

/** The form without the contents of its files. */
function outlineOf(rope: ByteRope, parts: readonly FormPart[]): FormData {
  const form = new FormData();
  for (const part of parts) {
    if (part.file === undefined) form.append(part.name, textOf(rope, part));
    else form.append(part.name, new Blob([]), part.file);
  }
  return form;
}

/** A form and the bytes it was read from, which nobody may change. */
export class FormBytes {
  /** The content type that tells the boundary. */
  readonly type: string;
  readonly byteLength: number;
  /** False when the name of its model would end the part it stands in: then it must not be sent. */
  readonly sound: boolean;
  /** What it says: its texts, of long ones the beginning, and files without their contents. For whoever only looks. */
  readonly outline: FormData;
  readonly #boundary: string;
  readonly #place: Place;
  #rope: ByteRope;
  /** By model: endpoints that call it the same get the same form. */
  #renamed: Map<string, FormBytes> | undefined;

  private constructor(rope: ByteRope, type: string, boundary: string, outline: FormData, place: Place, sound = true) {
    this.#rope = rope;
    this.type = type;
    this.#boundary = boundary;
    this.outline = outline;
    this.#place = place;
    this.byteLength = rope.length;
    this.sound = sound;
  }

  /**
   * Reads a form that came in pieces, without putting it together.
   * @param type its content type.
   * @returns `many` for one of too many parts; `undefined` for what is no form, or one that two readers may read in two ways.
   */
  static read(pieces: readonly Uint8Array[], type: string): FormBytes | 'many' | undefined {
    const boundary = boundaryOf(type);
    if (boundary === undefined) return undefined;
    const rope = new ByteRope(pieces.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
    const found = partsOf(rope, boundary);
    if (found === undefined || found === 'many') return found;
    const { parts, first } = found;
    const models = parts.filter(({ name }) => name === MODEL);
    if (models.length > 1 || !models.every((model) => isClear(rope, model))) return undefined;
    const [{ start, end } = { start: first, end: first }] = models;
    // As every reader takes it, whatever else the type said.
    const plain = `multipart/form-data; boundary=${boundary}`;
    return new FormBytes(rope, plain, boundary, outlineOf(rope, parts), { start, end, named: models.length > 0 });
  }

  /** The model it names; `undefined` when it names none. */
  get model(): string | undefined {
    return (this.outline.get(MODEL) ?? undefined) as string | undefined;
  }

  /** It as it goes over the wire, in order, in pieces that are not to be copied. */
  get pieces(): readonly Uint8Array[] {
    return this.#rope.pieces;
  }

  /** The same as one. */
  get bytes(): Uint8Array {
    if (this.pieces.length !== 1) this.#rope = new ByteRope([Buffer.concat(this.pieces)]);
    return this.pieces[0] as Uint8Array;
  }

  /** The same as a stream, of which no copy is made. */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this.pieces.values();
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value, done } = pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
  }

  /** The same with another model; every other byte stays. */
  withModel(model: string): FormBytes {
    if (model === this.model) return this;
    this.#renamed ??= new Map();
    let found = this.#renamed.get(model);
    if (!found) {
      found = this.#renamedTo(model);
      this.#renamed.set(model, found);
    }
    return found;
  }

  #renamedTo(model: string): FormBytes {
    const { start, end, named } = this.#place;
    const head = Buffer.from(
      named ? '' : `--${this.#boundary}\r\nContent-Disposition: form-data; name="${MODEL}"\r\n\r\n`,
    );
    const name = Buffer.from(model);
    const added = [head, name, Buffer.from(named ? '' : '\r\n')].filter(({ length }) => length > 0);
    const pieces = [...this.#rope.part(0, start), ...added, ...this.#rope.part(end)];
    const outline = new FormData();
    for (const [field, value] of this.outline) outline.append(field, field === MODEL ? model : value);
    if (!named) outline.append(MODEL, model);
    const from = start + head.length;
    const place = { start: from, end: from + name.length, named: true };
    const sound = !UNCLEAR.test(model) && !model.includes(`--${this.#boundary}`);
    return new FormBytes(new ByteRope(pieces), this.type, this.#boundary, outline, place, sound);
  }
}
