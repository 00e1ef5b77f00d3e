/** Why a call went where it went: what `dispatch/choice` writes down of each pick, each wait and the end, as plain data. */

/** An endpoint that did not stand to choose, and why. */
export interface ExclusionReport {
  /** Name of the endpoint. */
  endpoint: string;
  reason: string;
}

/** What an endpoint that stood to choose was judged by, as it was at that moment. */
export interface CandidateFigures {
  /** Name of the endpoint. */
  endpoint: string;
  weight: number;
  priority: number;
  /** Calls that ran there, this one not among them. */
  inFlight: number;
  /** How loaded a strategy by load found it, before `weight`: the least wins; a billion more = it failed of late. Missing where none compared it. */
  load?: number;
  /** `headroom`: the share of its rate limits that was left, 0 to 1. */
  headroom?: number;
  /** `least-latency`: the time it took of late, in ms; 0 = nothing was known. */
  latencyMs?: number;
  /** `prompt-cache`: it had room within its `fair` share, only for a prefix it has (`kept`), or `none`. */
  room?: 'fair' | 'kept' | 'none';
  /** `prompt-cache`: whether its replies said of late that repeated prompts were cached. */
  caches?: boolean;
  /** It came back a moment ago and had its part of the calls already: the others stood to choose. */
  slowStart?: true;
}

/** What a strategy went by beside the figures; with them its pick can be worked out again. */
export interface PickBasis {
  /** Its place in the rotation. */
  position?: number;
  /** The number in [0, 1) that was drawn: by `random`, and among those with an equal load. */
  drawn?: number;
  /** `prompt-cache`: a 32-bit hash of what the prompt begins with. */
  prefix?: number;
  /** `prompt-cache`: where the prefix went when its home had no room. */
  settled?: string;
  /** `prompt-cache`: that one had no room either; it goes to whoever has. */
  crowded?: boolean;
}

/** One decision of a call: an endpoint picked for an attempt, a wait, or the end because nothing more could be tried. */
export interface Decision {
  /** When it was made, in ms since the call's start. */
  ms: number;
  /** Those the endpoint was picked from, in the pool's order; the first 20 of them where there are more. */
  eligible: string[];
  /** How many more there were. */
  more?: number;
  /** What they were judged by: those of `eligible`; where more than 16 stood to choose and a strategy by load took the better of two, these two. */
  figures?: CandidateFigures[];
  /** What the strategy went by besides. */
  basis?: PickBasis;
  /** All others of the pool, with the reason; the first 20 of them where there are more. */
  excluded: ExclusionReport[];
  /** Who was picked; `undefined` = nobody. */
  picked: string | undefined;
  /** How long the call waited, in ms; while it waits, how long it is going to. */
  waitMs?: number;
  /** What decided: the strategy's name, `pinned`, `bound`, `session`, `preferred`, `same endpoint`, `panic`, `last resort`, `rescue`, `hedge`, `lookup`; what the call waits for; or why it ends. */
  reason?: string;
  /** The model asked, where it is another than the call's own. */
  model?: string;
  /** Extra attempts that the pool's retry budget had left; told from a call's second decision on, `undefined` = no budget is set. */
  budget?: number;
}
