/** Facts about a list of candidates, worked out once: the same array comes again for as long as nothing changes. */
import type { Candidate } from './strategy.ts';

/** @returns what gives the facts about a list; they go when the list goes, those of the last list when another comes. */
export function perList<Facts>(
  make: (candidates: readonly Candidate[]) => Facts,
): (candidates: readonly Candidate[]) => Facts {
  const known = new WeakMap<readonly Candidate[], Facts>();
  let last: readonly Candidate[] | undefined;
  let factsOfLast: Facts;
  return (candidates) => {
    // Nearly always the same as before; looking it up takes as long as a pick.
    if (candidates === last) return factsOfLast;
    factsOfLast = known.get(candidates) ?? make(candidates);
    known.set(candidates, factsOfLast);
    last = candidates;
    return factsOfLast;
  };
}
