/** The port for strategies: given who may take a call, say who does. Synchronous, never I/O. */

/** What calls of one kind took on an endpoint of late. Times in ms. */
export interface Timing {
  /** Average time to the first content of a stream, or of a whole plain call; recent ones weigh most. 0 = nothing is known. */
  readonly time: number;
  /** The same in µs, and per output token for plain calls, since a long answer says nothing of the endpoint. */
  readonly pace: number;
  /** When the last one was learned from, in monotonic ms. */
  readonly learnedAt: number;
  /** Since when such calls wait there and none was answered, in monotonic ms; 0 = none waits. */
  readonly silentSince: number;
}

/** What an endpoint showed of late on one model. A live object: it changes as calls run. */
export interface TrackRecord {
  readonly streams: Timing;
  readonly plain: Timing;
  /** It failed of late: until then calls are better sent to somebody who fails less often, in monotonic ms; 0 = no reason to. */
  readonly avoidUntil: number;
  /** The share of failures among the last ten outcomes or so, from 0 to 1. */
  readonly failing: number;
}

/** An endpoint as a strategy sees it. */
export interface Candidate {
  readonly name: string;
  /** Share of the traffic relative to the others; ≥ 0. */
  readonly weight: number;
  /** Smaller is tried first. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** Calls now running there, streams until their end; over all clients of the process, and with a `store` over those of others. */
  readonly inFlight: number;
  /** How many of them other processes told of, a tenth of a second ago or so. */
  readonly inFlightElsewhere?: number;
  /** What it showed of late on the call's model; `undefined` before the first attempt. The same object for as long as the candidates are the same array. */
  trackRecord?(call: Pick<StrategyCall, 'operation' | 'model'>): TrackRecord | undefined;
  /** The share of its rate limits that is left for the call's model, 0 to 1, calls on their way taken off; 1 when no limits are known. */
  headroom?(call: Pick<StrategyCall, 'model' | 'now'>): number;
  /** Whether its replies said of late, for prompts repeated there, that they were cached; `undefined` = they told nothing. */
  cachesPrompts?(call: Pick<StrategyCall, 'operation' | 'model' | 'now'>): boolean | undefined;
}

/** The call as a strategy sees it. */
export interface StrategyCall {
  /** Operation name such as `chat` or `embeddings`. */
  readonly operation: string;
  /** The public model name. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Tokens that go in, estimated: UTF-8 bytes / 4. */
  readonly tokens: number;
  /** Monotonic time in ms, as in a `TrackRecord`. */
  readonly now: number;
  /**
   * A hash of what the prompt begins with: the same for calls that share a session, a `prompt_cache_key`, a user, or else
   * tools, instructions and the user's first message. `undefined` when there is none of them. Worked out when it is read.
   */
  readonly prefix?: number | undefined;
  /** The same for its tools and instructions alone, which other conversations may share, where they are long enough to be cached. */
  readonly stem?: number | undefined;
  /** Takes down what the pick went by, for `decisionsOf`. A strategy may leave it alone; `undefined` = nobody wants to know. */
  readonly note?: PickNote | undefined;
}

/** What a strategy may say of one pick. Kept with the call's result, so it holds nothing large. */
export interface PickNote {
  /** Those that were compared, where they are not all candidates. */
  among?: readonly Candidate[] | undefined;
  /** How loaded each of them counted, in the same order, before `weight`; the least wins. */
  loads?: readonly number[] | undefined;
  /** The place in a rotation. */
  position?: number | undefined;
  /** The last number in [0, 1) that was drawn. */
  drawn?: number | undefined;
  /** Further figures of a strategy of this library. */
  also?: MoreNotes | undefined;
}

/** What only some strategies go by. */
export interface MoreNotes {
  /** In the order of the loads, in ms. */
  readonly latencies?: readonly number[];
  readonly prefix?: number;
  readonly settled?: string | undefined;
  readonly crowded?: boolean;
  /** In the candidates' order. 2 = room within the fair share, 1 = for a prefix that it has, 0 = none. */
  readonly room?: readonly number[];
  readonly caches?: readonly (boolean | undefined)[];
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
  /** For a strategy that prefers some candidates to all others: those of which one is to be taken. Calls of a session or a conversation keep to them. @default all */
  tier?(candidates: readonly Candidate[]): readonly Candidate[];
  /** Its picks lead the turns of a conversation to the endpoint that has them in its cache; `affinity.cache` then leaves them alone. @default false */
  readonly keepsCaches?: boolean;
}
