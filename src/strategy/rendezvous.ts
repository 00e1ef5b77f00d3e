/**
 * Weighted rendezvous hashing: a key has the same candidate as long as that is there, the same second one for everybody when it
 * is out, and only the keys of a candidate that left move. In proportion to `weight`; the same in every process.
 */
import type { Candidate } from './strategy.ts';

function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

/** 32 bits of a text: FNV-1a, mixed so that texts which are nearly the same lie far apart. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mixed(hash);
}

const hashes = new WeakMap<readonly Candidate[], readonly number[]>();

function hashesOf(candidates: readonly Candidate[]): readonly number[] {
  const found = candidates.map(({ name }) => hashOf(name));
  hashes.set(candidates, found);
  return found;
}

/** The candidate that `key` belongs to. @param key a 32-bit hash @param candidates not empty; the same array is looked at faster */
export function rendezvous<Some extends Candidate>(candidates: readonly Some[], key: number): Some {
  const names = hashes.get(candidates) ?? hashesOf(candidates);
  let best = candidates[0] as Some;
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index] as Some;
    const chance = (mixed(key ^ (names[index] as number)) + 0.5) / 4_294_967_296;
    // One without weight is chosen among its like only: whoever has weight scores above 0, it below.
    const score = candidate.weight > 0 ? -candidate.weight / Math.log(chance) : -chance;
    if (score > highest) {
      best = candidate;
      highest = score;
    }
  }
  return best;
}
