/**
 * The bytes of an event stream beside its events, for a caller who wants them as they came: names, ids, comments, keep-alives.
 * Why beside and not instead: the same watch reads the stream as for every other call, so the same rules hold.
 */

const [NEWLINE, RETURN, COLON] = [10, 13, 58];

/** The pieces of `bytes` up to and with each blank line; line ends come in three kinds. */
export function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let [from, lineFrom] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== NEWLINE && byte !== RETURN) continue;
    const empty = at === lineFrom;
    if (byte === RETURN && bytes[at + 1] === NEWLINE) at += 1;
    lineFrom = at + 1;
    if (!empty) continue;
    blocks.push(bytes.subarray(from, lineFrom));
    from = lineFrom;
  }
  if (from < bytes.length) blocks.push(bytes.subarray(from));
  return blocks;
}

/** True when a block says nothing: comments and blank lines alone. */
function isSilent(block: Uint8Array): boolean {
  let begins = true;
  for (const byte of block) {
    const ends = byte === NEWLINE || byte === RETURN;
    if (begins && !ends && byte !== COLON) return false;
    begins = ends;
  }
  return true;
}

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
  #blocks: Uint8Array[] = [];
  #pass: ((block: Uint8Array) => void) | undefined;

  /** From here on, whoever reads the body gets one event at a time, or one block of comments. */
  split(response: Response): void {
    const { body } = response;
    if (!body) return;
    const getReader = () => {
      const reader = body.getReader();
      return {
        read: async () => {
          if (this.#blocks.length === 0) {
            const { value, done } = await reader.read();
            if (done) return { done, value };
            this.#blocks = blocksOf(value);
          }
          const value = this.#blocks.shift() ?? new Uint8Array();
          this.#came(value);
          return { done: false, value };
        },
        cancel: (reason?: unknown) => reader.cancel(reason),
        releaseLock: () => reader.releaseLock(),
        get closed() {
          return reader.closed;
        },
      };
    };
    const value = {
      getReader,
      cancel: (reason?: unknown) => body.cancel(reason),
      get locked() {
        return body.locked;
      },
    };
    Object.defineProperty(response, 'body', { value, configurable: true });
  }

  #came(block: Uint8Array): void {
    if (this.#pass && this.#pending.length === 0 && this.#events.length === 0 && isSilent(block)) this.#pass(block);
    else if (!isSilent(block)) this.#pending.push(block);
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
