/** Weighted random choice: no state at all, for many independent processes. */
import { systemClock } from '../clock.ts';
import { perList } from './per-list.ts';
import { Shares } from './shares.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * Picks an endpoint at random in proportion to its `weight`.
 * @param chance a number in [0, 1). @default the clock's
 */
export function random(chance: () => number = systemClock.random): Strategy {
  const sharesOf = perList((candidates) => new Shares(candidates));
  return {
    name: 'random',
    pick(candidates, { note }) {
      const drawn = chance();
      if (note) note.drawn = drawn;
      return candidates[sharesOf(candidates).place(drawn)] as Candidate;
    },
  };
}
