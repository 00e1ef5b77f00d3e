/**
 * The picker of all strategies by load: looks at everybody in a small pool and at two drawn by weight in a large one.
 * Why two are enough: the better of two keeps the longest queue almost as short as a full scan does, in constant time, and
 * many processes that see the same figures do not all run to the same endpoint.
 */
import { systemClock } from '../clock.ts';
import { Board, Comparison } from './comparison.ts';
import type { LoadMetric } from './load-metrics.ts';
import { perList } from './per-list.ts';
import type { Candidate, Strategy, TrackRecord } from './strategy.ts';

/** Up to so many candidates all are compared. */
const SCANNED = 16;
/** An endpoint that fails quickly is idle most of the time: its failures must outweigh any load. */
const AVOIDED = 1e9;
/** Only whoever fails so much more often than the best is avoided: when all fail, to run from one to the other helps nobody. */
const WORSE = { times: 2, share: 0.2 };
/** So often another second one is drawn when it is the first again. */
const DRAWS = 3;

/** Settings of a strategy by load. */
export interface LeastLoadedOptions {
  /** Shown in snapshots. @default 'least-loaded' */
  readonly name?: string;
  /** A number in [0, 1), for ties and draws. @default the clock's */
  readonly chance?: () => number;
}

/**
 * Sends each call to the endpoint with the smallest load per `weight`; equal ones share calls out by weight. All are compared
 * up to 16, the better of two drawn by weight above. Whoever failed of late is left alone for a moment, whatever its load.
 * @example leastLoaded(({ name, inFlight }) => (inFlight + 1) * price[name], { name: 'by-price' })
 */
export function leastLoaded(
  metric: LoadMetric,
  { name = 'least-loaded', chance = systemClock.random }: LeastLoadedOptions = {},
): Strategy {
  const boardOf = perList((candidates) => new Board(candidates));
  const loads = new Float64Array(SCANNED);
  const compared = new Comparison();
  const isAvoided = (record: TrackRecord | undefined): boolean =>
    record !== undefined &&
    record.avoidUntil > compared.now &&
    record.failing > WORSE.times * compared.leastFailing + WORSE.share;
  const loadOf = (candidates: readonly Candidate[], board: Board, place: number): number => {
    const record = board.record(place, compared.call);
    compared.record = record;
    const load = metric(candidates[place] as Candidate, compared);
    const perWeight = (load + (isAvoided(record) ? AVOIDED : 0)) / (board.shares.weights[place] as number);
    // What is no number says nothing for the endpoint.
    return Number.isNaN(perWeight) ? Number.POSITIVE_INFINITY : perWeight;
  };
  const scan = (candidates: readonly Candidate[], board: Board): Candidate => {
    const { length } = candidates;
    const { weights } = board.shares;
    let least = Number.POSITIVE_INFINITY;
    let found = -1;
    let tied = 0;
    for (let place = 0; place < length; place++) {
      const weight = weights[place] as number;
      if (weight === 0) continue;
      const load = loadOf(candidates, board, place);
      loads[place] = load;
      if (load < least || found < 0) {
        least = load;
        found = place;
        tied = weight;
      } else if (load === least) tied += weight;
    }
    if (tied === weights[found]) return candidates[found] as Candidate;
    let left = chance() * tied;
    for (let place = found; place < length; place++) {
      if (loads[place] !== least || weights[place] === 0) continue;
      found = place;
      left -= weights[place] as number;
      if (left < 0) break;
    }
    return candidates[found] as Candidate;
  };
  const betterOfTwo = (candidates: readonly Candidate[], board: Board): Candidate => {
    const { shares } = board;
    const first = shares.place(chance());
    let second = first;
    for (let draw = 0; draw < DRAWS && second === first; draw++) second = shares.place(chance());
    compared.between(first, second);
    const better = second !== first && loadOf(candidates, board, second) < loadOf(candidates, board, first);
    return candidates[better ? second : first] as Candidate;
  };
  return {
    name,
    pick(candidates, call) {
      const board = boardOf(candidates);
      board.begin(call);
      compared.begin(board, call);
      return candidates.length <= SCANNED ? scan(candidates, board) : betterOfTwo(candidates, board);
    },
  };
}
