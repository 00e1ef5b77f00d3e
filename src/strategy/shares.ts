/**
 * Draws places of a list by weight, in the same time however long the list is.
 * Why sums with a guide into them: as exact as walking the sums, and a draw starts at most a step or two before its place.
 */
import type { Candidate } from './strategy.ts';

/** The shares of a list of candidates. */
export class Shares {
  /** The weights that count; all 1 when nobody has one. */
  readonly weights: Float64Array;
  readonly #sums: Float64Array;
  readonly #guide: Uint32Array;
  readonly #last: number;

  constructor(candidates: readonly Candidate[]) {
    const { length } = candidates;
    const any = candidates.some(({ weight }) => weight > 0);
    this.weights = Float64Array.from(candidates, ({ weight }) => (any ? weight : 1));
    this.#sums = new Float64Array(length);
    let sum = 0;
    let last = 0;
    for (let place = 0; place < length; place++) {
      const weight = this.weights[place] as number;
      if (weight > 0) last = place;
      sum += weight;
      this.#sums[place] = sum;
    }
    this.#last = last;
    this.#guide = new Uint32Array(length);
    for (let cell = 0, place = 0; cell < length; cell++) {
      while (place < last && (this.#sums[place] as number) <= (cell / length) * sum) place += 1;
      this.#guide[cell] = place;
    }
  }

  /** The place that a number in [0, 1) falls on; never one without a share. */
  place(chance: number): number {
    const { length } = this.#sums;
    const target = chance * (this.#sums[length - 1] as number);
    let place = this.#guide[Math.min(length - 1, Math.floor(chance * length))] as number;
    // Rounding may leave a crumb; it belongs to the last one that has a share.
    while (place < this.#last && (this.#sums[place] as number) <= target) place += 1;
    return place;
  }
}
