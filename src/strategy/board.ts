/** What strategies by load keep about one list of candidates: their shares, and where to find what each showed of late. */
import { Shares } from './shares.ts';
import type { Candidate, StrategyCall, Timing, TrackRecord } from './strategy.ts';

/** One list of candidates. The records it finds are those of one model at a time, since a pool's list is for one. */
export class Board {
  readonly candidates: readonly Candidate[];
  readonly shares: Shares;
  #model: string | undefined;
  #operation = '';
  #records: Array<TrackRecord | undefined> = [];
  #streams: Array<Timing | undefined> = [];
  #plain: Array<Timing | undefined> = [];

  constructor(candidates: readonly Candidate[]) {
    this.candidates = candidates;
    this.shares = new Shares(candidates);
  }

  /** A pick begins. */
  begin({ model, operation }: StrategyCall): void {
    if (model === this.#model && operation === this.#operation) return;
    this.#model = model;
    this.#operation = operation;
    const { length } = this.candidates;
    this.#records = new Array(length).fill(undefined);
    this.#streams = new Array(length).fill(undefined);
    this.#plain = new Array(length).fill(undefined);
  }

  /** The track record of the candidate at this place; `undefined` before its first attempt. */
  record(place: number, call: StrategyCall): TrackRecord | undefined {
    return this.#records[place] ?? this.#find(place, call);
  }

  /** What calls of this kind take, by place: filled in for the first `count` of `places`. */
  timings(call: StrategyCall, places: Uint32Array, count: number): ReadonlyArray<Timing | undefined> {
    const timings = call.stream ? this.#streams : this.#plain;
    for (let i = 0; i < count; i++)
      if (timings[places[i] as number] === undefined) this.#find(places[i] as number, call);
    return timings;
  }

  #find(place: number, call: StrategyCall): TrackRecord | undefined {
    const found = (this.candidates[place] as Candidate).trackRecord?.(call);
    if (!found) return undefined;
    this.#records[place] = found;
    this.#streams[place] = found.streams;
    this.#plain[place] = found.plain;
    return found;
  }
}
