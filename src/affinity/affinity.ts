/**
 * Who owns which id: ids handed out by an endpoint lead later calls back to it. Step 0 of a call.
 * Why not in the state that clients of a process share: ids are the application's own, and another client's must not steer
 * its calls, unless both have the same store.
 */
import type { Clock } from '../clock.ts';
import type { SharedIds } from './shared-ids.ts';

/** Ids remembered; beyond them the one used longest ago is forgotten. */
const LIMIT = 50_000;
/** No id is as long as this; a server that hands out such ones would fill the memory. */
const LONGEST = 512;
const DAY = 24 * 60 * 60_000;
/** How long an id is remembered after its last use, in ms: 30 days, the life of a stored response. */
const KEPT = 30 * DAY;

/** Ids that nobody knew, remembered for those who would ask again with the next call. */
const IN_VAIN = 1_000;

interface Fact {
  readonly id: string;
  readonly owner: string;
  /** When it was learnt or asked for last, and when others were told of it last, in monotonic ms. */
  usedAt: number;
  sharedAt: number;
}

/** The id as a text of its own: a slice of a path or a body would keep the whole of it in memory. */
function ownText(id: string): string {
  const copy = Buffer.from(id, 'latin1').toString('latin1');
  return copy === id ? copy : id;
}

/** Remembers which endpoint made an id. */
export class Affinity {
  /** In the order of their last use, so that the first is both the one used longest ago and the first to lapse. */
  readonly #facts = new Map<string, Fact>();
  readonly #asking = new Map<string, Promise<string | undefined>>();
  /** When they were asked for in vain, in monotonic ms. */
  readonly #unheard = new Map<string, number>();
  readonly #clock: Clock;
  readonly #shared: SharedIds | undefined;
  readonly #limit: number;

  /** @param shared those who share what they know; without them it is kept here alone. */
  constructor(clock: Clock, shared?: SharedIds, limit = LIMIT) {
    this.#clock = clock;
    this.#shared = shared;
    this.#limit = limit;
  }

  /** An endpoint handed out these ids. */
  learn(ids: readonly string[], endpoint: string): void {
    const now = this.#clock.now();
    for (const id of ids) if (id.length <= LONGEST) this.#use(this.#noted(id, endpoint, Number.NEGATIVE_INFINITY), now);
    this.#forget(now);
  }

  /** The endpoint that handed out this id, as far as this client knows. */
  ownerOf(id: string): string | undefined {
    const fact = this.#facts.get(id);
    if (!fact) return undefined;
    const now = this.#clock.now();
    if (now - fact.usedAt < KEPT) return this.#use(fact, now);
    this.#facts.delete(id);
    return undefined;
  }

  /**
   * The same, asking those who share what they know as well. Never rejects, and takes a moment at most.
   * @param pause for so long, in ms, an id that they did not know is not asked for again.
   */
  find(id: string, pause = 0): Promise<string | undefined> {
    const owner = this.ownerOf(id);
    if (owner !== undefined || !this.#shared || id.length > LONGEST) return Promise.resolve(owner);
    const unheard = this.#unheard.get(id);
    if (unheard !== undefined && this.#clock.now() - unheard < pause) return Promise.resolve(undefined);
    const asked = this.#asking.get(id) ?? this.#ask(id, this.#shared);
    this.#asking.set(id, asked);
    return asked;
  }

  /** Resolves when those who share what is known here know it, or cannot be told. */
  async close(): Promise<void> {
    await this.#shared?.close();
  }

  async #ask(id: string, shared: SharedIds): Promise<string | undefined> {
    const found = await shared.ask(id);
    this.#asking.delete(id);
    // Meanwhile it may have been learnt, which counts more.
    const owner = this.ownerOf(id);
    const now = this.#clock.now();
    if (owner === undefined && found === undefined) {
      this.#unheard.delete(id);
      this.#unheard.set(id, now);
      if (this.#unheard.size > IN_VAIN) this.#unheard.delete(this.#unheard.keys().next().value as string);
    }
    if (owner !== undefined || found === undefined) return owner;
    this.#use(this.#noted(id, found, now), now);
    this.#forget(now);
    return found;
  }

  #forget(now: number): void {
    for (const [oldest, { usedAt }] of this.#facts) {
      if (this.#facts.size <= this.#limit && now - usedAt < KEPT) return;
      this.#facts.delete(oldest);
    }
  }

  #noted(id: string, owner: string, sharedAt: number): Fact {
    const before = this.#facts.get(id);
    return before?.owner === owner ? before : { id: before?.id ?? ownText(id), owner, usedAt: 0, sharedAt };
  }

  #use(fact: Fact, now: number): string {
    const { id, owner, sharedAt } = fact;
    fact.usedAt = now;
    this.#facts.delete(id);
    this.#facts.set(id, fact);
    // What is used is kept by the others as well; once a day is often enough for that.
    if (this.#shared && now - sharedAt >= DAY) {
      fact.sharedAt = now;
      this.#shared.tell(id, owner, KEPT);
    }
    return owner;
  }
}
