/**
 * Facts on their way into a store: the last value of each key, written soon, a bounded number of them and a few at one time.
 * While the store fails they wait, and one of them finds out whether that is over.
 */
import type { Clock } from '../clock.ts';
import type { SharedStore } from './shared-store.ts';
import type { StoreHealth, StoreKind } from './store-health.ts';

/** Nobody waits for a write, but one that hangs must not hold up the others for ever. Ms. */
export const WRITE_WITHIN = 2_000;
/** Longest wait of `close()` for facts to be written, in ms. */
const FLUSH_WITHIN = 2_000;
/** Facts that wait to be written; beyond them the oldest is given up. */
const WAITING = 10_000;
/** Writes out at one time. */
export const LANES = 64;

interface Fact {
  readonly value: string;
  readonly ttl: number;
}

/** What the queue is given. */
export interface QueueParts {
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly health: StoreHealth;
  /** Does one operation, if the store may be asked. @returns whether it was answered as it should */
  readonly attempt: (kind: StoreKind, ms: number, work: () => Promise<unknown>) => Promise<boolean>;
}

/** The facts that one store is still to be told. */
export class FactQueue {
  /** Facts that are not written yet, oldest first, those on their way included. */
  readonly #waiting = new Map<string, Fact>();
  readonly #writing = new Set<string>();
  readonly #flushes = new Set<() => void>();
  readonly #parts: QueueParts;
  /** Whether it will write in this turn of the event loop, and whether in the next. */
  #dueNow = false;
  #dueNext = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Whether nothing is to be written. */
  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** What is not written yet under a key. */
  get(key: string): string | undefined {
    return this.#waiting.get(key)?.value;
  }

  /** One more fact. */
  put(key: string, value: string, ttl: number): void {
    this.#waiting.set(key, { value, ttl });
    if (this.#waiting.size > WAITING) this.#giveUpOldest();
    this.soon();
  }

  /** Resolves when everything is written, or when it cannot be. */
  flush(): Promise<void> {
    if (this.empty) return Promise.resolve();
    this.#parts.health.hurry();
    this.pump();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#flushes.delete(done);
        resolve();
      };
      const cancel = this.#parts.clock.after(FLUSH_WITHIN, done);
      this.#flushes.add(done);
    });
  }

  /**
   * Writes once the caller is done. Why not with the next turn of the event loop where that is due anyway: whoever is told of
   * something that was made asks for it at once, maybe in another process.
   */
  soon(): void {
    if (this.#dueNow) return;
    this.#dueNow = true;
    queueMicrotask(() => {
      this.#dueNow = false;
      this.pump();
    });
  }

  /** Writes in the next turn of the event loop: a store that answers at once would else keep everybody waiting until all is written. */
  #later(): void {
    if (this.#dueNext) return;
    this.#dueNext = true;
    setImmediate(() => {
      this.#dueNext = false;
      this.pump();
    });
  }

  /** Writes what may be written now. */
  pump(): void {
    const { health } = this.#parts;
    if (this.empty || health.fails('read')) return;
    for (const [key, fact] of this.#waiting) {
      if (this.#writing.size >= LANES) return;
      if (this.#writing.has(key)) continue;
      // While writing fails, one is enough to find out.
      if (health.pause('write') > 0) return;
      void this.#write(key, fact);
    }
  }

  async #write(key: string, fact: Fact): Promise<void> {
    this.#writing.add(key);
    const { value, ttl } = fact;
    const { store, attempt } = this.#parts;
    const written = await attempt('write', WRITE_WITHIN, async () => store.set(key, value, ttl));
    this.#writing.delete(key);
    // Meanwhile another value may have come in its place.
    if (written && this.#waiting.get(key) === fact) this.#waiting.delete(key);
    this.endFlushes();
    if (written) this.#later();
  }

  /** Whoever waits for the facts to be written: they are, or the last try has failed. */
  endFlushes(): void {
    if (this.#flushes.size === 0) return;
    const { health } = this.#parts;
    const failed = (health.fails('read') || health.fails('write')) && this.#writing.size === 0;
    if (this.empty || failed) for (const done of this.#flushes) done();
  }

  #giveUpOldest(): void {
    for (const key of this.#waiting.keys()) {
      if (this.#writing.has(key)) continue;
      this.#waiting.delete(key);
      this.#parts.health.lost(1);
      return;
    }
  }
}
