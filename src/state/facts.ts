/** Facts in memory: texts under keys, each for its time. Bounded: beyond the bound those written longest ago go first. */
import type { Clock } from '../clock.ts';

/** Keys kept at most. */
const LIMIT = 200_000;

/** What is kept under a key. */
export interface Fact {
  readonly value: string;
  /** Monotonic time in ms when it is gone. */
  readonly until: number;
  /** Of two facts under one key the one with the greater version was written later. */
  readonly version: number;
}

/** The facts of one store, in the order in which they were written. */
export class Facts {
  readonly #clock: Clock;
  readonly #letters: number;
  readonly #kept = new Map<string, Fact>();
  #length = 0;

  /** @param letters so many letters of keys and values are kept at most. @default no bound but that of the keys */
  constructor(clock: Clock, letters = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#letters = letters;
  }

  get(key: string): Fact | undefined {
    const kept = this.#kept.get(key);
    if (!kept || this.#clock.now() < kept.until) return kept;
    this.#delete(key, kept);
    return undefined;
  }

  put(key: string, value: string, until: number, version = 0): void {
    const before = this.#kept.get(key);
    if (before) this.#delete(key, before);
    this.#kept.set(key, { value, until, version });
    this.#length += key.length + value.length;
    for (const [oldest, kept] of this.#kept) {
      const fits = this.#kept.size <= LIMIT && this.#length <= this.#letters;
      if (fits && this.#clock.now() < kept.until) break;
      this.#delete(oldest, kept);
    }
  }

  /** Everything, oldest first; what is written meanwhile comes at the end. */
  [Symbol.iterator](): IterableIterator<[string, Fact]> {
    return this.#kept[Symbol.iterator]();
  }

  #delete(key: string, kept: Fact): void {
    this.#kept.delete(key);
    this.#length -= key.length + kept.value.length;
  }
}
