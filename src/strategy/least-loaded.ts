/**
 * The picker of all strategies by load: looks at everybody in a small pool and at two drawn by weight in a large one.
 * Why two are enough: the better of two keeps the longest queue almost as short as a full scan does, in constant time, and
 * many processes that see the same figures do not all run to the same endpoint.
 */
import { systemClock } from '../clock.ts';
import { Board } from './board.ts';
import type { Compared, LoadMetric, Measure } from './load-metrics.ts';
import { perList } from './per-list.ts';
import type { Candidate, PickNote, Strategy, StrategyCall } from './strategy.ts';

/** Up to so many candidates all are compared. */
export const SCANNED = 16;
const ALL = Uint32Array.from({ length: SCANNED }, (_, place) => place);
/** An endpoint that fails quickly is idle most of the time: its failures must outweigh any load. */
export const AVOIDED = 1e9;
/** Only whoever fails so much more often than the best is avoided: when all fail, to run from one to the other helps nobody. */
const WORSE = { times: 2, share: 0.2 };
/** So often another second one is drawn when it is the first again. */
const DRAWS = 3;

/** Is the candidate at this place failing, and much more than the best of those it is compared with? */
function isAvoided(board: Board, call: StrategyCall, place: number, places: Uint32Array, count: number): boolean {
  const record = board.record(place, call);
  if (!record || record.avoidUntil === 0 || record.avoidUntil <= call.now) return false;
  let least = 1;
  for (let i = 0; i < count; i++) {
    const other = places[i] as number;
    if (board.shares.weights[other] !== 0) least = Math.min(least, board.record(other, call)?.failing ?? 0);
  }
  return record.failing > WORSE.times * least + WORSE.share;
}

/** A copy, since the next pick measures in the same place. */
function loadsNoted(loads: Float64Array, length: number): number[] {
  const noted = new Array<number>(length);
  for (let place = 0; place < length; place++) noted[place] = loads[place] as number;
  return noted;
}

/** The picker over a measure. */
export function byMeasure(measure: Measure, name: string, chance: () => number): Strategy {
  const boardOf = perList((candidates) => new Board(candidates));
  const loads = new Float64Array(SCANNED);
  const two = new Uint32Array(2);
  /** The place of the smallest of `loads` per weight; one of them by weight when several are. */
  const least = ({ shares: { weights } }: Board, length: number, note: PickNote | undefined): number => {
    if (note) note.loads = loadsNoted(loads, length);
    let smallest = Number.POSITIVE_INFINITY;
    let found = -1;
    let tied = 0;
    for (let place = 0; place < length; place++) {
      const weight = weights[place] as number;
      if (weight === 0) continue;
      const load = (loads[place] as number) / weight;
      // What is no number says nothing for the endpoint.
      loads[place] = Number.isNaN(load) ? Number.POSITIVE_INFINITY : load;
      if (load < smallest || found < 0) {
        smallest = loads[place] as number;
        found = place;
        tied = weight;
      } else if (loads[place] === smallest) tied += weight;
    }
    if (tied === weights[found]) return found;
    const drawn = chance();
    if (note) note.drawn = drawn;
    let left = drawn * tied;
    for (let place = found; place < length; place++) {
      if (loads[place] !== smallest || weights[place] === 0) continue;
      found = place;
      left -= weights[place] as number;
      if (left < 0) break;
    }
    return found;
  };
  const leastOfAll = (board: Board, call: StrategyCall): number => {
    const { length } = board.candidates;
    measure(board, call, ALL, length, loads);
    const found = least(board, length, call.note);
    // Rare, so only who is about to be taken is asked for failures.
    if (!isAvoided(board, call, found, ALL, length)) return found;
    measure(board, call, ALL, length, loads);
    for (let place = 0; place < length; place++)
      if (isAvoided(board, call, place, ALL, length)) loads[place] = (loads[place] as number) + AVOIDED;
    return least(board, length, call.note);
  };
  const betterOfTwo = (board: Board, call: StrategyCall): number => {
    const { shares } = board;
    const { weights } = shares;
    const first = shares.place(chance());
    let second = first;
    for (let draw = 0; draw < DRAWS && second === first; draw++) second = shares.place(chance());
    const places = second === first ? [first] : [first, second];
    if (call.note) call.note.among = places.map((place) => board.candidates[place] as Candidate);
    if (second === first) return first;
    two[0] = first;
    two[1] = second;
    measure(board, call, two, 2, loads);
    const isSecond =
      (loads[1] as number) / (weights[second] as number) < (loads[0] as number) / (weights[first] as number);
    const better = isSecond ? second : first;
    const other = isSecond ? first : second;
    const avoided = isAvoided(board, call, better, two, 2);
    if (avoided) loads[isSecond ? 1 : 0] = Number.POSITIVE_INFINITY;
    if (call.note) call.note.loads = loadsNoted(loads, 2);
    return avoided ? other : better;
  };
  return {
    name,
    pick(candidates, call) {
      const board = boardOf(candidates);
      board.begin(call);
      const place = candidates.length <= SCANNED ? leastOfAll(board, call) : betterOfTwo(board, call);
      return candidates[place] as Candidate;
    },
  };
}

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
  const about = { board: undefined as unknown as Board, call: undefined as unknown as StrategyCall, place: 0, now: -1 };
  const compared: Compared = {
    get call() {
      return about.call;
    },
    get now() {
      // Looking at the clock takes as long as looking at ten candidates.
      if (about.now < 0) about.now = about.call.now;
      return about.now;
    },
    get record() {
      return about.board.record(about.place, about.call);
    },
  };
  const measure: Measure = (board, call, places, count, loads) => {
    about.board = board;
    about.call = call;
    about.now = -1;
    for (let i = 0; i < count; i++) {
      about.place = places[i] as number;
      loads[i] = metric(board.candidates[about.place] as Candidate, compared);
    }
  };
  return byMeasure(measure, name, chance);
}
