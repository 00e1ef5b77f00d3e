/**
 * A rate-limit window that all processes on one store share. Each decides by a lease of its own, drawn ahead of need, so that no
 * call waits for the store; what it draws depends on what it lately used and on what is left.
 */
import type { Fleet, InUse } from '../state/fleet.ts';
import { Ledger } from '../state/ledger.ts';
import { blockOf, Usage } from './appetite.ts';
import { Lease } from './lease.ts';
import { OwnShare } from './own-share.ts';
import type { RateWindow } from './rate-window.ts';

/** Rounding must not cost a call its turn. */
const CRUMB = 1e-6;
/** A store that has not answered for so long is done without, in ms. */
const PATIENCE = 100;
/** What nobody took from for so long is given back, in ms. */
const IDLE = 3_000;
/** What was heard longer ago than this says nothing any more, in ms. */
const KNOWN = 60_000;
/** By how much calls may go before the first lease came, as a share of the limit; one may in any case. */
const AHEAD = 0.01;
/** While that much of the limit is left, nothing can be wrong with that. */
const PLENTY = 0.1;
/** What is to come later than this, in ms, may come earlier when others give something back. */
const FAR = 1_000;

/** A window shared by processes. */
export class SharedWindow implements RateWindow, InUse {
  readonly limit: number;
  readonly rate: number;
  readonly #fleet: Fleet;
  readonly #ledger: Ledger;
  readonly #lease: Lease;
  readonly #usage = new Usage();
  readonly #wake: () => void;
  /** What nobody could take yet, at most of one call. */
  #wanted = 0;
  /** Used without having been drawn, while the store did not answer. */
  #owed = 0;
  #alone: OwnShare | undefined;
  #busy = false;
  #closing = false;
  /** When it is not needed any more if nobody comes, in monotonic ms. */
  #neededUntil = 0;

  /** @param key which limit it is, for all processes. @param wake called when there is more room than before. */
  constructor(limit: number, rate: number, parts: { fleet: Fleet; key: string; wake: () => void }) {
    this.limit = limit;
    this.rate = rate;
    this.#fleet = parts.fleet;
    this.#ledger = new Ledger(parts.fleet, parts.key, limit / rate);
    this.#lease = new Lease(rate);
    this.#wake = parts.wake;
  }

