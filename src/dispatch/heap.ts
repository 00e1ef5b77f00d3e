/** A binary heap: the least first, in O(log n). For calls that wait, of whom any may leave at any time. */

/** A heap of items. `less` decides who comes first. */
export class Heap<Item> {
  #items: Item[] = [];
  readonly #less: (a: Item, b: Item) => boolean;

  constructor(less: (a: Item, b: Item) => boolean) {
    this.#less = less;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first one, left where it is. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** Puts one in. */
  push(item: Item): void {
    const items = this.#items;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#less(item, items[parent] as Item)) break;
      items[index] = items[parent] as Item;
      index = parent;
    }
    items[index] = item;
  }

  /** Takes the first one out. */
  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as Item, 0);
    return first;
  }

  #sink(item: Item, from: number): void {
    const items = this.#items;
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#less(items[child + 1] as Item, items[child] as Item)) child += 1;
      if (!this.#less(items[child] as Item, item)) break;
      items[index] = items[child] as Item;
      index = child;
    }
    items[index] = item;
  }

  /** Keeps only those. */
  keep(these: (item: Item) => boolean): void {
    const kept = this.#items.filter(these);
    this.#items = [];
    for (const item of kept) this.push(item);
  }
}
