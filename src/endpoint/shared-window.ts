/**
 * A rate-limit window that all processes on one store share. Each decides by a lease of its own, drawn ahead of need, so that no
 * call waits for the store; what it draws depends on what it lately used and on what is left.
 */
import type { Fleet, InUse } from '../state/fleet.ts';
import { Ledger, PATIENCE } from '../state/ledger.ts';
import type { RateWindow } from './rate-window.ts';
import { CRUMB, Supply } from './supply.ts';

/** What nobody took from for so long is given back, in ms. */
const IDLE = 3_000;

/** A window shared by processes. */
export class SharedWindow implements RateWindow, InUse {
  readonly limit: number;
  readonly rate: number;
  readonly owner: string;
  readonly #fleet: Fleet;
  readonly #ledger: Ledger;
  readonly #supply: Supply;
  readonly #wake: () => void;
  #busy = false;

  /** @param owner whose limit, and `key` which one it is, for all processes. @param wake called when there is more room than before. */
  constructor(limit: number, rate: number, parts: { fleet: Fleet; owner: string; key: string; wake: () => void }) {
    this.limit = limit;
    this.rate = rate;
    this.owner = parts.owner;
    this.#fleet = parts.fleet;
    this.#ledger = new Ledger(parts.fleet, parts.key, limit / rate, () => this.#fallSilent());
    this.#supply = new Supply(limit, rate, parts, this.#ledger);
    this.#wake = parts.wake;
  }

  level(now: number): number {
    this.#supply.pass(now);
    return this.#supply.level(now);
  }

  share(now: number): number {
    return Math.max(0, this.level(now)) / this.limit;
  }

  fullIn(now: number): number {
    return (this.limit - this.level(now)) / this.rate;
  }

  take(amount: number, now: number): void {
    const supply = this.#supply;
    this.#supply.pass(now);
    supply.lease.now -= amount;
    supply.usage.note(amount, now);
    // Whoever still waits says so when it looks.
    if (amount > 0) supply.wanted = 0;
    this.#need(now + IDLE);
    if (supply.missing(now) > 0 || supply.surplus(now) > 0) this.#soon();
  }

  readyAt(amount: number, now: number): number {
    const supply = this.#supply;
    this.#supply.pass(now);
    const wanted = Math.min(amount, this.limit);
    if (supply.has(wanted, now)) return 0;
    supply.wanted = Math.max(supply.wanted, wanted);
    const at = supply.roomAt(wanted, now);
    this.#need(now + IDLE);
    if (supply.missing(now) > 0) this.#soon();
    // What is asked for now is known in a moment.
    const soon = this.#busy && !supply.alone ? Math.min(at, now + PATIENCE) : at;
    this.#need(soon + IDLE);
    return Math.max(now + 1, Math.ceil(soon));
  }

  /** As `InUse` says. */
  tick(now: number): boolean {
    const supply = this.#supply;
    this.#supply.pass(now);
    const idle = now > supply.neededUntil;
    if (idle) supply.wanted = 0;
    if (supply.alone || supply.missing(now) > 0 || (idle && supply.held > CRUMB)) this.#soon();
    else if (supply.isFar(now)) void this.#lookAgain();
    return this.#busy || !idle || supply.owed > 0;
  }

  async giveUp(): Promise<void> {
    const held = this.#supply.lease.clear();
    this.#supply.wanted = 0;
    this.#supply.neededUntil = 0;
    // A store that does not answer is not waited for.
    if (!this.#supply.alone) await this.#ledger.giveBack(held / this.rate);
  }

  #fallSilent(): void {
    const now = this.#fleet.clock.now();
    // Before it ever answered nobody knows what there is: then the store has to fail.
    if (this.#ledger.spentUntil === undefined) return;
    this.#supply.pass(now);
    this.#supply.goAlone(false, now);
    this.#wake();
  }

  #need(until: number): void {
    this.#supply.neededUntil = Math.max(this.#supply.neededUntil, until);
    this.#fleet.lookAfter(this);
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
    const supply = this.#supply;
    const before = supply.alone;
    const missing = supply.missing(now);
    // Of what the store did not give, only what was used is owed.
    const owed = supply.owed - (before ? supply.unused : 0);
    if (!before && missing + owed === 0) return this.#giveBack(supply.surplus(now));
    const stretch = await this.#ledger.draw((missing + owed) / this.rate);
    const later = this.#fleet.clock.now();
    supply.pass(later);
    if (!stretch) {
      supply.goAlone(true, later);
      supply.alone?.failed();
      this.#wake();
      return false;
    }
    supply.owed -= owed;
    supply.lease.add(stretch, owed, this.#fleet.time(later));
    const over = supply.alone?.answered(later) ?? false;
    if (over) supply.endAlone();
    if (missing > 0 || over) this.#wake();
    return !before || over;
  }

  async #giveBack(amount: number): Promise<boolean> {
    if (amount <= CRUMB) return false;
    const { lease } = this.#supply;
    if (amount >= this.#supply.held) lease.clear();
    else lease.now -= amount;
    if (!(await this.#ledger.giveBack(amount / this.rate))) return false;
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
    if (spentUntil !== undefined) this.#supply.lease.closeUp(spentUntil, this.#fleet.time());
  }
}
