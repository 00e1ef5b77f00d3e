/**
 * Where a prompt prefix is at home: every prefix has its own order of all endpoints, the same for everybody who has the same
 * names and weights, whatever came before. When an endpoint leaves, only its own prefixes move, each to its next home.
 */
import { hashText, mix } from '../call/hash.ts';
import { type Homes, Ring } from './ring.ts';
import type { Candidate } from './strategy.ts';

/** Up to so many endpoints all are compared for each prefix; more have a table. */
const FEW = 16;
/** Rings kept. */
const RINGS = 4;
const RANGE = 2 ** 32;

/** Weighted rendezvous: each endpoint draws a number for the prefix, the smallest by weight wins. */
function rendezvous(candidates: readonly Candidate[]): Homes {
  const seeds = Int32Array.from(candidates, ({ name }) => hashText(name));
  const weighted = candidates.some(({ weight }) => weight > 0);
  const weights = Float64Array.from(candidates, ({ weight }) => (weighted ? weight : 1));
  const even = weights.every((weight) => weight === weights[0]);
  const { length } = candidates;
  /** The next home in the order. @param after the score of the one before */
  const next = (prefix: number, after: number) => {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < length; index++) {
      let score = mix(prefix ^ (seeds[index] as number));
      if (!even) {
        const weight = weights[index] as number;
        const drawn = (score + 0.5) / RANGE;
        // The score is at least so large; most need no logarithm.
        if (weight === 0 || drawn >= least * weight) continue;
        score = -Math.log(1 - drawn) / weight;
      }
      if (score < least && score > after) {
        best = index;
        least = score;
      }
    }
    leastScore = least;
    return best;
  };
  let leastScore = 0;
  return {
    find(prefix, fits) {
      let after = -1;
      for (let turn = 0; turn < length; turn++) {
        const index = next(prefix, after);
        if (index === -1 || fits(index)) return index;
        after = leastScore;
      }
      return -1;
    },
  };
}

/** Fits every home: a prefix's first one is found. */
export const anybody = (): boolean => true;

/** Finds homes for the lists of one pool. */
export class HomeBook {
  readonly #homes = new WeakMap<readonly Candidate[], Homes>();
  /** The latest last. Several, since models may have endpoints of their own. */
  readonly #rings: Ring[] = [];

  /** The homes of prefixes among these candidates. */
  of(candidates: readonly Candidate[]): Homes {
    let found = this.#homes.get(candidates);
    if (!found) {
      found = this.#inRing(candidates) ?? rendezvous(candidates);
      this.#homes.set(candidates, found);
    }
    return found;
  }

  #inRing(candidates: readonly Candidate[]): Homes | undefined {
    for (const [at, ring] of this.#rings.entries()) {
      const found = ring.homesOf(candidates);
      if (!found) continue;
      this.#rings.push(...this.#rings.splice(at, 1));
      return found;
    }
    if (candidates.length <= FEW) return undefined;
    const ring = new Ring(candidates);
    this.#rings.push(ring);
    if (this.#rings.length > RINGS) this.#rings.shift();
    return ring.homesOf(candidates);
  }
}
