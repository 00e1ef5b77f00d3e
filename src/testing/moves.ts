/** What moves when one endpoint leaves: of the calls that belong together, those that were there, and nothing else. */
import type { Candidate, Strategy } from '../index.ts';
import { CALL, candidate, pick } from './shares.ts';

/** Prompts looked at, each with a beginning of its own. */
const PROMPTS = Array.from({ length: 400 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
/** Of a table for large pools a few places may move along. */
const TOLERATED = 0.02;

function homes(strategy: Strategy, candidates: readonly Candidate[], prompts: readonly number[]): Map<number, string> {
  return new Map(
    prompts.map((prefix) => [prefix, pick(strategy, candidates, { ...CALL, tokens: 2_000, prefix }).name]),
  );
}

/**
 * Where calls with one beginning go to one endpoint, those of the others stay when one endpoint leaves, and come back with it.
 * A strategy that does not look at what prompts begin with has nothing to keep here.
 * @throws Error that says how many moved
 */
export function keepsHomes(make: () => Strategy, endpoints: number): void {
  const all = Array.from({ length: endpoints }, (_, i) => candidate(`e${i}`, { weight: 1 + (i % 3) }));
  const strategy = make();
  const before = homes(strategy, all, PROMPTS);
  const again = homes(strategy, all, [...PROMPTS].reverse());
  if (PROMPTS.some((prompt) => before.get(prompt) !== again.get(prompt))) return;
  for (const left of all.slice(0, 4)) {
    const after = homes(
      strategy,
      all.filter((each) => each !== left),
      PROMPTS,
    );
    const moved = PROMPTS.filter(
      (prompt) => before.get(prompt) !== left.name && after.get(prompt) !== before.get(prompt),
    );
    if (moved.length > TOLERATED * PROMPTS.length)
      throw new Error(
        `'${left.name}' left, and ${moved.length} of ${PROMPTS.length} prompts moved that were elsewhere`,
      );
    const back = homes(strategy, all, PROMPTS);
    const lost = PROMPTS.filter((prompt) => back.get(prompt) !== before.get(prompt)).length;
    if (lost > 0) throw new Error(`'${left.name}' came back, and ${lost} of ${PROMPTS.length} prompts did not`);
  }
}
