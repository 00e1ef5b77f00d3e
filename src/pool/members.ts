/** Is a strategy's choice one of the candidates? In constant time, however many there are. */
import type { Endpoint } from '../endpoint/endpoint.ts';

/** Longer lists are not searched at each pick. */
const SEARCHED = 16;

/** The candidates of one pool. The lists that come again have a set beside them. */
export class Members {
  readonly #sets = new WeakMap<readonly Endpoint[], ReadonlySet<Endpoint>>();

  /** True when `choice` is one of `candidates`. */
  has(choice: Endpoint, candidates: readonly Endpoint[]): boolean {
    if (candidates.length <= SEARCHED) return candidates.includes(choice);
    let members = this.#sets.get(candidates);
    if (!members) {
      members = new Set(candidates);
      this.#sets.set(candidates, members);
    }
    return members.has(choice);
  }
}
