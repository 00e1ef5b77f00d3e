/** Bytes that came in pieces, looked at as if they were one. Why not put together: to copy a large body costs as much as to send it. */

/** A rope of pieces. Places in it are looked up fastest from left to right. */
export class ByteRope {
  readonly pieces: readonly Buffer[];
  readonly length: number;
  readonly #starts: number[] = [];
  /** The piece that was looked at last. */
  #last = 0;

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces;
    let length = 0;
    for (const piece of pieces) {
      this.#starts.push(length);
      length += piece.length;
    }
    this.length = length;
  }

  #pieceAt(at: number): number {
    if ((this.#starts[this.#last] as number) > at) this.#last = 0;
    while (this.#last + 1 < this.pieces.length && (this.#starts[this.#last + 1] as number) <= at) this.#last += 1;
    return this.#last;
  }

  /** The byte at a place; `undefined` beside it. */
  at(place: number): number | undefined {
    if (place < 0 || place >= this.length) return undefined;
    const piece = this.#pieceAt(place);
    return (this.pieces[piece] as Buffer)[place - (this.#starts[piece] as number)];
  }

  /** The place of the next such byte; -1 = there is none. */
  indexOf(byte: number, from = 0): number {
    if (from >= this.length) return -1;
    for (let piece = this.#pieceAt(from); piece < this.pieces.length; piece++) {
      const start = this.#starts[piece] as number;
      const found = (this.pieces[piece] as Buffer).indexOf(byte, Math.max(0, from - start));
      if (found >= 0) {
        this.#last = piece;
        return start + found;
      }
    }
    return -1;
  }

  /** The places of all such bytes, from left to right, also those that stand over an edge between pieces. */
  *placesOf(bytes: Buffer): Generator<number> {
    const overlap = bytes.length - 1;
    let start = 0;
    /** What may be the beginning of one that ends in the next piece. */
    let before: Buffer = Buffer.alloc(0);
    for (const piece of this.pieces) {
      const edge = Buffer.concat([before, piece.subarray(0, overlap)]);
      for (let at = edge.indexOf(bytes); at >= 0 && at < before.length; at = edge.indexOf(bytes, at + 1))
        yield start - before.length + at;
      for (let at = piece.indexOf(bytes); at >= 0; at = piece.indexOf(bytes, at + 1)) yield start + at;
      start += piece.length;
      const seen = piece.length < overlap ? Buffer.concat([before, piece]) : piece;
      before = seen.subarray(Math.max(0, seen.length - overlap));
    }
  }

  /** The pieces of a part of it; nothing is copied. */
  part(from: number, to = this.length): Buffer[] {
    const found: Buffer[] = [];
    for (let at = from; at < to; ) {
      const piece = this.#pieceAt(at);
      const start = this.#starts[piece] as number;
      const bytes = (this.pieces[piece] as Buffer).subarray(at - start, to - start);
      found.push(bytes);
      at += bytes.length;
    }
    return found;
  }

  /** A part of it, as letters of one byte each. */
  latin1(from: number, to: number): string {
    return this.part(from, to)
      .map((bytes) => bytes.toString('latin1'))
      .join('');
  }
}

/** Shorter pieces are put together: each is an object besides its bytes. */
const SHORT = 16_384;

/** Collects pieces as they come. */
export class Pieces {
  readonly #whole: Buffer[] = [];
  #short: Buffer[] = [];
  /** Bytes of the short ones. */
  #waiting = 0;
  #length = 0;

  /** Bytes in all. */
  get length(): number {
    return this.#length;
  }

  /** What came, in order. */
  get all(): readonly Buffer[] {
    this.#join();
    return this.#whole;
  }

  /** Takes the next one, which nobody may change. */
  add(piece: Buffer): void {
    this.#length += piece.length;
    this.#short.push(piece);
    this.#waiting += piece.length;
    if (this.#waiting >= SHORT) this.#join();
  }

  #join(): void {
    const [first, second] = this.#short;
    if (first) this.#whole.push(second ? Buffer.concat(this.#short) : first);
    this.#short = [];
    this.#waiting = 0;
  }
}
