/** A map that hardly ever has more than one entry: most endpoints are asked for one model, by one operation. Of a thousand, that counts. */
export class FewNames<Value extends object | number> implements Iterable<[string, Value]> {
  #name = '';
  #value: Value | undefined;
  #others: Map<string, Value> | undefined;

  get size(): number {
    return this.#value === undefined ? 0 : 1 + (this.#others?.size ?? 0);
  }

  get(name: string): Value | undefined {
    return name === this.#name && this.#value !== undefined ? this.#value : this.#others?.get(name);
  }

  set(name: string, value: Value): void {
    if (this.#value === undefined || name === this.#name) {
      this.#name = name;
      this.#value = value;
    } else {
      this.#others ??= new Map();
      this.#others.set(name, value);
    }
  }

  delete(name: string): void {
    if (name !== this.#name) this.#others?.delete(name);
    else {
      const [next] = this.#others ?? [];
      this.#name = next?.[0] ?? '';
      this.#value = next?.[1];
      if (next) this.#others?.delete(next[0]);
    }
  }

  /** In the order in which they were added. */
  *[Symbol.iterator](): Iterator<[string, Value]> {
    if (this.#value !== undefined) yield [this.#name, this.#value];
    if (this.#others) yield* this.#others;
  }
}
