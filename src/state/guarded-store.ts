/**
 * A user's store made harmless: whatever it does, a read ends within a moment and never rejects, a write is nobody's wait.
 * One for each store and process, so that what one client finds out about it protects the next, and so that facts still on
 * their way are bounded however many clients there are.
 */
import type { Clock } from '../clock.ts';
import type { SharedStore } from './shared-store.ts';
import { StoreHealth, type StoreKind, type StoreNews } from './store-health.ts';
import { Users } from './users.ts';
import { within } from './within.ts';

/** Longest wait of a call for a fact, in ms: about what it costs to ask the endpoints themselves. */
const READ_WITHIN = 250;
/** Nobody waits for a write, but one that hangs must not hold up the others for ever. Ms. */
const WRITE_WITHIN = 2_000;
/** Longest wait of `close()` for facts to be written, in ms. */
const FLUSH_WITHIN = 2_000;
/** Facts that wait to be written; beyond them the oldest is given up. */
const WAITING = 10_000;
/** Writes out at one time. */
const LANES = 64;
/** No fact is as long as this. */
const LONGEST = 1_000;

interface Fact {
  readonly value: string;
  readonly ttl: number;
}

/** Reads and writes facts of one store. */
export class GuardedStore {
  readonly #store: SharedStore;
  readonly #clock: Clock;
  readonly #health: StoreHealth;
  /** Who hears its news; nobody of them is kept alive by that. */
  readonly users = new Users<(news: StoreNews) => void>();
  /** Facts that are not written yet, oldest first, those on their way included. */
  readonly #waiting = new Map<string, Fact>();
  readonly #writing = new Set<string>();
  readonly #flushes = new Set<() => void>();
  #due = false;
  #cancelProbe: (() => void) | undefined;

  constructor(store: SharedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#health = new StoreHealth(clock, (news) => this.users.tell(news));
  }

  /** What is kept under a key; `undefined` when there is nothing, or nobody who could say so in time. Never rejects. */
  async read(key: string): Promise<string | undefined> {
    const unwritten = this.#waiting.get(key);
    if (unwritten) return unwritten.value;
    let value: string | undefined;
    await this.#try('read', READ_WITHIN, true, async () => {
      const found: unknown = await this.#store.get(key);
      if (found === undefined || found === null) return;
      if (typeof found !== 'string') throw new TypeError(`get() gave ${typeof found} in place of a text`);
      if (found.length > LONGEST) throw new TypeError(`get() gave a text of ${found.length} letters, which nobody set`);
      value = found;
    });
    return value;
  }

  /** Keeps a fact, soon and if it can be; returns at once. */
  write(key: string, value: string, ttl: number): void {
    this.#waiting.set(key, { value, ttl });
    if (this.#waiting.size > WAITING) this.#giveUpOldest();
    this.#soon(queueMicrotask);
  }

  /** Resolves when everything is written, or when it cannot be. */
  flush(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    this.#health.hurry();
    this.#pump();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#flushes.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(FLUSH_WITHIN, done);
      this.#flushes.add(done);
    });
  }

  /** Nobody uses the store any more: lets it be. What could not be written is written when somebody uses it again. */
  rest(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  /** Does one operation, if the store may be asked. @returns whether it was answered as it should */
  async #try(kind: StoreKind, ms: number, keepAlive: boolean, work: () => Promise<unknown>): Promise<boolean> {
    const asked = this.#health.ask(kind);
    if (asked === 'no') return false;
    try {
      await within(this.#clock, ms, keepAlive, work);
    } catch (error) {
      this.#health.failed(kind, error);
      this.#probeLater();
      this.#endFlushes();
      return false;
    }
    this.#health.worked(asked);
    if (asked === 'probe') {
      this.#cancelProbe?.();
      this.#cancelProbe = undefined;
      this.#soon(queueMicrotask);
    }
    return true;
  }

  /** Writes in the turn of the event loop that `when` stands for; the caller goes first. */
  #soon(when: (run: () => void) => void): void {
    if (this.#due) return;
    this.#due = true;
    when(() => {
      this.#due = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#waiting.size === 0) return;
    // While reading fails, a read finds out whether that is over.
    if (this.#health.degradedBy === 'read') {
      const [key = ''] = this.#waiting.keys();
      if (this.#health.pause === 0) void this.#try('read', READ_WITHIN, false, async () => this.#store.get(key));
      else this.#probeLater();
      return;
    }
    for (const [key, fact] of this.#waiting) {
      if (this.#writing.size >= LANES) return;
      if (this.#writing.has(key)) continue;
      // While writing fails, one is enough to find out.
      if (this.#health.degradedBy && this.#health.pause > 0) break;
      void this.#write(key, fact);
    }
    if (this.#health.degradedBy) this.#probeLater();
  }

  async #write(key: string, fact: Fact): Promise<void> {
    this.#writing.add(key);
    const { value, ttl } = fact;
    const written = await this.#try('write', WRITE_WITHIN, false, async () => this.#store.set(key, value, ttl));
    this.#writing.delete(key);
    // Meanwhile another value may have come in its place.
    if (written && this.#waiting.get(key) === fact) this.#waiting.delete(key);
    this.#endFlushes();
    // A store that answers at once would otherwise keep everybody else waiting until all is written.
    if (written) this.#soon(setImmediate);
  }

  /** Whoever waits for the facts to be written: they are, or the last try has failed. */
  #endFlushes(): void {
    const failed = this.#health.degradedBy !== undefined && this.#writing.size === 0;
    if (this.#waiting.size === 0 || failed) for (const done of this.#flushes) done();
  }

  #probeLater(): void {
    if (this.#cancelProbe || this.#waiting.size === 0) return;
    const probe = () => {
      this.#cancelProbe = undefined;
      this.#pump();
    };
    this.#cancelProbe = this.#clock.after(Math.max(1, this.#health.pause), probe, false);
  }

  #giveUpOldest(): void {
    for (const key of this.#waiting.keys()) {
      if (this.#writing.has(key)) continue;
      this.#waiting.delete(key);
      this.#health.lost(1);
      return;
    }
  }
}
