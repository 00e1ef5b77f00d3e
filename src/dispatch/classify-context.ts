/** What the verdict table is told besides the outcome itself. */
import type { FailoverReason } from '../call/outcome.ts';

/** What the table needs to know besides the outcome. */
export interface ClassifyContext {
  /** Wall clock, for `retry-after` dates. */
  readonly wallNow: number;
  readonly failoverOn: readonly FailoverReason[];
  /** True when the attempt was cut after longer than usual, and nothing was answered at the endpoint in the meantime. */
  readonly slowerThanUsual: boolean;
  /** True when the user named the bound of an attempt himself. */
  readonly ownBound: boolean;
  /** True while the call has not been repeated on this endpoint. */
  readonly mayRepeat: boolean;
  /** True when sending the call twice harms nobody. */
  readonly replayable: boolean;
  /** True when the endpoint answered calls before, so that a connection may have been a used one. */
  readonly answeredBefore: boolean;
  /** True when the endpoint served this operation lately, so that it cannot lack it. */
  readonly serves: boolean;
  /** True when the endpoint served this model within the last minute. */
  readonly servesModel: boolean;
  /** True when the endpoint's credential is a function that may give a fresh one. */
  readonly renewable: boolean;
  /** The endpoint's address, as it was configured. */
  readonly baseURL: string;
}
