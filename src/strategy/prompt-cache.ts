/**
 * Sends calls that share the beginning of their prompt to the same endpoint, so that its prompt cache serves them, as long
 * as that does not overload it. For pools whose endpoints cache prompts and whose calls repeat long ones.
 */
import { fairShareOf } from './fair-share.ts';
import { anybody, HomeBook } from './homes.ts';
import { roundRobin } from './round-robin.ts';
import type { Candidate, Strategy, StrategyCall } from './strategy.ts';

/**
 * Calls with the same `prefix` go to the same endpoint, in proportion to the weights; while that one is out or carries more
 * than a quarter above its fair share, to the prefix's next home, the same one for everybody.
 * Homes that never cache, by what their replies say, are passed over for those that do.
 * @param rest serves calls without a prefix. @default roundRobin()
 */
export function promptCache(rest: Strategy = roundRobin()): Strategy {
  let list: readonly Candidate[] = [];
  const book = new HomeBook();
  let homes = book.of(list);
  let share = fairShareOf(list);
  /** The next home that is known to cache prompts, in place of one that is known not to. */
  const better = (home: Candidate, call: StrategyCall, prefix: number): Candidate => {
    const caches = (index: number) => list[index]?.cachesPrompts?.(call) === true && share.allows(index);
    return list[homes.find(prefix, caches)] ?? home;
  };
  return {
    name: 'prompt-cache',
    pick(candidates, call) {
      const { prefix } = call;
      if (prefix === undefined) return rest.pick(candidates, call);
      if (candidates !== list) {
        list = candidates;
        homes = book.of(list);
        share = fairShareOf(list);
      }
      share.look();
      const home = candidates[homes.find(prefix, share.allows)] ?? candidates[homes.find(prefix, anybody)];
      if (!home) return rest.pick(candidates, call);
      return home.cachesPrompts?.(call) === false ? better(home, call, prefix) : home;
    },
    keepsCaches: true,
  };
}