  /** What is left for all, as far as known; less than nothing when this process used more than there was. */
  level(now: number): number {
    this.#pass(now);
    const { spentUntil } = this.#ledger;
    const held = this.#lease.now + this.#lease.coming;
    const { limit } = this;
    if (this.#alone) return this.#lease.now;
    if (spentUntil === undefined) return Math.min(limit, limit + held);
    return Math.min(limit, held + (this.#fleet.time(now) - spentUntil) * this.rate);
  }

  share(now: number): number {
    return Math.max(0, this.level(now)) / this.limit;
  }

  fullIn(now: number): number {
    return (this.limit - this.level(now)) / this.rate;
  }

  take(amount: number, now: number): void {
    this.#pass(now);
    this.#lease.now -= amount;
    this.#usage.note(amount, now);
    // Whoever still waits says so when it looks.
    if (amount > 0) this.#wanted = 0;
    this.#need(now + IDLE);
    if (this.#missing(now) > 0 || this.#surplus(now) > 0) this.#soon();
  }

  readyAt(amount: number, now: number): number {
    this.#pass(now);
    const wanted = Math.min(amount, this.limit);
    if (wanted - this.#lease.now <= CRUMB || this.#mayGoAhead(wanted, now)) return 0;
    this.#wanted = Math.max(this.#wanted, wanted);
    const time = this.#fleet.time(now);
    const { spentUntil = time } = this.#ledger;
    const missing = wanted - this.#lease.now - this.#lease.coming;
    let at = now + (this.#lease.readyAt(wanted) ?? Math.max(spentUntil, time) + missing / this.rate) - time;
    if (this.#alone) at = Math.min(at, now + (wanted - this.#lease.now) / this.#alone.rate);
    this.#need(at + IDLE);
    if (this.#missing(now) > 0) this.#soon();
    // What is asked for now is known in a moment.
    if (this.#busy && !this.#alone) at = Math.min(at, now + PATIENCE);
    return Math.max(now + 1, Math.ceil(at - CRUMB));
  }

  /** As `InUse` says. */
  tick(now: number): boolean {
    this.#pass(now);
    const idle = now > this.#neededUntil;
    if (idle) this.#wanted = 0;
    if (this.#alone || this.#missing(now) > 0 || (idle && this.#held > CRUMB)) this.#soon();
    else if (this.#wanted > 0 && (this.#lease.nextFrom ?? 0) > this.#fleet.time(now) + FAR) void this.#lookAgain();
    return this.#busy || !idle || this.#owed > 0;
  }

  async giveUp(): Promise<void> {
    this.#closing = true;
    const held = this.#lease.clear();
    this.#wanted = 0;
    await this.#ledger.giveBack(held / this.rate);
    this.#closing = false;
  }

  get #held(): number {
    return this.#lease.now + this.#lease.coming;
  }

  #need(until: number): void {
    this.#neededUntil = Math.max(this.#neededUntil, until);
    this.#fleet.lookAfter(this);
  }

  /** Time goes on. */
  #pass(now: number): void {
    this.#lease.pass(this.#fleet.time(now));
    if (!this.#alone && this.#ledger.silentFor(now) > PATIENCE) this.#goAlone(now);
    if (this.#alone) this.#gain(this.#alone.more(this.#lease.now, now));
  }

  #gain(amount: number): void {
    this.#lease.now += amount;
    this.#owed += amount;
  }

  #goAlone(now: number): void {
    const { size } = this.#fleet;
    const left = this.#isKnown(now) ? this.#left(now) : this.limit;
    this.#alone = new OwnShare(this.limit, this.rate, size, now);
    this.#gain(this.#alone.begin(left, size));
    this.#wake();
  }

  /** What is left for all beside what was drawn. */
  #left(now: number): number {
    const { spentUntil = Number.NEGATIVE_INFINITY } = this.#ledger;
    return Math.max(0, Math.min(this.limit, (this.#fleet.time(now) - spentUntil) * this.rate));
  }

  #isKnown(now: number): boolean {
    return now - this.#ledger.knownAt < KNOWN;
  }

  /** May a call go before what it takes is drawn? Only where nothing says that others have used it all. */
  #mayGoAhead(wanted: number, now: number): boolean {
    if (this.#alone || (this.#isKnown(now) && this.#left(now) < Math.max(wanted, this.limit * PLENTY))) return false;
    const { now: there } = this.#lease;
    return there >= 0 || wanted - there <= (this.limit * AHEAD) / this.#fleet.size;
  }

  /** What is drawn at a time. */
  #block(now: number): number {
    const left = this.#isKnown(now) ? this.#left(now) : this.limit * AHEAD;
    return blockOf(this.#usage, { rate: this.rate, left, processes: this.#fleet.size }, now);
  }

  /** What is to be drawn; 0 = nothing. */
  #missing(now: number): number {
    if (this.#closing) return 0;
    const idle = now > this.#neededUntil;
    const plenty = !this.#isKnown(now) || this.#left(now) >= this.limit * PLENTY;
    const low = idle ? 0 : this.#usage.low(this.rate, plenty, now);
    const missing = Math.max(low, this.#wanted) - this.#held;
    return missing <= CRUMB ? 0 : Math.max(missing, idle ? 0 : this.#block(now));
  }

  /** What others could use better. */
  #surplus(now: number): number {
    if (this.#alone) return 0;
    if (now > this.#neededUntil) return this.#held;
    const enough = Math.max(this.#wanted, this.#usage.low(this.rate, true, now) + this.#block(now));
    return this.#lease.now > 2 * enough ? this.#lease.now - enough : 0;
  }

  #soon(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#fleet.lookAfter(this);
    // The call goes first.
    queueMicrotask(() => void this.#work());
  }

  async #work(): Promise<void> {
    const { clock } = this.#fleet;
    while (await this.#step(clock.now()));
    this.#busy = false;
  }

  /** Asks the store for one thing. @returns whether there may be more to ask */
  async #step(now: number): Promise<boolean> {
    const alone = this.#alone !== undefined;
    const missing = alone ? 0 : this.#missing(now);
    if (!alone && missing === 0 && this.#owed === 0) return this.#giveBack(this.#surplus(now));
    // Of what the store did not give, only what was used is owed.
    const owed = this.#owed - (alone ? Math.max(0, Math.min(this.#lease.now, this.#owed)) : 0);
    const stretch = await this.#ledger.draw((missing + owed) / this.rate);
    const later = this.#fleet.clock.now();
    this.#pass(later);
    if (!stretch) {
      if (!this.#alone) this.#goAlone(later);
      this.#alone?.failed();
      return false;
    }
    this.#owed -= owed;
    this.#lease.add(stretch, owed, this.#fleet.time(later));
    const over = this.#alone?.answered(later) ?? false;
    if (over) this.#endAlone();
    if (missing > 0 || over) this.#wake();
    return !alone || over;
  }

  #endAlone(): void {
    this.#alone = undefined;
    const unused = Math.max(0, Math.min(this.#lease.now, this.#owed));
    this.#lease.now -= unused;
    this.#owed -= unused;
  }

  async #giveBack(amount: number): Promise<boolean> {
    if (amount <= CRUMB) return false;
    if (amount >= this.#held) this.#lease.clear();
    else this.#lease.now -= amount;
    const taken = await this.#ledger.giveBack(amount / this.rate);
    if (!taken) return false;
    this.#closeUp();
    return true;
  }

  async #lookAgain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    await this.#ledger.look();
    this.#busy = false;
    this.#closeUp();
    this.#wake();
  }

  #closeUp(): void {
    const { spentUntil } = this.#ledger;
    if (spentUntil !== undefined) this.#lease.closeUp(spentUntil, this.#fleet.time());
  }
}
