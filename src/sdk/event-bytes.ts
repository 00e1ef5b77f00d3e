/**
 * The bytes of an event stream beside its events, for a caller who wants them as they came: names, ids, comments, keep-alives.
 * Why beside and not instead: the same watch reads the stream as for every other call, so the same rules hold.
 */
import { readThrough, type Source } from './read-through.ts';

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

/** How the lines begin that carry no data: comments, `event`, `id` and `retry`. */
const [EVENT, ID, RETRY] = [101, 105, 114];
const SILENT = new Set([NEWLINE, RETURN, COLON, EVENT, ID, RETRY]);

/** The first bytes of a block's lines when it says nothing, as comments and blank lines do; else `undefined`. */
function silence(block: Uint8Array): Set<number> | undefined {
  const found = new Set<number>();
  let begins = true;
  for (const byte of block) {
    if (begins && !SILENT.has(byte)) return undefined;
    if (begins) found.add(byte);
    begins = byte === NEWLINE || byte === RETURN;
  }
  return found;
}

/** True when a blank line ends it. */
function isWhole(block: Uint8Array): boolean {
  const ends = (byte: number | undefined) => byte === NEWLINE || byte === RETURN;
  const [before, last] = [block.at(-2), block.at(-1)];
  if (before === RETURN && last === NEWLINE) return block.length === 2 || ends(block.at(-3));
  return ends(last) && (block.length === 1 || ends(before));
}

/** More comments than this are not kept for the event they stand before, in bytes. */
const MOST_SILENCE = 65_536;

const NOTHING: Uint8Array = new Uint8Array();

/** The bytes of one stream. */
export class EventBytes {
  /** Read, and not yet part of an event that was taken. */
  #pending: Uint8Array[] = [];
  /** Of that, comments. */
  #quiet = 0;
  /** By event taken and not yet handed out. */
  readonly #events: Uint8Array[][] = [];
  #blocks: Uint8Array[] = [];
  #cut = NOTHING;
  #pass: ((block: Uint8Array) => void) | undefined;

  /** From here on, whoever reads the body gets one event at a time, or one block of comments. */
  split(response: Response): void {
    readThrough(response, (reader) => async () => {
      for (;;) {
        const value = this.#blocks.shift();
        if (value) {
          const silent = silence(value);
          this.#came(value, silent !== undefined);
          // The SDK takes an event without data for broken JSON; for every other reader it is none.
          if (!silent?.has(EVENT)) return { done: false, value };
        } else if (!(await this.#readOn(reader))) return { done: true, value: undefined };
      }
    });
  }

  /** Reads the next blocks; one that the network cut waits for its rest. */
  async #readOn(reader: Source): Promise<boolean> {
    const { value, done } = await reader.read();
    if (done && this.#cut.byteLength === 0) return false;
    this.#blocks = blocksOf(
      value && this.#cut.byteLength > 0 ? Buffer.concat([this.#cut, value]) : (value ?? this.#cut),
    );
    const last = this.#blocks.at(-1);
    const cut = !done && last !== undefined && !isWhole(last);
    this.#cut = cut ? (this.#blocks.pop() as Uint8Array) : NOTHING;
    return true;
  }

  #came(block: Uint8Array, silent: boolean): void {
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
