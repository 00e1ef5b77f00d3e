/** Those of a list among whom the strategy would pick, and the places that sessions have there. */
import { hashOf } from '../call/hash.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { anybody, HomeBook } from '../strategy/homes.ts';
import type { Strategy } from '../strategy/strategy.ts';

/** The tiers of one pool. */
export class Tiers {
  readonly #strategy: Strategy;
  readonly #strategyFailed: (error: unknown) => void;
  readonly #book = new HomeBook();

  constructor(strategy: Strategy, strategyFailed: (error: unknown) => void) {
    this.#strategy = strategy;
    this.#strategyFailed = strategyFailed;
  }

  /** The candidates that the strategy prefers to all others, as far as it says; else all. */
  of(candidates: readonly Endpoint[]): readonly Endpoint[] {
    try {
      return (this.#strategy.tier?.(candidates) ?? candidates) as readonly Endpoint[];
    } catch (error) {
      this.#strategyFailed(error);
      return candidates;
    }
  }

  /** The place of a session among such candidates: the same for as long as that one is there. */
  homeOf(session: string, candidates: readonly Endpoint[]): Endpoint {
    const tier = this.of(candidates);
    return (tier[this.#book.of(tier).find(hashOf(session), anybody)] ?? candidates[0]) as Endpoint;
  }
}
