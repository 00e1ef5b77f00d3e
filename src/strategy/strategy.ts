/** The port for strategies: given who may take a call, say who does. Synchronous, never I/O. */

/** An endpoint as a strategy sees it. */
export interface Candidate {
  readonly name: string;
  /** Share of the traffic relative to the others; ≥ 0. */
  readonly weight: number;
  /** Smaller is tried first. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** Calls now running there, streams until their end; over all clients of the process. */
  readonly inFlight: number;
}

/** The call as a strategy sees it. */
export interface StrategyCall {
  /** Operation name such as `chat` or `embeddings`. */
  readonly operation: string;
  /** The public model name. */
  readonly model: string | undefined;
  readonly stream: boolean;
}

/** Picks one of the eligible endpoints. A throw, or an answer that is no candidate, falls back to the first candidate. */
export interface Strategy {
  /** Shown in snapshots. */
  readonly name?: string;
  /**
   * @param candidates the eligible endpoints, never empty; the same array as long as nothing changes, so facts about it may be cached.
   * @returns one of them.
   */
  pick(candidates: readonly Candidate[], call: StrategyCall): Candidate;
  /** For a strategy that prefers some candidates to all others: those of which one is to be taken. Calls of a session keep to them. @default all */
  tier?(candidates: readonly Candidate[]): readonly Candidate[];
}
