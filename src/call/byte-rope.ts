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
