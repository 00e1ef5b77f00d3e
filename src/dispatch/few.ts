/** A set that hardly ever has more than one member: most calls are tried once, and nothing goes wrong. */
export class Few<Member extends object> implements Iterable<Member> {
  #first: Member | undefined;
  #others: Set<Member> | undefined;

  get size(): number {
    return this.#first ? 1 + (this.#others?.size ?? 0) : 0;
  }

  has(member: Member): boolean {
    return member === this.#first || (this.#others?.has(member) ?? false);
  }

  add(member: Member): void {
    if (!this.#first) this.#first = member;
    else if (member !== this.#first) {
      this.#others ??= new Set();
      this.#others.add(member);
    }
  }

  delete(member: Member): void {
    if (member !== this.#first) this.#others?.delete(member);
    else {
      const [next] = this.#others ?? [];
      this.#first = next;
      if (next) this.#others?.delete(next);
    }
  }

  clear(): void {
    this.#first = undefined;
    this.#others = undefined;
  }

  /** In the order in which they were added. */
  *[Symbol.iterator](): Iterator<Member> {
    if (this.#first) yield this.#first;
    if (this.#others) yield* this.#others;
  }
}
