/** How far each member has come: the number of the last thing it did. Bounded; who did nothing for longest is forgotten first. */

/** Members that are remembered. */
const LIMIT = 1_000;

/** The last number of each member. */
export class Progress {
  readonly #last = new Map<string, number>();

  /** Whether this was done, or something after it. */
  has(member: string, number: number): boolean {
    return (this.#last.get(member) ?? 0) >= number;
  }

  /** It has come as far as this. */
  note(member: string, number: number): void {
    const before = this.#last.get(member) ?? 0;
    this.#last.delete(member);
    this.#last.set(member, Math.max(before, number));
    if (this.#last.size > LIMIT) this.#last.delete(this.#last.keys().next().value as string);
  }

  [Symbol.iterator](): IterableIterator<[string, number]> {
    return this.#last[Symbol.iterator]();
  }
}
