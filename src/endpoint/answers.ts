/** When the endpoints of a process were last heard of: tells an endpoint that has gone silent from a network that has. */

/** What an endpoint shares with the others of its process. */
export interface Others {
  /** Called when it has more room than before. */
  readonly freed?: () => void;
  readonly answers?: Answers;
}

interface Heard {
  readonly who: object;
  readonly at: number;
}

/** The last endpoint that was heard of, and the last other one. */
export class Answers {
  #last: Heard | undefined;
  #other: Heard | undefined;

  /** Something came from an endpoint. @param at monotonic ms. */
  note(who: object, at: number): void {
    if (this.#last && this.#last.who !== who) this.#other = this.#last;
    this.#last = { who, at };
  }

  /** True when something came from another endpoint since `time`. */
  byOthersSince(who: object, time: number): boolean {
    const heard = this.#last?.who === who ? this.#other : this.#last;
    return heard !== undefined && heard.at > time;
  }
}
