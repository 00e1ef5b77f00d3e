/** How loaded endpoints are for a call: what strategies by load differ in. Pure. */
import type { Board } from './board.ts';
import type { Candidate, StrategyCall, TrackRecord } from './strategy.ts';

/** What a metric may know beside the candidate. One object for all, and each fact is looked for when it is read: keep nothing of it. */
export interface Compared {
  readonly call: StrategyCall;
  /** Monotonic time in ms. */
  readonly now: number;
  /** The candidate's; `undefined` before its first attempt. */
  readonly record: TrackRecord | undefined;
}

/** How loaded a candidate is; less is better, 0 is idle. Compared per weight. */
export type LoadMetric = (candidate: Candidate, compared: Compared) => number;

/**
 * The loads of several candidates at once. Why not one by one: a metric may depend on what the others show, and one call for
 * all costs a small part of one for each.
 * @param places which of the board's candidates, the first `count` of them
 * @param loads where the load of each is written, in the same order
 */
export type Measure = (
  board: Board,
  call: StrategyCall,
  places: Uint32Array,
  count: number,
  loads: Float64Array,
) => void;

/** The calls now running there; a stream counts until its end. */
export const inFlight: Measure = ({ candidates }, _, places, count, loads) => {
  for (let i = 0; i < count; i++) loads[i] = (candidates[places[i] as number] as Candidate).inFlight;
};

/** Up to this multiple of the quickest, endpoints count as equally quick: less is chance, and to follow it is to herd. */
const BAND = 2;
/** After this long without a new answer half of what made an endpoint slow is forgotten, in ms. */
const FORGIVEN = 120_000;
/** A call that runs where nothing is known yet counts as so many. */
const UNKNOWN = 4;

/**
 * The calls now running, times the square of how much slower than twice the quickest one the endpoint is: by what it took of
 * late, or by how long it has been silent while calls wait.
 * Why a band and no product of load and time: near saturation each call makes its endpoint slower, and a load that grows with
 * it drives all calls to and fro. Why the square: a call that is ten times as slow is in flight ten times as long, which alone
 * would still leave a slow endpoint enough calls to be the slowest in a hundred.
 */
export const slowness: Measure = (board, call, places, count, loads) => {
  const { candidates } = board;
  const timings = board.timings(call, places, count);
  let quickest = 0;
  let briskest = 0;
  for (let i = 0; i < count; i++) {
    const timing = timings[places[i] as number];
    if (!timing || timing.time === 0 || board.shares.weights[places[i] as number] === 0) continue;
    if (quickest === 0 || timing.time < quickest) quickest = timing.time;
    if (briskest === 0 || timing.pace < briskest) briskest = timing.pace;
  }
  if (quickest === 0) return inFlight(board, call, places, count, loads);
  if (call.note)
    call.note.also = { latencies: Array.from({ length: count }, (_, i) => timings[places[i] as number]?.time ?? 0) };
  const { now } = call;
  const band = BAND * briskest;
  const patience = BAND * quickest;
  for (let i = 0; i < count; i++) {
    const place = places[i] as number;
    const running = (candidates[place] as Candidate).inFlight;
    const timing = timings[place];
    let factor = 1;
    if (timing === undefined || timing.time === 0) factor = running === 0 ? 1 : UNKNOWN;
    else if (timing.pace > band) {
      const slower = timing.pace / band;
      factor = 1 + (slower * slower - 1) * 2 ** ((timing.learnedAt - now) / FORGIVEN);
    }
    if (timing !== undefined && timing.silentSince !== 0 && now - timing.silentSince > patience) {
      const silent = (now - timing.silentSince) / patience;
      factor = Math.max(factor, silent * silent);
    }
    loads[i] = (running + 1) * factor - 1;
  }
};
