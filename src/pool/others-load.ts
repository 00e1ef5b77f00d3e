/** What other processes have running on endpoints, as they told; who is silent for too long counts no more. */

/** Whoever has calls running says so at least this often, in ms. */
export const SAID_AGAIN = 5_000;
/** After this long without a word its calls are over, or it is. */
const SILENT = 3 * SAID_AGAIN;
/** Processes kept apart for one endpoint. */
const LIMIT = 1_000;

/** An endpoint's state, as far as this file goes. */
export interface Loaded {
  elsewhere: number;
}

/** The load of others. */
export class OthersLoad {
  readonly #told = new Map<Loaded, Map<string, { running: number; until: number }>>();

  /** Whether others have anything running. */
  get some(): boolean {
    return this.#told.size > 0;
  }

  /** A process told how many attempts it has running. */
  note(state: Loaded, from: string, running: number, now: number): void {
    const told = this.#told.get(state) ?? new Map<string, { running: number; until: number }>();
    if (running === 0) told.delete(from);
    else if (told.size < LIMIT || told.has(from)) told.set(from, { running, until: now + SILENT });
    if (told.size > 0) this.#told.set(state, told);
    else this.#told.delete(state);
    this.#sum(state);
  }

  /** Forgets who was silent for too long. */
  sweep(now: number): void {
    for (const [state, told] of this.#told) {
      for (const [from, { until }] of told) if (until <= now) told.delete(from);
      if (told.size === 0) this.#told.delete(state);
      this.#sum(state);
    }
  }

  /** Forgets all of an endpoint, or of everybody. */
  clear(state?: Loaded): void {
    for (const each of state ? [state] : [...this.#told.keys()]) {
      this.#told.delete(each);
      this.#sum(each);
    }
  }

  #sum(state: Loaded): void {
    let sum = 0;
    for (const { running } of this.#told.get(state)?.values() ?? []) sum += running;
    state.elsewhere = sum;
  }
}
