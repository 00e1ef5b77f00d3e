/**
 * Says whether an endpoint carries more than its fair share of the calls now running. Keeps affinity from overloading a home.
 * Why two looks: what runs at one moment is a small number, and a few calls more than fair are chance; sending a conversation
 * elsewhere for that costs its cache. So an excess of some calls passes, unless the endpoint carries too much on average.
 */
import type { Candidate } from './strategy.ts';

/** The calls running on an endpoint may exceed its fair share by a quarter; their average by a little less, so that this holds in the end. */
const [MOMENT, LASTING] = [1.25, 1.22];
/** An endpoint with no more calls in flight on average is nearly idle. */
const IDLE = 1.5;
/** Up to so many candidates are looked at with each pick; of more, a few in turn: a mean over many hardly moves meanwhile. */
const [ALL, SOME] = [16, 4];
/** How much of an average each look replaces. */
const GAIN = 1 / 64;

interface Average {
  value: number;
}

/** Belongs to the endpoint: a list of candidates lasts only until somebody's eligibility changes. */
const averages = new WeakMap<Candidate, Average>();

function averageOf(candidate: Candidate): Average {
  let average = averages.get(candidate);
  if (!average) {
    average = { value: candidate.inFlight };
    averages.set(candidate, average);
  }
  return average;
}

/** The fair shares of one list of candidates. */
export class FairShare {
  readonly #candidates: readonly Candidate[];
  readonly #averages: readonly Average[];
  readonly #shares: readonly number[];
  /** Of all candidates, as of the last time round. */
  #running = 0;
  #average = 0;
  /** Of this time round so far. */
  #next = 0;
  #runningSoFar = 0;
  #averageSoFar = 0;

  constructor(candidates: readonly Candidate[]) {
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    this.#candidates = candidates;
    this.#shares = candidates.map(({ weight }) => (total > 0 ? weight / total : 1 / candidates.length));
    this.#averages = candidates.map(averageOf);
    this.#visit(candidates.length, 0);
  }

  /** Sees what runs now. To be called before the questions of each pick. */
  look(): void {
    const { length } = this.#candidates;
    this.#visit(length <= ALL ? length : SOME, GAIN);
  }

  #visit(times: number, gain: number): void {
    const candidates = this.#candidates;
    const averages = this.#averages;
    let next = this.#next;
    let running = this.#runningSoFar;
    let sum = this.#averageSoFar;
    for (let left = times; left > 0; left--) {
      const { inFlight } = candidates[next] as Candidate;
      const average = averages[next] as Average;
      average.value += gain * (inFlight - average.value);
      running += inFlight;
      sum += average.value;
      next += 1;
      if (next < candidates.length) continue;
      this.#running = running;
      this.#average = sum;
      next = running = sum = 0;
    }
    this.#next = next;
    this.#runningSoFar = running;
    this.#averageSoFar = sum;
  }

  /** Calls in flight on all candidates. */
  get running(): number {
    return this.#running;
  }

  #fair(index: number): number {
    return MOMENT * (this.#running + 1) * (this.#shares[index] as number);
  }

  /** Has the candidate at this place room for one more call within its fair share? One that is idle always has. */
  readonly hasRoom = (index: number): boolean =>
    (this.#candidates[index] as Candidate).inFlight + 1 <= Math.max(1, this.#fair(index));

  /** May it take one more call whose cache it has? Some more than fair, as long as its average is. */
  readonly allows = (index: number): boolean => {
    if (this.hasRoom(index)) return true;
    const share = this.#shares[index] as number;
    const then = (this.#candidates[index] as Candidate).inFlight + 1;
    const fair = this.#fair(index);
    const chance = Math.max(2, 1.5 * Math.sqrt(fair));
    const average = (this.#averages[index] as Average).value;
    return then <= fair + chance && average <= Math.max(IDLE, LASTING * this.#average * share);
  };
}

const shares = new WeakMap<readonly Candidate[], FairShare>();

/** The fair shares of this list; `look` before asking. */
export function fairShareOf(candidates: readonly Candidate[]): FairShare {
  let share = shares.get(candidates);
  if (!share) {
    share = new FairShare(candidates);
    shares.set(candidates, share);
  }
  return share;
}
