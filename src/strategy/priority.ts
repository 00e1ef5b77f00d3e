/** Priority groups: only the endpoints with the smallest `priority` number get calls; the others are their spares. */
import { roundRobin } from './round-robin.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * Sends every call to the eligible endpoints with the smallest `priority`. Endpoints without a number keep their list order,
 * so that `priority()` alone means "the first one, else the second, …".
 * @param inner chooses within a group of equal priority. @default roundRobin()
 */
export function priority(inner: Strategy = roundRobin()): Strategy {
  const groups = new WeakMap<readonly Candidate[], readonly Candidate[]>();
  const firstOf = (candidates: readonly Candidate[]) => {
    const smallest = Math.min(...candidates.map((candidate) => candidate.priority));
    const group = candidates.filter((candidate) => candidate.priority === smallest);
    groups.set(candidates, group);
    return group;
  };
  return {
    name: `priority(${inner.name ?? 'custom'})`,
    pick(candidates, call) {
      const group = groups.get(candidates) ?? firstOf(candidates);
      return group.length === 1 ? (group[0] as Candidate) : inner.pick(group, call);
    },
  };
}
