/** Why a call went where it went: what `dispatch/decisions` writes down of each pick and each wait, as plain data. */

/** An endpoint that did not stand to choose, and why. */
export interface ExclusionReport {
  /** Name of the endpoint. */
  endpoint: string;
  reason: string;
}

/** One decision of a call: an endpoint picked for an attempt, a wait, or the end because nobody was left. */
export interface Decision {
  /** When it was made, in ms since the call's start. */
  ms: number;
  /** Those the endpoint was picked from, in the pool's order; the first of them where there are many. */
  eligible: string[];
  /** All others of the pool, with the reason; the first of them where there are many. */
  excluded: ExclusionReport[];
  /** Who was picked; `undefined` = nobody. */
  picked: string | undefined;
  /** How long the call waited, in ms; while it waits, how long it is going to. */
  waitMs?: number;
  /** What decided: the strategy's name, `pinned`, `session`, `preferred`, `same endpoint`, `panic`, `last resort`, `rescue`, `hedge`, `lookup`; or what the call waits for. */
  reason?: string;
  /** The model asked, where it is another than the call's own. */
  model?: string;
}
