/**
 * The processes that share limits over one store, as each of them knows the others: how many share each limit, and what time it
 * is for all of them. Why not how many there are: other programs may be on the same store. Why a time of their own: who fills a common bucket by a clock that is ahead leaves nothing to the others, so all
 * follow the one that is furthest; each by its monotonic clock, so a step of the wall clock moves nobody.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { read, type Said, written } from './heartbeat.ts';

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
/** Owners whose number is remembered; they are counted anew beyond it. */
const OWNERS = 10_000;
/** Who shares something new says so earlier than that he is still there: after such a part of the time. */
const EARLIER = 4;

/** Something that is looked after while it is in use. */
export interface InUse {
  /** Whose limit it is, in a few letters: those processes share it that have one in use with the same owner. */
  readonly owner: string;
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

/** Another process. */
interface Other extends Pick<Said, 'owners'> {
  readonly heardAt: number;
}

/** The processes on one store, seen from one of them. */
export class Fleet {
  readonly store: Counters;
  readonly clock: Clock;
  /** What clients of this process share beside the store; it goes with the store. */
  readonly kept = new Map<string, object>();
  readonly #id: string = randomUUID();
  readonly #others = new Map<string, Other>();
  /** How many share the limits of an owner, as far as it was asked. */
  readonly #sizes = new Map<string, number>();
  readonly #inUse = new Set<InUse>();
  /** Held here, since the store holds it weakly. */
  readonly #listener = (message: string) => this.#hear(message);
  #offset: number;
  #users = 0;
  #echoes = 0;
  #unsubscribe: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #beatAt = Number.NEGATIVE_INFINITY;
  /** The owners that others were told of. */
  #told: ReadonlySet<string> = new Set();

  constructor(store: Counters, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.#offset = clock.date() - clock.now();
  }

  /** How many processes use limits of this owner, as far as they were heard; this one counts in any case. */
  sizeOf(owner: string): number {
    const known = this.#sizes.get(owner);
    if (known !== undefined) return known;
    let size = 1;
    for (const { owners } of this.#others.values()) if (!owners || owners.includes(owner)) size += 1;
    // With a key for each tenant there are ever more of them, though nobody comes or goes.
    if (this.#sizes.size >= OWNERS) this.#sizes.clear();
    this.#sizes.set(owner, size);
    return size;
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
    const between = this.#between / (this.#sharesMore ? EARLIER : 1);
    if (now - this.#beatAt >= between) this.#beat(now);
    this.#arm();
  }

  get #between(): number {
    return BEAT + BEAT_EACH * this.#others.size;
  }

  get #sharesMore(): boolean {
    for (const { owner } of this.#inUse) if (!this.#told.has(owner)) return true;
    return false;
  }

  #beat(now: number): void {
    this.#beatAt = now;
    this.#told = new Set([...this.#inUse].map(({ owner }) => owner));
    this.store.publish(CHANNEL, written({ id: this.#id, at: Math.floor(this.time(now)), owners: [...this.#told] }));
  }

  #hear(message: string): void {
    const said = read(message);
    if (!said) return;
    const now = this.clock.now();
    this.#offset = Math.max(this.#offset, said.at - now);
    if (said.id !== this.#id) {
      this.#heard(said, now);
      return;
    }
    this.#echoes += 1;
    // Only who hears himself can tell that somebody else is gone.
    const longest = MISSED * this.#between;
    for (const [id, { heardAt }] of this.#others)
      if (now - heardAt > longest && this.#others.delete(id)) this.#sizes.clear();
  }

  #heard({ id, owners }: Said, heardAt: number): void {
    const before = this.#others.get(id);
    if (!before && this.#others.size >= MOST) return;
    this.#others.set(id, { heardAt, owners });
    if (!before || String(before.owners) !== String(owners)) this.#sizes.clear();
  }
}
