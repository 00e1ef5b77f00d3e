/** When the endpoints of a process were last heard of: tells an endpoint that has gone silent from a network that has. */

/** What an endpoint shares with the others of its process. */
export interface Others {
  /** Called when it has more room than before. */
  readonly freed?: () => void;
  readonly answers?: Answers;
  /** When a call last succeeded at one of them, in monotonic ms. */
  readonly success?: { at: number };
}

/** The last endpoint that was heard of, and the last other one. */
export class Answers {
  #last: object | undefined;
  #lastAt = 0;
  #other: object | undefined;
  #otherAt = 0;

  /** Something came from an endpoint. @param at monotonic ms. */
  note(who: object, at: number): void {
    if (this.#last !== who) {
      this.#other = this.#last;
      this.#otherAt = this.#lastAt;
      this.#last = who;
    }
    this.#lastAt = at;
  }

  /** True when something came from another endpoint since `time`. */
  byOthersSince(who: object, time: number): boolean {
    if (this.#last !== who) return this.#last !== undefined && this.#lastAt > time;
    return this.#other !== undefined && this.#otherAt > time;
  }
}
