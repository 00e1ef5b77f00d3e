/** Facts about a list of candidates, worked out once: the same array comes again for as long as nothing changes. */
import type { Candidate } from './strategy.ts';

/** @returns what gives the facts about a list; they go when the list goes. */
export function perList<Facts>(
  make: (candidates: readonly Candidate[]) => Facts,
): (candidates: readonly Candidate[]) => Facts {
  const known = new WeakMap<readonly Candidate[], Facts>();
  return (candidates) => {
    const found = known.get(candidates);
    if (found !== undefined) return found;
    const facts = make(candidates);
    known.set(candidates, facts);
    return facts;
  };
}
