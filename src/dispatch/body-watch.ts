/**
 * Watches a stream from its first event to its end: holds back the preamble while the call may still move, never lets a
 * stream that just stops look like one that ended, bounds silence, and tells once how it went.
 */
import { duration } from '../call/describe.ts';
import type { StreamKind } from '../call/operations.ts';
import { type EventMeaning, meaningOf } from '../call/stream-events.ts';
import type { Clock } from '../clock.ts';
import { badReplyError, timeoutError } from '../errors.ts';

/** How a stream that was handed out ended. */
export type StreamEnd =
  | { readonly is: 'complete' }
  /** The consumer stopped, aborted or dropped it; `said`: after content had come. */
  | { readonly is: 'left'; readonly said: boolean }
  | { readonly is: 'failed'; readonly error: unknown };

/** What the watch needs to know of the stream. */
export interface Watched {
  readonly kind: StreamKind;
  readonly clock: Clock;
  /** Longest silence between events while somebody waits for one, in ms. */
  readonly idleTimeout: number;
  /** True once somebody aborted the request: then the SDK ends the iteration without an error, and so does the watch. */
  readonly aborted: () => boolean;
  /** True when the bytes of the stream ended with `[DONE]`. */
  readonly sawDone: () => boolean;
  /** Monotonic time of the last byte that was more than a comment; comments alone count for 15 min in all. */
  readonly lastByteAt: () => number;
  /** Stops the request. */
  readonly stop: () => void;
  /** Turns what the transfer threw into what the caller shall see. */
  readonly translate: (error: unknown) => unknown;
  /** The error that an event stands for. */
  readonly failureIn: (event: unknown) => unknown;
  readonly onEvent: (event: unknown) => void;
  /** The first content came. */
  readonly onContent: () => void;
  readonly onEnd: (end: StreamEnd) => void;
}

/** More preamble than this is handed on: it must not fill the memory. */
const LONGEST_PREAMBLE = 1_000;

/** The watch over one stream's events. */
export class BodyWatch<Item> {
  readonly #source: AsyncIterator<Item>;
  readonly #watched: Watched;
  readonly #held: Item[] = [];
  #ended = false;
  #sourceDone = false;
  #complete = false;
  #said = false;
  #pulling = false;

  constructor(source: AsyncIterator<Item>, watched: Watched) {
    this.#source = source;
    this.#watched = watched;
  }

  /** Reads up to the first content. @param hold false = hand out from the first event on. @throws when the stream fails before that. */
  async untilContent(hold: boolean): Promise<void> {
    try {
      for (
        let meaning: EventMeaning = 'preamble';
        hold && meaning === 'preamble' && this.#held.length < LONGEST_PREAMBLE;
      ) {
        // Until then the loop's own clocks bound it: a model may think for minutes.
        const { value, done } = await this.#pull(false);
        if (done) {
          if (!this.#complete && !this.#watched.aborted()) throw this.#tooShort('before its first content');
          this.#sourceDone = true;
          return;
        }
        meaning = this.#note(value);
        this.#held.push(value);
      }
    } catch (error) {
      // Nothing was handed out: whoever called judges it.
      this.#ended = true;
      this.#watched.stop();
      throw error;
    }
  }

  /** The events for the caller: what was held back, then the rest. */
  iterator(): AsyncIterator<Item> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#end(this.#complete ? { is: 'complete' } : { is: 'left', said: this.#said });
        this.#held.length = 0;
        if (!this.#sourceDone) await this.#source.return?.();
        this.#sourceDone = true;
        return { value: undefined, done: true };
      },
    };
  }

  /** Somebody aborted the request while nobody waited for an event; otherwise the iteration tells. */
  aborted(): void {
    if (!this.#pulling) this.#end(this.#complete ? { is: 'complete' } : { is: 'left', said: this.#said });
  }

  /** The stream was dropped without being read to its end. */
  dropped(): void {
    if (this.#ended) return;
    this.#end({ is: 'left', said: this.#said });
    this.#watched.stop();
  }

  async #next(): Promise<IteratorResult<Item>> {
    const held = this.#held.shift();
    if (held !== undefined) return { value: held, done: false };
    if (this.#sourceDone) {
      this.#end(this.#complete ? { is: 'complete' } : { is: 'left', said: this.#said });
      return { value: undefined, done: true };
    }
    let result: IteratorResult<Item>;
    try {
      result = await this.#pull(true);
      if (!result.done) this.#note(result.value);
      else if (!this.#complete && !this.#watched.aborted()) throw this.#tooShort('before its end');
    } catch (error) {
      this.#sourceDone = true;
      this.#end({ is: 'failed', error });
      // An event may say that it is over while the server keeps the connection.
      this.#watched.stop();
      throw error;
    }
    if (result.done) {
      this.#sourceDone = true;
      this.#end(this.#complete ? { is: 'complete' } : { is: 'left', said: this.#said });
    }
    return result;
  }

  /** The next event of the source, within the bound on silence. */
  #pull(bounded: boolean): Promise<IteratorResult<Item>> {
    const { clock, idleTimeout, lastByteAt, translate } = this.#watched;
    this.#pulling = true;
    return new Promise((resolve, reject) => {
      const asked = clock.now();
      let cancel: () => void = () => undefined;
      const look = () => {
        const quiet = clock.now() - Math.max(asked, lastByteAt());
        if (quiet < idleTimeout) {
          cancel = clock.after(idleTimeout - quiet, look);
          return;
        }
        const error = timeoutError(`The stream was silent for ${duration(idleTimeout)} and was given up.`);
        this.#sourceDone = true;
        reject(error);
      };
      if (bounded) cancel = clock.after(idleTimeout, look);
      this.#source.next().then(
        (result) => {
          this.#pulling = false;
          cancel();
          if (result.done && !this.#complete) this.#complete = this.#endsWell();
          resolve(result);
        },
        (error: unknown) => {
          this.#pulling = false;
          cancel();
          reject(translate(error));
        },
      );
    });
  }

  /** Whether the source's end is one without an event that says so: `[DONE]` after an answer, or a stream that needs no marker. */
  #endsWell(): boolean {
    const { kind, aborted, sawDone } = this.#watched;
    if (aborted()) return false;
    return kind === 'other' || (sawDone() && (this.#said || kind === 'media'));
  }

  #note(event: Item): EventMeaning {
    const meaning = meaningOf(this.#watched.kind, event);
    if (meaning === 'bad') throw this.#watched.failureIn(event);
    if (meaning === 'end') this.#complete = true;
    if (meaning !== 'preamble' && !this.#said) {
      this.#said = true;
      this.#watched.onContent();
    }
    this.#watched.onEvent(event);
    return meaning;
  }

  #tooShort(where: string): Error {
    return badReplyError(`The stream ended ${where}.`);
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watched.onEnd(end);
  }
}
