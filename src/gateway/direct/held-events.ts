/** What of a stream is ready to go out: held back until somebody takes it, handed on from then on, and its end told once. */
import type { StreamEnd } from '../../dispatch/watched.ts';
import type { BodyTaker } from './passing.ts';

/** More preamble than this is handed on: it must not fill the memory. */
const LONGEST_PREAMBLE = { events: 1_000, bytes: 8 * 1_048_576 };

/** The way out of one stream. */
export class HeldEvents {
  #held: Buffer[] = [];
  #taker: BodyTaker | undefined;
  #end: { readonly end: StreamEnd; readonly words: Uint8Array | undefined } | undefined;
  #events = 0;
  #bytes = 0;

  /** It has ended. */
  get over(): boolean {
    return this.#end !== undefined;
  }

  /** Somebody takes it. */
  get taken(): boolean {
    return this.#taker !== undefined;
  }

  /** More than this is not to wait. */
  get full(): boolean {
    return this.#events >= LONGEST_PREAMBLE.events || this.#bytes >= LONGEST_PREAMBLE.bytes;
  }

  /** What waits, as one. */
  get waiting(): Buffer {
    return Buffer.concat(this.#held);
  }

  /** It goes to `taker`, what waited first. @returns false when that is slow. */
  to(taker: BodyTaker): boolean {
    const held = this.#held;
    this.#taker = taker;
    this.#held = [];
    const [first] = held;
    const free = !first || taker.take(held.length === 1 ? first : Buffer.concat(held), this.#events);
    if (this.#end) taker.over(this.#end.end, this.#end.words);
    return free;
  }

  /** More is ready. @returns false when whoever takes it is slow. */
  hand(bytes: Buffer, events: number): boolean {
    if (this.#taker) return this.#taker.take(bytes, events);
    this.#held.push(bytes);
    this.#events += events;
    this.#bytes += bytes.length;
    return true;
  }

  /** Nothing more comes. */
  finish(end: StreamEnd, words: Uint8Array | undefined): void {
    if (this.#end) return;
    this.#end = { end, words };
    this.#taker?.over(end, words);
  }
}
