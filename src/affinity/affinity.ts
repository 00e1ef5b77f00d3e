/**
 * Who owns which id: ids handed out by an endpoint lead later calls back to it. Step 0 of a call.
 * Why not in the state that clients of a process share: ids are the application's own, and another client's must not steer
 * its calls.
 */
import type { Clock } from '../clock.ts';

/** Ids remembered; beyond them the one used longest ago is forgotten. */
const LIMIT = 50_000;
/** No id is as long as this; a server that hands out such ones would fill the memory. */
const LONGEST = 512;
/** How long an id is remembered after its last use, in ms: 30 days, the life of a stored response. */
const KEPT = 30 * 24 * 60 * 60_000;

interface Fact {
  readonly owner: string;
  /** When it was learnt or asked for last, in monotonic ms. */
  readonly usedAt: number;
}

/** Remembers which endpoint made an id. */
export class Affinity {
  /** In the order of their last use, so that the first is both the one used longest ago and the first to lapse. */
  readonly #facts = new Map<string, Fact>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An endpoint handed out these ids. */
  learn(ids: readonly string[], endpoint: string): void {
    const now = this.#clock.now();
    for (const id of ids) if (id.length <= LONGEST) this.#note(id, endpoint, now);
    for (const [oldest, { usedAt }] of this.#facts) {
      if (this.#facts.size <= LIMIT && now - usedAt < KEPT) break;
      this.#facts.delete(oldest);
    }
  }

  /** The endpoint that handed out this id, as far as this client knows. */
  ownerOf(id: string): string | undefined {
    const fact = this.#facts.get(id);
    if (!fact) return undefined;
    const now = this.#clock.now();
    if (now - fact.usedAt >= KEPT) {
      this.#facts.delete(id);
      return undefined;
    }
    this.#note(id, fact.owner, now);
    return fact.owner;
  }

  /** The same, asking those who share what they know as well. Never rejects. */
  find(id: string): Promise<string | undefined> {
    return Promise.resolve(this.ownerOf(id));
  }

  #note(id: string, owner: string, usedAt: number): void {
    this.#facts.delete(id);
    this.#facts.set(id, { owner, usedAt });
  }
}
