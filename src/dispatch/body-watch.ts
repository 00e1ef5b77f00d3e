/**
 * Watches a stream from its first event to its end: holds back the preamble while the call may still move, never lets a
 * stream that just stops look like one that ended, bounds silence, and tells once how it went.
 */
import { StreamProgress } from '../call/stream-progress.ts';
import { isBadReply } from '../errors.ts';
import { inTurn } from './in-turn.ts';
import { Patience } from './patience.ts';
import type { EventSource, StreamEnd, Taker, Watched } from './watched.ts';

/** More preamble than this is handed on: it must not fill the memory. */
const LONGEST_PREAMBLE = { events: 1_000, bytes: 8 * 1_048_576 };
const nothing = () => undefined;
const over = { value: undefined, done: true } as const;

/** The watch over one stream's events. */
export class BodyWatch<Item> implements Taker<Item> {
  readonly #source: EventSource<Item>;
  readonly #watched: Watched;
  readonly #progress: StreamProgress;
  #held: Item[] = [];
  /** Nothing was handed out yet: what fails now is for whoever called to judge. */
  #opening = false;
  #ended = false;
  #sourceDone = false;
  /** Somebody waits for an event. */
  #pulling = false;
  #resolve: (result: IteratorResult<Item>) => void = nothing;
  #reject: (error: unknown) => void = nothing;
  readonly #patience: Patience;

  constructor(source: EventSource<Item>, watched: Watched) {
    this.#source = source;
    this.#watched = watched;
    this.#progress = new StreamProgress(watched.kind, watched.answers);
    this.#patience = new Patience(
      watched,
      () => this.#progress.over,
      (error) => {
        if (this.#answered()) this.#gaveUp(error, true);
      },
    );
  }

  /** Reads up to the first content. @param hold false = hand out from the first event on. @throws when the stream fails before that. */
  async untilContent(hold: boolean): Promise<void> {
    this.#opening = true;
    try {
      while (hold && !this.#progress.said && !this.#heldEnough()) {
        // Until then the loop's own clocks bound it: a model may think for minutes.
        const { value, done } = await this.#pull();
        if (done) break;
        this.#held.push(value);
      }
      if (!this.#progress.said) this.#patience.untilBegun(this.#watched.timeLeft());
      this.#opening = false;
    } catch (error) {
      this.#ended = true;
      this.#watched.stop();
      throw error;
    }
  }

  #heldEnough(): boolean {
    return this.#held.length >= LONGEST_PREAMBLE.events || this.#watched.bytesRead() >= LONGEST_PREAMBLE.bytes;
  }

  /** The events for the caller: what was held back, then the rest. Iterable itself, as a generator is. */
  iterator(): AsyncIterableIterator<Item> {
    const iterator: AsyncIterableIterator<Item> = {
      next: inTurn(
        () => this.#pulling,
        () => this.#next(),
      ),
      return: async () => {
        this.#endAsItIs();
        this.#held = [];
        if (!this.#sourceDone) {
          // A source ends only after the event it waits for, which may never come.
          this.#watched.stop();
          await this.#source.leave();
        }
        this.#sourceDone = true;
        return over;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
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

  came(event: Item): void {
    if (!this.#answered()) return;
    try {
      this.#note(event);
      this.#resolve({ value: event, done: false });
    } catch (error) {
      this.#failed(error);
    }
  }

  ended(): void {
    if (!this.#answered()) return;
    if (!this.#watched.aborted()) this.#progress.ended(this.#watched.sawDone());
    this.#finished(this.#opening ? 'before its first content' : 'before its end');
  }

  broke(error: unknown): void {
    if (!this.#answered()) return;
    const shown = this.#watched.translate(error);
    this.#gaveUp(shown, isBadReply(shown));
  }

  #next(): Promise<IteratorResult<Item>> {
    const held = this.#held.shift();
    if (held !== undefined) return Promise.resolve({ value: held, done: false });
    if (!this.#sourceDone) return this.#pull();
    this.#endAsItIs();
    return Promise.resolve(over);
  }

  /** The next event of the source; what its reader does in between costs no time. */
  #pull(): Promise<IteratorResult<Item>> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#pulling = true;
      if (!this.#opening) this.#patience.asked();
      this.#source.pull(this);
    });
  }

  /** The source has answered. @returns false when nobody waits any more. */
  #answered(): boolean {
    const waited = this.#pulling;
    this.#pulling = false;
    this.#patience.answered();
    return waited;
  }

  #note(event: Item): void {
    const { said } = this.#progress;
    if (this.#progress.note(event) === 'bad') throw this.#watched.failureIn(event);
    if (this.#progress.said || this.#watched.begins === 'with any event') this.#patience.begun();
    if (this.#progress.said && !said) this.#watched.onContent();
    this.#watched.onEvent(event);
  }

  /** @param broke the transfer; once the answer is whole, nothing that breaks is an error. */
  #gaveUp(error: unknown, broke: boolean): void {
    if (!broke || !this.#progress.complete) return void this.#failed(error);
    this.#watched.stop();
    this.#finished('');
  }

  /** The source ended. An error when it had not said everything, unless somebody aborted it. @param where in words. */
  #finished(where: string): void {
    if (!this.#progress.complete && !this.#watched.aborted()) return void this.#failed(this.#watched.cutShort(where));
    this.#sourceDone = true;
    if (!this.#opening) this.#endAsItIs();
    this.#resolve(over);
  }

  #failed(error: unknown): void {
    this.#sourceDone = true;
    if (!this.#opening) {
      this.#end(this.#patience.late ? { is: 'failed', error, late: true } : { is: 'failed', error });
      // An event may say that it is over while the server keeps the connection.
      this.#watched.stop();
    }
    this.#reject(error);
  }

  #endAsItIs(): void {
    this.#end(this.#progress.complete ? { is: 'complete' } : { is: 'left', said: this.#progress.said });
  }

  #end(end: StreamEnd): void {
    this.#patience.stop();
    if (this.#ended) return;
    this.#ended = true;
    this.#watched.onEnd(end);
  }
}
