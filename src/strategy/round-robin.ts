/**
 * Smooth weighted round robin in O(1) per pick. The default strategy.
 * Why a schedule per set of candidates: nginx's algorithm scans all endpoints at each pick, and skipping an endpoint that is
 * out would give its whole share to its neighbour. The schedule of the smaller set spreads that share evenly.
 */
import type { Candidate, Strategy } from './strategy.ts';

/** Longest schedule kept, in picks; only weights finer than that are rounded. */
const LONGEST = 20_000;
const ROUNDED = 2_000;
/** Up to this product of picks and endpoints nginx's order is worked out: about a millisecond. */
const NGINX_LIMIT = 100_000;
/** Sets of candidates remembered; more only appear when hundreds of endpoints fail in turn. */
const SETS = 256;

interface Schedule {
  readonly order: readonly number[];
  position: number;
}

function shares(weights: readonly number[]): number[] {
  const usable = weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
  const smallest = Math.min(...usable.filter((weight) => weight > 0));
  for (let scale = 1; scale <= 100; scale++) {
    const counts = usable.map((weight) => (weight / smallest) * scale);
    const whole = counts.every((count) => Math.abs(count - Math.round(count)) < 1e-9 * Math.max(1, count));
    if (whole && counts.reduce((sum, count) => sum + count, 0) <= LONGEST) return counts.map(Math.round);
  }
  const total = usable.reduce((sum, weight) => sum + weight, 0);
  // Rounded anyway: two thousand places are exact to a twentieth of a percent.
  const length = Math.max(ROUNDED, usable.length * 20);
  return usable.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.round((weight / total) * length))));
}

function plan(weights: readonly number[]): number[] {
  const counts = shares(weights);
  const equal = counts.every((count) => count === 1);
  if (equal) return counts.map((_, index) => index);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total * counts.length <= NGINX_LIMIT ? interleave(counts, total) : spread(counts);
}

/** nginx's smooth order: as even as it can be, in time that grows with the product of picks and endpoints. */
function interleave(counts: readonly number[], total: number): number[] {
  const current = counts.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    for (const [index, count] of counts.entries()) {
      current[index] = (current[index] as number) + count;
      if ((current[index] as number) > (current[best] as number)) best = index;
    }
    current[best] = (current[best] as number) - total;
    return best;
  });
}

/** For large pools: each endpoint's turns lie evenly over the round. The shares are as exact, neighbours may meet more often. */
function spread(counts: readonly number[]): number[] {
  const turns = counts.flatMap((count, index) =>
    Array.from({ length: count }, (_, turn) => ({ index, place: (2 * turn + 1) / count })),
  );
  return turns.sort((a, b) => a.place - b.place || a.index - b.index).map(({ index }) => index);
}

/**
 * Takes endpoints in turn, in proportion to their `weight`, interleaved (1:2 is a b b, never bursts).
 * Any run of picks over an unchanged set deviates from the exact shares by at most one call per endpoint and round.
 */
export function roundRobin(): Strategy {
  return inTurn(0);
}

/** The same from a place in the rotation on. */
export function inTurn(from: number): Strategy {
  const byMembers = new Map<string, Schedule>();
  const byArray = new WeakMap<readonly Candidate[], Schedule>();
  const scheduleOf = (candidates: readonly Candidate[]): Schedule => {
    const members = candidates.map((candidate) => `${candidate.name}=${candidate.weight}`).join('|');
    let schedule = byMembers.get(members);
    if (!schedule) {
      if (byMembers.size >= SETS) byMembers.delete(byMembers.keys().next().value as string);
      schedule = { order: plan(candidates.map((candidate) => candidate.weight)), position: from };
      byMembers.set(members, schedule);
    }
    byArray.set(candidates, schedule);
    return schedule;
  };
  return {
    name: 'round-robin',
    pick(candidates, { note }) {
      const schedule = byArray.get(candidates) ?? scheduleOf(candidates);
      if (note) note.position = schedule.position;
      const index = schedule.order[schedule.position] as number;
      schedule.position = (schedule.position + 1) % schedule.order.length;
      return candidates[index] as Candidate;
    },
  };
}
