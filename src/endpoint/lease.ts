/** What one process has drawn of a shared limit and not used yet: some to use now, some that is still to come. Pure. */
import type { Stretch } from '../state/ledger.ts';

/** A lease. Amounts are requests or tokens, times those on which all processes agree. */
export class Lease {
  /** To be used now; less than nothing when more was used than was drawn. */
  now = 0;
  /** Filled per ms. */
  readonly #rate: number;
  /** What is to come, earliest first. */
  #coming: Stretch[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** How much is still to come. */
  get coming(): number {
    let ms = 0;
    for (const { from, until } of this.#coming) ms += until - from;
    return ms * this.#rate;
  }

  /** When the first of what is to come begins; `undefined` = nothing is. */
  get nextFrom(): number | undefined {
    return this.#coming[0]?.from;
  }

  /** What has come by `time` can be used. */
  pass(time: number): void {
    for (let first = this.#coming[0]; first && first.from < time; first = this.#coming[0]) {
      this.now += (Math.min(first.until, time) - first.from) * this.#rate;
      if (first.until > time) {
        this.#coming[0] = { from: time, until: first.until };
        return;
      }
      this.#coming.shift();
    }
  }

  /** Takes in what was drawn, less what of it is used already. */
  add({ from, until }: Stretch, used: number, time: number): void {
    const begin = Math.min(until, from + used / this.#rate);
    if (begin < until) this.#coming.push({ from: begin, until });
    this.#coming.sort((a, b) => a.from - b.from);
    this.pass(time);
  }

  /** All is spent up to `until`, no further: others gave back what lay before what is to come here, and so that comes earlier. */
  closeUp(until: number, time: number): void {
    let end = until;
    for (let index = this.#coming.length - 1; index >= 0; index--) {
      const each = this.#coming[index] as Stretch;
      const by = Math.max(0, each.until - end);
      if (by > 0) this.#coming[index] = { from: each.from - by, until: each.until - by };
      end = each.from - by;
    }
    this.pass(time);
  }

  /** When `amount` can be used; `undefined` = what was drawn is not enough. */
  readyAt(amount: number): number | undefined {
    let missing = amount - this.now;
    for (const { from, until } of this.#coming) {
      const here = (until - from) * this.#rate;
      if (here >= missing) return from + missing / this.#rate;
      missing -= here;
    }
    return undefined;
  }

  /** Hands out everything that is not used. */
  clear(): number {
    const all = Math.max(0, this.now) + this.coming;
    this.now = Math.min(0, this.now);
    this.#coming = [];
    return all;
  }
}
