/**
 * The body of one reply as it comes: what came waits here for a reader, or a reader for what comes.
 * Why not a stream of Node: most bodies are there whole before anybody reads, and a stream costs more than all else that is
 * done for a reply.
 */

/** Where bytes come from. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. */
  abort(reason: Error): void;
}

/** Where bytes go. */
export interface Sink {
  push(part: Buffer): void;
  end(): void;
  fail(error: unknown): void;
}

/** A part of a body, or its end. */
export type Part = IteratorResult<Buffer, undefined>;

interface Reader {
  resolve(part: Part): void;
  reject(error: unknown): void;
}

const END: Part = { value: undefined, done: true };
/** Bytes that may wait for a reader before their connection waits as well; as much as a stream of Node lets wait. */
const MAY_WAIT = 64 * 1024;

/** The body of one reply. Its errors are told to who reads; while nobody does, they wait as well. */
export class Incoming implements Sink, AsyncIterable<Buffer, undefined> {
  /** Somebody began to read it. */
  used = false;
  /** Nothing comes any more. */
  over = false;
  readonly #flow: Flow;
  #parts: Buffer[] = [];
  #size = 0;
  #mayWait = MAY_WAIT;
  #paused = false;
  #failure: { readonly error: unknown } | undefined;
  #reader: Reader | undefined;
  #reading: Promise<Part> | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(part: Buffer): void {
    if (this.over) return;
    if (this.#reader && this.#mayWait === MAY_WAIT) {
      this.#tell({ value: part, done: false });
      return;
    }
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size <= this.#mayWait || this.#paused) return;
    this.#paused = true;
    this.#flow.pause();
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.#tell(END);
  }

  /** What came before is still read. */
  fail(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.#failure = { error };
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  /** Ends it for its reader and for who sends. @param error what is thrown to a reader. */
  destroy(error = new Error('The body was left before its end')): void {
    this.#parts = [];
    if (this.over) return;
    this.fail(error);
    this.#flow.abort(error);
  }

  /** The next part; asked for twice at a time, one after the other. */
  next(): Promise<Part> {
    const value = this.#parts.shift();
    if (value) {
      this.#size -= value.length;
      if (this.#size <= this.#mayWait) this.#resume();
      return Promise.resolve({ value, done: false });
    }
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (this.over) return Promise.resolve(END);
    if (this.#reader && this.#reading) {
      const again = () => this.next();
      return this.#reading.then(again, again);
    }
    this.#reading = new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
    return this.#reading;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** All that is left of it, in one piece. */
  async bytes(): Promise<Buffer> {
    if (!this.over) {
      this.#mayWait = Number.POSITIVE_INFINITY;
      this.#resume();
      await new Promise((resolve, reject) => {
        this.#reader = { resolve, reject };
      });
    }
    if (this.#failure) throw this.#failure.error;
    const parts = this.#parts;
    this.#parts = [];
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow.resume();
  }

  #tell(part: Part): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(part);
  }
}
