/**
 * The processes that share limits over one store, as each of them knows the others: how many there are, and what time it is for
 * all of them. Why a time of their own: who fills a common bucket by a clock that is ahead leaves nothing to the others, so all
 * follow the one that is furthest; each by its monotonic clock, so a step of the wall clock moves nobody.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';

const CHANNEL = 'lbo:1:quota';
/** How often those in use are looked after, in ms. */
const TICK = 250;
/** How often each tells that it is there, in ms; the more there are, the less often. */
const BEAT = 1_000;
const BEAT_EACH = 20;
/** Who was not heard for so many beats is gone. */
const MISSED = 3.5;
/** Who heard himself so often would have heard others. */
const ECHOES = 3;
/** Beyond it no process has a number of its own. */
const MOST = 10_000;
/** Nobody calls himself by more letters. */
const LONGEST_ID = 64;
/** The last date there is. */
const END_OF_TIME = 8.64e15;

/** Something that is looked after while it is in use. */
export interface InUse {
  /** @returns false once it is not in use any more */
  tick(now: number): boolean;
  /** Everybody has closed: gives back what it holds. */
  giveUp(): Promise<void>;
}

/** What is needed of a store; as `GuardedStore` promises it. */
export interface Counters {
  /** @returns the new total; `undefined` when the store is not well. Never rejects. */
  add(key: string, n: number, ttl: number): Promise<number | undefined>;
  publish(channel: string, message: string): void;
  /** @param listener may be held weakly. @returns what ends it */
  subscribe(channel: string, listener: (message: string) => void): () => void;
}

/** The processes on one store, seen from one of them. */
export class Fleet {
  readonly store: Counters;
  readonly clock: Clock;
  /** What clients of this process share beside the store; it goes with the store. */
  readonly kept = new Map<string, object>();
  readonly #id: string = randomUUID();
  readonly #others = new Map<string, number>();
  readonly #inUse = new Set<InUse>();
  /** Held here, since the store holds it weakly. */
  readonly #listener = (message: string) => this.#hear(message);
  #offset: number;
  #users = 0;
  #echoes = 0;
  #unsubscribe: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(store: Counters, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.#offset = clock.date() - clock.now();
  }

  /** How many processes use limits on this store, as far as they were heard; this one counts in any case. */
  get size(): number {
    return 1 + this.#others.size;
  }

  /** Whether others had the time to be heard. */
  get knowsOthers(): boolean {
    return this.#echoes >= ECHOES;
  }

  /** The time on which all of them agree, in ms since 1970. */
  time(now: number = this.clock.now()): number {
    return now + this.#offset;
  }

  /** A client begins to use it. */
  join(): void {
    this.#users += 1;
    this.#unsubscribe ??= this.store.subscribe(CHANNEL, this.#listener);
  }

  /** A client is closed. Resolves when the last one has given back what this process holds, or cannot. */
  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    await Promise.all([...this.#inUse].map((each) => each.giveUp()));
    if (this.#users > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#inUse.clear();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Looks after somebody from now on, for as long as it is in use. */
  lookAfter(user: InUse): void {
    this.#inUse.add(user);
    if (this.#cancelTick) return;
    this.#beat(this.clock.now());
    this.#arm();
  }

  #arm(): void {
    this.#cancelTick = this.clock.after(TICK, () => this.#tick(), false);
  }

  #tick(): void {
    const now = this.clock.now();
    for (const user of this.#inUse) if (!user.tick(now)) this.#inUse.delete(user);
    // Not before: who is looked after may want to be so again.
    this.#cancelTick = undefined;
    if (this.#inUse.size === 0) return;
    if (now - this.#beatAt >= BEAT + BEAT_EACH * this.#others.size) this.#beat(now);
    this.#arm();
  }

  #beat(now: number): void {
    this.#beatAt = now;
    this.store.publish(CHANNEL, JSON.stringify({ id: this.#id, at: Math.floor(this.time(now)) }));
  }

  #hear(message: string): void {
    const said = read(message);
    if (!said) return;
    const now = this.clock.now();
    this.#offset = Math.max(this.#offset, said.at - now);
    if (said.id !== this.#id) {
      if (this.#others.size < MOST || this.#others.has(said.id)) this.#others.set(said.id, now);
      return;
    }
    this.#echoes += 1;
    // Only who hears himself can tell that somebody else is gone.
    const longest = MISSED * (BEAT + BEAT_EACH * this.#others.size);
    for (const [id, heardAt] of this.#others) if (now - heardAt > longest) this.#others.delete(id);
  }
}

function read(message: string): { id: string; at: number } | undefined {
  try {
    const { id, at } = JSON.parse(message) as { id?: unknown; at?: unknown };
    const isDate = typeof at === 'number' && at >= 0 && at <= END_OF_TIME;
    return typeof id === 'string' && id.length <= LONGEST_ID && isDate ? { id, at } : undefined;
  } catch {
    return undefined;
  }
}
