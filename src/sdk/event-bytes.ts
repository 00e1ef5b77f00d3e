/**
 * The bytes of an event stream beside its events, for a caller who wants them as they came: names, ids, comments, keep-alives.
 * Why beside and not instead: the same watch reads the stream as for every other call, so the same rules hold.
 */

/** More comments than this are not kept for the event they stand before, in bytes. */
const MOST_SILENCE = 65_536;

/** The bytes of one stream. */
export class EventBytes {
  /** Read, and not yet part of an event that was taken. */
  #pending: Uint8Array[] = [];
  /** Of that, comments. */
  #quiet = 0;
  /** By event taken and not yet handed out. */
  readonly #events: Uint8Array[][] = [];
  #pass: ((block: Uint8Array) => void) | undefined;

  /** One event of the stream was read, or what is `silent`: comments, blank lines. */
  came(block: Uint8Array, silent: boolean): void {
    if (this.#pass && this.#pending.length === 0 && this.#events.length === 0 && silent) this.#pass(block);
    else if (!silent) this.#pending.push(block);
    else {
      this.#quiet += block.byteLength;
      if (this.#quiet <= MOST_SILENCE) this.#pending.push(block);
    }
  }

  /** An event was taken: what came so far belongs to it. */
  mark(): void {
    this.#events.push(this.#pending);
    this.#pending = [];
    this.#quiet = 0;
  }

  /** Comments go to `pass` at once while somebody waits for the next event; `undefined` = nobody does. */
  waiting(pass: ((block: Uint8Array) => void) | undefined): void {
    this.#pass = pass;
  }

  /** The bytes of the next event in order. */
  next(): readonly Uint8Array[] {
    return this.#events.shift() ?? [];
  }

  /** What came after the last event: the end marker, or an event that was taken for an error. */
  rest(): readonly Uint8Array[] {
    const rest = this.#pending;
    this.#pending = [];
    return rest;
  }

  /** All that came and was not handed out. */
  all(): Uint8Array {
    return Buffer.concat([...this.#events.flat(), ...this.#pending]);
  }
}
