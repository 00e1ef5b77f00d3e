/** How loaded an endpoint is for a call: what strategies by load differ in. Pure. */
import type { Candidate, StrategyCall, Timing, TrackRecord } from './strategy.ts';

/** What a metric may know beside the candidate. One object for all, filled anew for each: keep nothing of it. */
export interface Compared {
  readonly call: StrategyCall;
  /** Monotonic time in ms. */
  readonly now: number;
  /** The candidate's; `undefined` before its first attempt. */
  readonly record: TrackRecord | undefined;
  /** The quickest of all that are compared on calls of this kind: `time` and `pace` as in `Timing`; 0 = nothing is known of any. */
  readonly quickest: Pick<Timing, 'time' | 'pace'>;
}

/** What a track record says of calls of this kind. */
export function timingOf(record: TrackRecord | undefined, { stream }: StrategyCall): Timing | undefined {
  return stream ? record?.streams : record?.plain;
}

/** How loaded a candidate is; less is better, 0 is idle. Compared per weight. */
export type LoadMetric = (candidate: Candidate, compared: Compared) => number;

/** The calls now running there; a stream counts until its end. */
export const inFlight: LoadMetric = (candidate) => candidate.inFlight;

/** Up to this multiple of the quickest, endpoints count as equally quick: less is chance, and to follow it is to herd. */
const BAND = 2;
/** After this long without a new answer half of what made an endpoint slow is forgotten, in ms. */
const FORGIVEN = 120_000;
/** A call that runs where nothing is known yet counts as so many. */
const UNKNOWN = 4;

/**
 * The calls now running, times the square of how much slower than twice the quickest one the endpoint is: by what it took of
 * late, or by how long it has been silent while calls wait.
 * Why the square: a call that is ten times as slow is in flight ten times as long, which alone would still leave a slow
 * endpoint enough calls to be the slowest in a hundred.
 * Why a band and no product of load and time: near saturation each call makes its endpoint slower, and a load that grows with
 * it drives all calls to and fro.
 */
export const slowness: LoadMetric = (candidate, { record, call, now, quickest }) => {
  const running = candidate.inFlight;
  const timing = timingOf(record, call);
  if (quickest.time === 0 || (running === 0 && !timing)) return running;
  const known = timing !== undefined && timing.time > 0;
  let factor = known || running === 0 ? 1 : UNKNOWN;
  if (timing) {
    const slower = timing.pace / (BAND * quickest.pace);
    if (slower > 1) factor = 1 + (slower * slower - 1) * 2 ** ((timing.learnedAt - now) / FORGIVEN);
    const silent = (now - timing.silentSince) / (BAND * quickest.time);
    if (silent > 1) factor = Math.max(factor, silent * silent);
  }
  return (running + 1) * factor - 1;
};
