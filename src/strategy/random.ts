/** Weighted random choice: no state at all, for many independent processes. */
import { systemClock } from '../clock.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * Picks an endpoint at random in proportion to its `weight`.
 * @param chance a number in [0, 1). @default the clock's
 */
export function random(chance: () => number = systemClock.random): Strategy {
  const totals = new WeakMap<readonly Candidate[], number>();
  const totalOf = (candidates: readonly Candidate[]) => {
    const total = candidates.reduce((sum, candidate) => sum + candidate.weight, 0);
    totals.set(candidates, total);
    return total;
  };
  return {
    name: 'random',
    pick(candidates) {
      const total = totals.get(candidates) ?? totalOf(candidates);
      if (total === 0) return candidates[Math.floor(chance() * candidates.length)] as Candidate;
      let left = chance() * total;
      for (const candidate of candidates) {
        left -= candidate.weight;
        if (left < 0) return candidate;
      }
      // Rounding may leave a crumb; it belongs to the last one that has a share.
      return candidates.findLast((candidate) => candidate.weight > 0) as Candidate;
    },
  };
}
