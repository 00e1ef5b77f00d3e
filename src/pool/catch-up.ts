/**
 * What is read and told by those who could not hear, or not be heard: at the start, after the store was away, and where clients
 * come and go. Why not all of it at each start: with a client for each call, each of them would read all records again.
 */
import type { Clock } from '../clock.ts';
import { idOf, type Place } from './places.ts';

/** What was read within this time is not read at once by whoever begins to listen, but after it, in ms. */
const FRESH = 5_000;
/** Endpoints that nobody has any more, remembered as read. */
const SPARE = 100;
/** Once the store is back, what it did not take is told after so many ms and up to so many more, at random: all find out at once. */
const [LATER, SPREAD] = [250, 1_000];

/** What it needs. */
export interface CatchUpParts {
  readonly clock: Clock;
  /** The places of this process, one for each name, address and account. */
  readonly places: () => readonly Place[];
  /** Reads their records in the background. */
  readonly read: (places: readonly Place[]) => void;
  /** Tells what the store did not take. */
  readonly tellAgain: () => void;
}

/** Who was read and who was not, for one store. */
export class CatchUp {
  /** When the record of each place was read. */
  readonly #readAt = new Map<string, number>();
  readonly #parts: CatchUpParts;
  #cancelReading: (() => void) | undefined;
  #cancelTelling: (() => void) | undefined;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /** There may be places that were not read: reads them. */
  refresh(): void {
    const { clock, places, read } = this.#parts;
    const [now, all] = [clock.now(), places()];
    const unread = all.filter((place) => !this.#readAt.has(idOf(place)));
    for (const place of unread) this.#readAt.set(idOf(place), now);
    for (const key of this.#readAt.keys()) {
      if (this.#readAt.size <= 2 * all.length + SPARE) break;
      this.#readAt.delete(key);
    }
    // Whoever builds a client goes first.
    if (unread.length > 0) queueMicrotask(() => read(unread));
  }

  /** Nobody here has that place: what is told of it is missed. */
  missed(place: Parameters<typeof idOf>[0]): void {
    this.#readAt.delete(idOf(place));
  }

  /** Somebody begins to listen where nobody did: what was told meanwhile stands in the records. */
  resume(): void {
    const { clock } = this.#parts;
    const old = clock.now() - FRESH;
    for (const [key, at] of this.#readAt) if (at <= old) this.#readAt.delete(key);
    this.#cancelReading?.();
    const later = () => {
      this.#readAt.clear();
      this.refresh();
    };
    this.#cancelReading = this.#readAt.size > 0 ? clock.after(FRESH, later, false) : undefined;
  }

  /** The store is back: what was told meanwhile was missed, and what was kept may be lost. */
  recovered(): void {
    const { clock, places, read, tellAgain } = this.#parts;
    read(places());
    const later = () => {
      this.#cancelTelling = undefined;
      tellAgain();
    };
    this.#cancelTelling ??= clock.after(LATER + SPREAD * clock.random(), later, false);
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#cancelReading?.();
    this.#cancelTelling?.();
    this.#cancelReading = undefined;
    this.#cancelTelling = undefined;
  }
}
