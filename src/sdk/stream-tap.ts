/** A look at a stream's bytes while the SDK reads them: whether it is alive, and how it ended. */
import type { Clock } from '../clock.ts';
import { readThrough } from './read-through.ts';

/** What the bytes of a stream showed. */
export interface StreamTap {
  /** The text of a body that is a JSON object and no stream, as far as it came. */
  object(): string | undefined;
  sawDone(): boolean;
  lastByteAt(): number;
}

/** Comments alone keep a stream alive for at most this long, in ms. */
const COMMENTS_ALONE = 900_000;
const COLON = 58;

const DONE = /[\r\n]data: ?\[DONE\]/;
const [BRACKET, NEWLINE, RETURN, BRACE] = [93, 10, 13, 123];
/** Larger than any error object, in bytes. */
const LARGEST_OBJECT = 1_048_576;
/** Longer than the end marker with its line ends. */
const MARKER = 32;

/** The end of what was read, across two reads at least: the marker may be cut anywhere. A stream begins as after a line end. */
class Tail {
  #before: Uint8Array = new Uint8Array();
  #last: Uint8Array = Uint8Array.of(NEWLINE);

  add(chunk: Uint8Array): void {
    this.#before = this.#last.length < MARKER ? this.#joined().slice(-MARKER) : this.#last.subarray(-MARKER);
    this.#last = chunk;
  }

  /** Whether a line `data: [DONE]` came last, keep-alives after it aside. */
  get sawDone(): boolean {
    return DONE.test(new TextDecoder().decode(this.#joined()));
  }

  /** True when the last thing read is that event, with its blank line: a reader who looks for it needs that too. Cheap: most reads end otherwise. */
  get endsWithDone(): boolean {
    const last = this.#last;
    let end = last.length;
    while (end > 0 && (last[end - 1] === NEWLINE || last[end - 1] === RETURN)) end -= 1;
    if (end === last.length || (end > 0 && last[end - 1] !== BRACKET)) return false;
    return /[\r\n]data: ?\[DONE\](?:\r\n|\n|\r(?!\n)){2,}$/.test(
      new TextDecoder().decode(this.#joined().subarray(-MARKER)),
    );
  }

  #joined(): Uint8Array {
    return Buffer.concat([this.#before, this.#last]);
  }
}

/** Looks at a stream's bytes as the SDK reads them: when something came, and whether it ended with `[DONE]`. */
export function tapStream(response: Response, clock: Clock): StreamTap {
  const tail = new Tail();
  let object: string | undefined;
  const decoder = new TextDecoder();
  let begun = false;
  let eventAt = clock.now();
  let byteAt = eventAt;
  const note = (chunk: Uint8Array) => {
    tail.add(chunk);
    // No line of a stream begins like that.
    if (!begun && chunk[0] === BRACE) object = '';
    begun = true;
    if (object !== undefined && object.length < LARGEST_OBJECT) object += decoder.decode(chunk, { stream: true });
    const now = clock.now();
    if (chunk[0] !== COLON) eventAt = now;
    if (now - eventAt < COMMENTS_ALONE) byteAt = now;
  };
  readThrough(response, (reader) => () => {
    if (tail.endsWithDone) {
      // The stream is over, whatever the server does with its connection; older SDKs would wait for it.
      void reader.cancel().catch(() => undefined);
      return Promise.resolve({ done: true as const, value: undefined });
    }
    return reader.read().then((result) => {
      if (result.value) note(result.value);
      return result;
    });
  });
  return {
    object: () => object,
    sawDone: () => tail.sawDone,
    lastByteAt: () => byteAt,
  };
}
