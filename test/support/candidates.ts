// Candidates and calls as strategies see them.
import type { Candidate, Strategy, StrategyCall } from '../../src/strategy/strategy.ts';

/** A candidate; only what a test names differs. */
export function candidate(name: string, changes: Partial<Candidate> = {}): Candidate {
  return { name, weight: 1, priority: 0, tags: [], inFlight: 0, ...changes };
}

/** A call as strategies see it. */
export const CALL: StrategyCall = { operation: 'chat', model: 'gpt-5', stream: false, tokens: 0, now: 0 };

/** Picks `times` times and counts by name. */
export function countPicks(strategy: Strategy, candidates: readonly Candidate[], times: number): Map<string, number> {
  const counts = new Map(candidates.map(({ name }) => [name, 0]));
  for (let i = 0; i < times; i++) {
    const { name } = strategy.pick(candidates, CALL);
    counts.set(name, (counts.get(name) ?? Number.NaN) + 1);
  }
  return counts;
}
