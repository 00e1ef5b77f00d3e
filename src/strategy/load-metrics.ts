/** How loaded an endpoint is for a call: what strategies by load differ in. Pure. */
import type { Candidate, StrategyCall, TrackRecord } from './strategy.ts';

/** What a metric may know beside the candidate. One object for all, filled anew for each: keep nothing of it. */
export interface Compared {
  readonly call: StrategyCall;
  /** Monotonic time in ms. */
  readonly now: number;
  /** The candidate's; `undefined` before its first attempt. */
  readonly record: TrackRecord | undefined;
}

/** How loaded a candidate is; less is better, 0 is idle. Compared per weight. */
export type LoadMetric = (candidate: Candidate, compared: Compared) => number;

/** The calls now running there; a stream counts until its end. */
export const inFlight: LoadMetric = (candidate) => candidate.inFlight;
