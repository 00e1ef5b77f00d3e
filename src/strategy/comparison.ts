/** Those that one pick of a strategy by load compares, and the best of what they showed. Kept per list; a pick allocates nothing. */
import { type Compared, timingOf } from './load-metrics.ts';
import { Shares } from './shares.ts';
import type { Candidate, StrategyCall, Timing, TrackRecord } from './strategy.ts';

/** What is kept about one list of candidates. */
export class Board {
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

/** What a metric is told, filled in anew for each candidate. The best are looked for when somebody asks. */
export class Comparison implements Compared {
  call: StrategyCall = undefined as never;
  now = 0;
  record: TrackRecord | undefined;
  readonly #quickest = { time: 0, pace: 0 };
  #leastFailing = 0;
  #looked = false;
  #board: Board = undefined as never;
  #first = 0;
  #second = -1;

  /** A pick begins, among all. */
  begin(board: Board, call: StrategyCall): void {
    this.#board = board;
    this.call = call;
    this.now = call.now;
    this.#looked = false;
    this.#second = -1;
  }

  /** Only these two are compared. */
  between(first: number, second: number): void {
    this.#first = first;
    this.#second = second;
  }

  get quickest(): Pick<Timing, 'time' | 'pace'> {
    if (!this.#looked) this.#lookAtAll();
    return this.#quickest;
  }

  /** The smallest share of failures among them. */
  get leastFailing(): number {
    if (!this.#looked) this.#lookAtAll();
    return this.#leastFailing;
  }

  #lookAtAll(): void {
    this.#looked = true;
    this.#quickest.time = 0;
    this.#quickest.pace = 0;
    this.#leastFailing = 1;
    if (this.#second >= 0) {
      this.#look(this.#first);
      this.#look(this.#second);
    } else for (let place = 0; place < this.#board.shares.weights.length; place++) this.#look(place);
  }

  #look(place: number): void {
    if (this.#board.shares.weights[place] === 0) return;
    const record = this.#board.record(place, this.call);
    const failing = record?.failing ?? 0;
    if (failing < this.#leastFailing) this.#leastFailing = failing;
    const timing = timingOf(record, this.call);
    if (!timing || timing.time === 0) return;
    const quickest = this.#quickest;
    if (quickest.time === 0 || timing.time < quickest.time) quickest.time = timing.time;
    if (quickest.pace === 0 || timing.pace < quickest.pace) quickest.pace = timing.pace;
  }
}
