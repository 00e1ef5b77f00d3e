/**
 * Watches a stream from its first event to its end: holds back the preamble while the call may still move, never lets a
 * stream that just stops look like one that ended, bounds silence, and tells once how it went.
 */
import { duration } from '../call/describe.ts';
import type { EventMeaning } from '../call/stream-events.ts';
import { StreamProgress } from '../call/stream-progress.ts';
import { isBadReply, timeoutError } from '../errors.ts';
import type { StreamEnd, Watched } from './watched.ts';

/** More preamble than this is handed on: it must not fill the memory. */
const LONGEST_PREAMBLE = { events: 1_000, bytes: 8 * 1_048_576 };
/** How long a server may take to end a stream that is over, in ms. */
const LAST_BREATH = 1_000;

/** The watch over one stream's events. */
export class BodyWatch<Item> {
  readonly #source: AsyncIterator<Item>;
  readonly #watched: Watched;
  readonly #progress: StreamProgress;
  readonly #held: Item[] = [];
  #ended = false;
  #sourceDone = false;
  #pulling = false;
  /** Time left for the answer to begin, in ms; `undefined` when that is no question. */
  #left: number | undefined;

  constructor(source: AsyncIterator<Item>, watched: Watched) {
    this.#source = source;
    this.#watched = watched;
    this.#progress = new StreamProgress(watched.kind, watched.answers);
  }

  /** Reads up to the first content. @param hold false = hand out from the first event on. @throws when the stream fails before that. */
  async untilContent(hold: boolean): Promise<void> {
    try {
      let meaning: EventMeaning = 'preamble';
      while (hold && meaning === 'preamble' && !this.#heldEnough()) {
        // Until then the loop's own clocks bound it: a model may think for minutes.
        const { value, done } = await this.#pull(false);
        if (done) {
          this.#mindEnd('before its first content');
          return;
        }
        meaning = this.#note(value);
        this.#held.push(value);
      }
      if (!this.#progress.said) this.#left = Math.max(1, this.#watched.timeLeft());
    } catch (error) {
      // Nothing was handed out: whoever called judges it.
      this.#ended = true;
      this.#watched.stop();
      throw error;
    }
  }

  #heldEnough(): boolean {
    return this.#held.length >= LONGEST_PREAMBLE.events || this.#watched.bytesRead() >= LONGEST_PREAMBLE.bytes;
  }

  /** The events for the caller: what was held back, then the rest. */
  iterator(): AsyncIterator<Item> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#endAsItIs();
        this.#held.length = 0;
        // A source ends only after the event it waits for, which may never come.
        if (this.#pulling) this.#watched.stop();
        if (!this.#sourceDone) await this.#source.return?.();
        this.#sourceDone = true;
        return { value: undefined, done: true };
      },
    };
  }

  /** All was said: nobody's abort takes anything away from it. */
  get complete(): boolean {
    return this.#progress.complete;
  }

  /** Somebody aborted the request while nobody waited for an event; otherwise the iteration tells. */
  aborted(): void {
    if (!this.#pulling) this.#endAsItIs();
  }

  /** The stream was dropped without being read to its end. */
  dropped(): void {
    if (this.#ended) return;
    this.#end({ is: 'left', said: this.#progress.said });
    this.#watched.stop();
  }

  async #next(): Promise<IteratorResult<Item>> {
    const held = this.#held.shift();
    if (held !== undefined) return { value: held, done: false };
    if (this.#sourceDone) {
      this.#endAsItIs();
      return { value: undefined, done: true };
    }
    let result: IteratorResult<Item>;
    try {
      result = await this.#pull(true);
      if (result.done) this.#mindEnd('before its end');
      else this.#note(result.value);
    } catch (error) {
      this.#sourceDone = true;
      this.#end(this.#left === 0 ? { is: 'failed', error, late: true } : { is: 'failed', error });
      // An event may say that it is over while the server keeps the connection.
      this.#watched.stop();
      throw error;
    }
    if (result.done) this.#endAsItIs();
    return result;
  }

  /**
   * The next event of the source, within the bounds on silence and on the answer's beginning; what the reader does in between
   * costs no time. Once the answer is whole, nothing that breaks is an error.
   */
  #pull(bounded: boolean): Promise<IteratorResult<Item>> {
    const { clock, lastByteAt, translate, idleTimeout, stop } = this.#watched;
    const { over } = this.#progress;
    const patience = over ? Math.min(idleTimeout, LAST_BREATH) : idleTimeout;
    this.#pulling = true;
    return new Promise((resolve, reject) => {
      const asked = clock.now();
      const left = this.#left ?? Number.POSITIVE_INFINITY;
      let cancel: () => void = () => undefined;
      const fail = (error: unknown, broke: boolean) => {
        this.#sourceDone = true;
        if (!broke || !this.#progress.complete) return reject(error);
        stop();
        resolve({ value: undefined, done: true });
      };
      const look = () => {
        const now = clock.now();
        const quiet = now - (over ? asked : Math.max(asked, lastByteAt()));
        const late = asked + left - now;
        if (quiet < patience && late > 0) cancel = clock.after(Math.min(patience - quiet, late), look);
        else if (late > 0)
          fail(timeoutError(`The stream was silent for ${duration(idleTimeout)} and was given up.`), true);
        else {
          this.#left = 0;
          fail(timeoutError(), true);
        }
      };
      if (bounded) cancel = clock.after(Math.min(patience, left), look);
      const came = () => {
        this.#pulling = false;
        cancel();
        if (this.#left) this.#left = Math.max(1, left - (clock.now() - asked));
      };
      this.#source.next().then(
        (result) => {
          came();
          if (result.done && !this.#watched.aborted()) this.#progress.ended(this.#watched.sawDone());
          resolve(result);
        },
        (error: unknown) => {
          came();
          const shown = translate(error);
          fail(shown, isBadReply(shown));
        },
      );
    });
  }

  #note(event: Item): EventMeaning {
    const { said } = this.#progress;
    const meaning = this.#progress.note(event);
    if (meaning === 'bad') throw this.#watched.failureIn(event);
    if (this.#progress.said || this.#watched.begins === 'with any event') this.#left = undefined;
    if (this.#progress.said && !said) this.#watched.onContent();
    this.#watched.onEvent(event);
    return meaning;
  }

  /** The source ended. @throws when it had not said everything, unless somebody aborted it. */
  #mindEnd(where: string): void {
    this.#sourceDone = true;
    if (!this.#progress.complete && !this.#watched.aborted()) throw this.#watched.cutShort(where);
  }

  #endAsItIs(): void {
    this.#end(this.#progress.complete ? { is: 'complete' } : { is: 'left', said: this.#progress.said });
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watched.onEnd(end);
  }
}
