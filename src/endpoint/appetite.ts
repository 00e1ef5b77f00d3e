/** How much of a shared limit one process draws at a time: what it will use within a moment, as far as what it lately used tells. Pure. */

/** Over which time use is reckoned, in ms. */
const MEMORY = 1_000;
/** What is drawn lasts so long while there is plenty, in ms. */
const AHEAD = 1_000;
/** More is drawn when what is there lasts less than this, in ms. */
const LOW = 200;
/** Where everybody wants more than there is: what fills in so many ms at a time, in turns. */
const TURN = 50;
/** Where one call takes longer than this to fill, in ms, none is kept for later while there is little left. */
const LONG = 100;
/** Weight of what calls took before. */
const FORGETS = 0.9;

/** What a process lately used of a limit. */
export class Usage {
  #sum = 0;
  #at = 0;
  #typical = 0;

  /** What one call takes, rather more than less; 0 = nobody knows. */
  get typical(): number {
    return this.#typical;
  }

  /** So much was taken, or given back. */
  note(amount: number, now: number): void {
    this.#sum = Math.max(0, this.#fade(now) + amount);
    if (amount > 0) this.#typical = Math.max(amount, this.#typical * FORGETS);
  }

  /** Used per ms. */
  rate(now: number): number {
    return this.#fade(now) / MEMORY;
  }

  /** More is drawn when less than this is there. @param rate filled per ms. @param plenty there is much left for all. */
  low(rate: number, plenty: boolean, now: number): number {
    const soon = this.rate(now) * LOW;
    if (soon >= this.#typical) return soon;
    // Less than a call is of use to nobody.
    return plenty || this.#typical / rate <= LONG ? this.#typical : 0;
  }

  #fade(now: number): number {
    if (now > this.#at) {
      this.#sum *= Math.exp((this.#at - now) / MEMORY);
      this.#at = now;
    }
    return this.#sum;
  }
}

/** A limit as its shares depend on it. */
export interface Shared {
  /** Filled per ms. */
  readonly rate: number;
  /** What is left for all. */
  readonly left: number;
  /** How many use it. */
  readonly processes: number;
  /** Does a call wait for what it lacks? */
  readonly waits: boolean;
}

/** What is drawn at a time. Why a call that waits gets what it lacks and no more: parts of a call, in each process, add up. */
export function blockOf(usage: Usage, { rate, left, processes, waits }: Shared, now: number): number {
  const least = Math.max(rate * TURN, waits ? 0 : usage.typical);
  return Math.max(least, Math.min(usage.rate(now) * AHEAD, left / (2 * processes)));
}
