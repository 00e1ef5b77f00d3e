/** Calls that wait for the same slots, in the order in which they shall go: by importance, then as they came. */
import type { Importance } from '../call/steering.ts';
import { Heap } from './heap.ts';
import { Pace } from './pace.ts';

/** When a call's earliest slot is. */
export interface Slot {
  /** In monotonic ms; 0 = now, or it has nothing to wait for any more. */
  readonly at: number;
  /** The end of a pause, behind which nobody knows how much room there is. */
  readonly pause: boolean;
}

/** One call in line. */
export interface Place {
  readonly call: { readonly startedAt: number; readonly importance: Importance };
  /** The last moment at which a slot is of use, in monotonic ms. */
  readonly limit: number;
  /** Its caller gave it up: it takes no slot, and leaves as soon as anybody looks. */
  readonly over: boolean;
  /** Asked of the first in line. */
  look(): Slot;
  /** Its turn. Begins its attempt at once. */
  go(): void;
  /** No slot will come in time, or none is wanted any more. */
  giveUp(): void;
}

/** A place as its line keeps it. */
export interface Standing {
  readonly importance: Importance;
  readonly rank: number;
  readonly number: number;
  readonly since: number;
  readonly limit: number;
  /** The round of looking in which it came. */
  readonly round: number;
  /** `undefined` once it left: nothing of the call is kept alive. */
  place: Place | undefined;
}

/** By how long a call of more importance may have come later and still goes first, as a share of the longest wait and in ms. */
const AHEAD = { share: 1 / 4, most: 15_000 };
const BEHIND: Readonly<Record<Importance, number>> = { high: 0, normal: 1, low: 2 };
/** One turn in so many is for those whom others go before, once half of their time is gone: so nobody starves. */
const FOR_OTHERS = 4;
/** So many that left may stand in the way before they are cleared out. */
const STALE = 64;

/** Where a call stands: less is earlier. @param maxWait the longest wait, in ms */
export function rankOf({ startedAt, importance }: Place['call'], maxWait: number): number {
  return startedAt + BEHIND[importance] * Math.min(AHEAD.most, maxWait * AHEAD.share);
}

/** The order of two that stand, in one line or in two. */
export function isBefore(a: Standing, b: Standing): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.number < b.number);
}

function firstOf(heap: Heap<Standing>): Standing | undefined {
  while (heap.first && !heap.first.place) heap.pop();
  return heap.first;
}

/** A line. */
export class Line {
  readonly #orders = { high: new Heap(isBefore), normal: new Heap(isBefore), low: new Heap(isBefore) };
  readonly #limits = new Heap<Standing>((a, b) => a.limit < b.limit);
  #size = 0;
  #went = 0;
  readonly #turns = { high: 0, normal: 0, low: 0 };
  /** Set while it comes in after a pause. */
  pace: Pace | undefined;
  /** When to look again, in monotonic ms. */
  nextAt = 0;

  /** How many stand in it. */
  get size(): number {
    return this.#size;
  }

  /** Puts one in. */
  add(standing: Standing): void {
    this.#size += 1;
    this.#orders[standing.importance].push(standing);
    this.#limits.push(standing);
  }

  /** Takes one out, wherever it stands. */
  remove(standing: Standing): void {
    if (!standing.place) return;
    standing.place = undefined;
    this.#size -= 1;
    for (const heap of [this.#orders[standing.importance], this.#limits])
      if (heap.size > 2 * this.#size + STALE) heap.keep(({ place }) => place !== undefined);
  }

  /** Who is next. */
  first(now: number): Standing | undefined {
    const { high, normal, low } = this.#orders;
    const firsts = [firstOf(high), firstOf(normal), firstOf(low)].filter((each) => each !== undefined);
    if (firsts.length < 2) return firsts[0];
    const first = firsts.reduce((best, each) => (isBefore(each, best) ? each : best));
    if (this.#went % FOR_OTHERS !== FOR_OTHERS - 1) return first;
    const others = firsts.filter((each) => each !== first && now - each.since >= each.limit - now);
    // Of two kinds the one whose last turn is longer ago.
    const last = (standing: Standing) => this.#turns[standing.importance];
    return others.length === 0 ? first : others.reduce((best, each) => (last(each) < last(best) ? each : best));
  }

  /** One went. */
  let(standing: Standing): void {
    this.#went += 1;
    this.#turns[standing.importance] = this.#went;
    this.remove(standing);
  }

  /** Whose time is up first. */
  get firstOut(): Standing | undefined {
    return firstOf(this.#limits);
  }

  /** Nobody can go before `at`. */
  close({ at, pause }: Slot): void {
    this.nextAt = at;
    this.pace = pause ? new Pace() : undefined;
  }
}
