/** Priority groups: only the endpoints with the smallest `priority` number get calls; the others are their spares. */
import { ConfigurationError } from '../errors.ts';
import { roundRobin } from './round-robin.ts';
import type { Candidate, Strategy } from './strategy.ts';

const made = new WeakSet<Strategy>();

/**
 * Sends every call to the eligible endpoints with the smallest `priority`. Endpoints without a number keep their list order,
 * so that `priority()` alone means "the first one, else the second, …".
 * @param inner chooses within a group of equal priority. @default roundRobin()
 * @throws ConfigurationError when `inner` is a priority itself: within a group all have the same.
 */
export function priority(inner: Strategy = roundRobin()): Strategy {
  if (made.has(inner))
    throw new ConfigurationError(
      'unknown_strategy',
      'strategy: a priority inside a priority has no meaning; name another strategy inside.',
    );
  const groups = new WeakMap<readonly Candidate[], readonly Candidate[]>();
  const firstOf = (candidates: readonly Candidate[]) => {
    const smallest = candidates.reduce((least, { priority }) => Math.min(least, priority), Number.POSITIVE_INFINITY);
    const group = candidates.filter((candidate) => candidate.priority === smallest);
    groups.set(candidates, group);
    return group;
  };
  const tier = (candidates: readonly Candidate[]) => groups.get(candidates) ?? firstOf(candidates);
  const strategy: Strategy = {
    tier,
    name: `priority(${inner.name ?? 'custom'})`,
    pick(candidates, call) {
      const group = tier(candidates);
      if (call.note && group.length < candidates.length) call.note.among = group;
      return group.length === 1 ? (group[0] as Candidate) : inner.pick(group, call);
    },
    keepsCaches: inner.keepsCaches ?? false,
  };
  made.add(strategy);
  return strategy;
}
