/** What is noted of a stream's bytes as they arrive: when, how many, and whether they are a stream at all. */
import type { Clock } from '../clock.ts';

/** Comments alone keep a stream alive for at most this long, in ms. */
const COMMENTS_ALONE = 900_000;
const [COLON, BRACE] = [58, 123];
/** Larger than any error object, in bytes. */
const LARGEST_OBJECT = 1_048_576;

/** The arrivals of one stream. */
export class Arrivals {
  readonly clock: Clock;
  #eventAt: number;
  #text: InstanceType<typeof TextDecoder> | undefined;
  /** Monotonic time of the last byte that was more than a comment; comments alone count for 15 min in all. */
  lastByteAt: number;
  /** How much came so far. */
  bytes = 0;
  /** The text of a body that is a JSON object and no stream, as far as it came. */
  object: string | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.lastByteAt = this.#eventAt = clock.now();
  }

  /** More came. */
  note(chunk: Uint8Array): void {
    const now = this.clock.now();
    if (chunk[0] !== COLON) this.#eventAt = now;
    if (now - this.#eventAt < COMMENTS_ALONE) this.lastByteAt = now;
    // No line of a stream begins like that.
    if (this.bytes === 0 && chunk[0] === BRACE) this.#text = new TextDecoder();
    this.bytes += chunk.byteLength;
    if (!this.#text) return;
    this.object = (this.object ?? '') + this.#text.decode(chunk, { stream: true });
    if (this.object.length >= LARGEST_OBJECT) this.#text = undefined;
  }
}
