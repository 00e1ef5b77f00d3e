/**
 * The picker of all strategies by load: looks at everybody in a small pool and at two drawn by weight in a large one.
 * Why two are enough: the better of two keeps the longest queue almost as short as a full scan does, in constant time, and
 * many processes that see the same figures do not all run to the same endpoint.
 */
import { systemClock } from '../clock.ts';
import type { Compared, LoadMetric } from './load-metrics.ts';
import { perList } from './per-list.ts';
import { Shares } from './shares.ts';
import type { Candidate, Strategy, StrategyCall, TrackRecord } from './strategy.ts';

/** Up to so many candidates all are compared. */
const SCANNED = 16;
/** An endpoint that fails quickly is idle most of the time: its failures must outweigh any load. */
const AVOIDED = 1e9;
/** So often another second one is drawn when it is the first again. */
const DRAWS = 3;

/** What is kept about one list of candidates. */
class Board {
  readonly shares: Shares;
  #model: string | undefined;
  #operation = '';
  #records: Array<TrackRecord | undefined> = [];
  readonly #candidates: readonly Candidate[];

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates;
    this.shares = new Shares(candidates);
  }

  /** The records are those of one model at a time: a pool's list is for one. */
  begin({ model, operation }: StrategyCall): void {
    if (model === this.#model && operation === this.#operation) return;
    this.#model = model;
    this.#operation = operation;
    this.#records = new Array(this.#candidates.length).fill(undefined);
  }

  /** The track record of the candidate at this place. */
  record(place: number, call: StrategyCall): TrackRecord | undefined {
    const known = this.#records[place];
    if (known) return known;
    const found = (this.#candidates[place] as Candidate).trackRecord?.(call);
    this.#records[place] = found;
    return found;
  }
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
  const boardOf = perList((candidates) => new Board(candidates));
  const loads = new Float64Array(SCANNED);
  const compared: { -readonly [Fact in keyof Compared]: Compared[Fact] } = {
    call: undefined as never,
    now: 0,
    record: undefined,
  };
  const loadOf = (candidates: readonly Candidate[], board: Board, place: number): number => {
    const record = board.record(place, compared.call);
    compared.record = record;
    const load = metric(candidates[place] as Candidate, compared);
    const avoided = record !== undefined && record.avoidUntil > compared.now ? AVOIDED : 0;
    const perWeight = (load + avoided) / (board.shares.weights[place] as number);
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
    const better = second !== first && loadOf(candidates, board, second) < loadOf(candidates, board, first);
    return candidates[better ? second : first] as Candidate;
  };
  return {
    name,
    pick(candidates, call) {
      const board = boardOf(candidates);
      board.begin(call);
      compared.call = call;
      compared.now = call.now;
      return candidates.length <= SCANNED ? scan(candidates, board) : betterOfTwo(candidates, board);
    },
  };
}
