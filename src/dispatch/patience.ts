/**
 * Bounds how long somebody waits for the events of a stream: silence, and the time until the answer begins.
 * Why one timer that is set again when it looked, not one for each event: nearly always something came, and when it came is
 * noted anyway.
 */
import { duration } from '../call/describe.ts';
import { timeoutError } from '../errors.ts';
import type { Watched } from './watched.ts';

/** How long a server may take to end a stream that is over, in ms. */
const LAST_BREATH = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

/** The patience of one stream's reader. What he does between two events costs no time. */
export class Patience {
  readonly #watched: Pick<Watched, 'clock' | 'idleTimeout' | 'lastByteAt'>;
  readonly #over: () => boolean;
  readonly #end: (error: unknown) => void;
  /** Time left for the answer to begin, in ms; `undefined` when that is no question. */
  #left: number | undefined;
  #waits = false;
  #asked = 0;
  /** When the timer looks. */
  #at = NEVER;
  #cancel: (() => void) | undefined;

  /** @param over true when all was said, and nothing that anybody waits for follows. @param end told when it is at an end. */
  constructor(
    watched: Pick<Watched, 'clock' | 'idleTimeout' | 'lastByteAt'>,
    over: () => boolean,
    end: (error: unknown) => void,
  ) {
    this.#watched = watched;
    this.#over = over;
    this.#end = end;
  }

  /** The answer has to begin within so much waiting, in ms. */
  untilBegun(ms: number): void {
    this.#left = Math.max(1, ms);
  }

  /** The answer has begun. */
  begun(): void {
    this.#left = undefined;
  }

  /** True when the answer did not begin in time. */
  get late(): boolean {
    return this.#left === 0;
  }

  /** Somebody waits for an event. */
  asked(): void {
    this.#waits = true;
    this.#asked = this.#watched.clock.now();
    this.#lookBy(this.#asked + Math.min(this.#most, this.#left ?? NEVER), this.#asked);
  }

  /** Nobody does any more. */
  answered(): void {
    if (this.#waits && this.#left) this.#left = Math.max(1, this.#left - (this.#watched.clock.now() - this.#asked));
    this.#waits = false;
  }

  /** Nobody ever will. */
  stop(): void {
    this.#waits = false;
    this.#cancel?.();
    this.#at = NEVER;
  }

  get #most(): number {
    const { idleTimeout } = this.#watched;
    return this.#over() ? Math.min(idleTimeout, LAST_BREATH) : idleTimeout;
  }

  #lookBy(time: number, now: number): void {
    if (time >= this.#at) return;
    this.#cancel?.();
    this.#at = time;
    // What keeps the process alive is the connection, not the look at it.
    this.#cancel = this.#watched.clock.after(time - now, () => this.#look(), false);
  }

  #look(): void {
    this.#at = NEVER;
    if (!this.#waits) return;
    const { clock, idleTimeout, lastByteAt } = this.#watched;
    const now = clock.now();
    const left = this.#most - (now - (this.#over() ? this.#asked : Math.max(this.#asked, lastByteAt())));
    const late = this.#asked + (this.#left ?? NEVER) - now;
    if (left > 0 && late > 0) {
      this.#lookBy(now + Math.min(left, late), now);
      return;
    }
    this.#waits = false;
    if (late <= 0) this.#left = 0;
    const silent = `The stream was silent for ${duration(idleTimeout)} and was given up.`;
    this.#end(this.late ? timeoutError() : timeoutError(silent));
  }
}
