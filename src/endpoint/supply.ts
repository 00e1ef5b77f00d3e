/**
 * What one process has of a shared limit, and what it knows of the rest: how much there is for a call, and how much to draw or give
 * back. Decides, and asks nobody.
 */
import type { Fleet } from '../state/fleet.ts';
import type { Ledger } from '../state/ledger.ts';
import { blockOf, Usage } from './appetite.ts';
import { Lease } from './lease.ts';
import { OwnShare } from './own-share.ts';

/** Dates in ms are not told more exactly than this times a fast limit's rate; rounding must not cost a call its turn. */
export const CRUMB = 1e-3;
/** What was heard longer ago than this says nothing any more, in ms. */
const KNOWN = 60_000;
/** By how much calls may go before the first lease came, as a share of the limit; one may in any case. */
const AHEAD = 0.01;
/** So many may share it where there was no time to hear of any, and that much of it they begin with. */
const [MAYBE, LITTLE] = [10, 0.02];
/** While that much of the limit is left, nothing can be wrong with that. */
const PLENTY = 0.1;
/** So many times what is of use is too much to keep. */
const MUCH = 1.5;
/** What is to come later than this, in ms, may come earlier when others give something back: so often that is asked. */
const FAR = 1_000;

/** A process's part of a limit. Amounts are requests or tokens, times monotonic ms. */
export class Supply {
  readonly lease: Lease;
  readonly usage = new Usage();
  /** What nobody could take yet, at most of one call. */
  wanted = 0;
  /** Used without having been drawn, while the store did not answer. */
  owed = 0;
  /** Set while the store does not answer. */
  alone: OwnShare | undefined;
  /** Whether it is not known how many there are. */
  #guesses = false;
  /** When it is not needed any more if nobody comes. */
  neededUntil = 0;
  readonly #limit: number;
  readonly #rate: number;
  readonly #fleet: Fleet;
  readonly #owner: string;
  readonly #ledger: Ledger;

  /** @param owner whose limit it is. */
  constructor(limit: number, rate: number, { fleet, owner }: { fleet: Fleet; owner: string }, ledger: Ledger) {
    this.#limit = limit;
    this.#rate = rate;
    this.#fleet = fleet;
    this.#owner = owner;
    this.#ledger = ledger;
    this.lease = new Lease(rate);
  }

  /** How many share it. */
  get #processes(): number {
    return this.#fleet.sizeOf(this.#owner);
  }

  /** What is there, and what is to come. */
  get held(): number {
    return this.lease.now + this.lease.coming;
  }

  /** Time goes on. */
  pass(now: number): void {
    this.lease.pass(this.#fleet.time(now));
    if (this.alone) this.#gain(this.alone.more(this.lease.now, now));
  }

  /** Goes by an equal part of the limit from now on. @param failed the store said so; else it is late, and others may be heard yet. */
  goAlone(failed: boolean, now: number): void {
    const { knowsOthers } = this.#fleet;
    const size = this.#processes;
    const before = this.alone;
    // Who goes by a guess learns nothing more once the store has failed; else what was heard before counts, also in the midst of it.
    if (before && !(failed && this.#guesses)) return;
    this.#guesses = !failed && !knowsOthers;
    this.alone = new OwnShare(this.#limit, this.#rate, this.#guesses ? Math.max(size, MAYBE) : size, now);
    if (before) return;
    const unknown = failed ? this.#limit : this.#limit * PLENTY;
    const left = this.#isKnown(now) ? this.#left(now) : unknown;
    this.#gain(this.alone.begin(this.#guesses ? Math.min(left, this.#limit * LITTLE) : left));
  }

  /** Goes by what is drawn again. */
  endAlone(): void {
    this.alone = undefined;
    const { unused } = this;
    this.lease.now -= unused;
    this.owed -= unused;
  }

  /** What of it came without having been drawn, and was not used. */
  get unused(): number {
    return Math.max(0, Math.min(this.lease.now, this.owed));
  }

  #gain(amount: number): void {
    this.lease.now += amount;
    this.owed += amount;
  }

  /** What is left for all, as far as known; less than nothing when this process used more than there was. */
  level(now: number): number {
    const { spentUntil } = this.#ledger;
    if (this.alone) return this.lease.now;
    if (spentUntil === undefined) return this.#limit + Math.min(0, this.held);
    return Math.min(this.#limit, this.held + (this.#fleet.time(now) - spentUntil) * this.#rate);
  }

  /** What is left for all beside what was drawn, as last heard. What filled since then others may have taken, if there are some. */
  #left(now: number): number {
    const { spentUntil = Number.NEGATIVE_INFINITY, knownAt } = this.#ledger;
    const at = this.#processes === 1 ? now : Math.min(now, knownAt);
    return Math.max(0, Math.min(this.#limit, (this.#fleet.time(at) - spentUntil) * this.#rate));
  }

  /** Is there so much left that each of the others may have taken as much? */
  #isPlenty(amount: number, now: number): boolean {
    return this.#left(now) >= Math.max(this.#limit * PLENTY, this.#processes * amount);
  }

  #isKnown(now: number): boolean {
    return now - this.#ledger.knownAt < KNOWN;
  }

  /** Is there room for a call, drawn or not? */
  has(wanted: number, now: number): boolean {
    const { now: there } = this.lease;
    if (wanted - there <= CRUMB) return true;
    // Before it is drawn: only where nothing says that others have used it all.
    if (this.alone || (this.#isKnown(now) && !this.#isPlenty(wanted, now))) return false;
    return there >= -CRUMB || wanted - there <= (this.#limit * AHEAD) / this.#processes;
  }

  /** When there is room for what is not there now, as far as known. */
  roomAt(wanted: number, now: number): number {
    const time = this.#fleet.time(now);
    const drawn = this.lease.readyAt(wanted);
    if (drawn !== undefined) return now + drawn - time;
    const missing = wanted - this.held;
    if (this.alone) return now + missing / this.alone.rate;
    return now + Math.max(0, (this.#ledger.spentUntil ?? time) - time) + missing / this.#rate;
  }

  /** Is what calls wait for still far away, and was nothing heard of it for as long? */
  isFar(now: number): boolean {
    const from = this.lease.nextFrom ?? 0;
    return this.wanted > 0 && from > this.#fleet.time(now) + FAR && now - this.#ledger.knownAt > FAR;
  }

  /** What is drawn at a time. */
  #block(now: number): number {
    const left = this.#isKnown(now) ? this.#left(now) : this.#limit * AHEAD;
    const waits = this.wanted > 0;
    return blockOf(this.usage, { rate: this.#rate, left, processes: this.#processes, waits }, now);
  }

  /** More is drawn when less than this is there. */
  #low(now: number): number {
    return this.usage.low(this.#rate, this.#isKnown(now) && this.#isPlenty(this.usage.typical, now), now);
  }

  /** What is to be drawn; 0 = nothing. */
  missing(now: number): number {
    if (this.alone) return 0;
    const idle = now > this.neededUntil;
    const missing = Math.max(idle ? 0 : this.#low(now), this.wanted) - this.held;
    return missing <= CRUMB ? 0 : Math.max(missing, idle ? 0 : this.#block(now));
  }

  /** What others could use better; 0 = nothing. */
  surplus(now: number): number {
    if (this.alone) return 0;
    if (now > this.neededUntil) return Math.max(0, this.held);
    const enough = Math.max(this.wanted, this.#low(now), this.#block(now));
    return this.lease.now > MUCH * enough ? this.lease.now - enough : 0;
  }
}
