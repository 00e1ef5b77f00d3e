/**
 * Several lists read as one: a merge that keeps the order of each list, and goes by time between them. Where an endpoint's own
 * list stands is all that has to be remembered between two pages.
 */

/** An item of a list, as far as merging looks at it. */
export interface Item {
  readonly id?: unknown;
  readonly created_at?: unknown;
  readonly created?: unknown;
  readonly updated_at?: unknown;
}

/** Some items of one list, and whether more follow. */
export interface Part {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** Where a list stands. */
export interface Stand {
  /** Behind the item with this id; `undefined` = nothing of it was shown yet. */
  readonly after: string | undefined;
  /** Nothing can come any more. */
  readonly ended: boolean;
  /** The last item shown of any list while nothing of this one was: what was made since then and sorts before it, was missed. */
  readonly passed?: Item | undefined;
}

/** The beginning of any list. */
export const START: Stand = { after: undefined, ended: false };

/** An id as it stands in a query. Some servers count their objects. */
export function asId(id: unknown): string | undefined {
  return typeof id === 'number' ? String(id) : typeof id === 'string' && id !== '' ? id : undefined;
}

/** The id of an item, if it has one. */
export const idOf = (item: Item | undefined): string | undefined => asId(item?.id);

/** One endpoint's list while it is read. */
export class Lane<Source = unknown> {
  readonly source: Source;
  /** Whether more may follow what is held here. */
  more: boolean;
  /** How many items came at first, when more followed: the endpoint's own measure of a page. */
  pageLength: number | undefined;
  #passed: ((item: Item) => boolean) | undefined;
  readonly #ask: (after: string | undefined) => Promise<Part>;
  #items: readonly Item[] = [];
  #next = 0;
  /** Ids held here and not taken yet. */
  #held = new Set<string>();
  #taken: string | undefined;
  #read: string | undefined;
  #asked = false;

  /** @param ask brings the items behind an id. @param earlier the order in which all lists are read. */
  constructor(source: Source, stand: Stand, earlier: Earlier, ask: (after: string | undefined) => Promise<Part>) {
    const { passed } = stand;
    this.source = source;
    this.#passed = passed && ((item) => earlier(item, passed));
    this.more = !stand.ended;
    this.#taken = stand.after;
    this.#read = stand.after;
    this.#ask = ask;
  }

  /** True when it must be asked before anybody can say what comes next. */
  get dry(): boolean {
    return this.more && this.head === undefined;
  }

  /** What comes next of it. */
  get head(): Item | undefined {
    return this.#items[this.#next];
  }

  /** Where it stands now: behind the last item that was taken. */
  get after(): string | undefined {
    return this.#taken;
  }

  /** True when the item is among those held, but not the next one. */
  holdsBack(id: string): boolean {
    return this.#held.has(id) && idOf(this.head) !== id;
  }

  /** Brings the next part. */
  async fill(): Promise<void> {
    const before = this.#read;
    const { items, more } = await this.#ask(before);
    // Some servers answer with the whole list whatever it is they are asked for.
    const at = before === undefined ? -1 : items.findIndex((item) => idOf(item) === before);
    const fresh = at < 0 ? items : items.slice(at + 1);
    this.#read = fresh.map(idOf).findLast((id) => id !== undefined) ?? before;
    this.more = more && this.#read !== before;
    this.#items = this.#unpassed(fresh);
    this.#next = 0;
    this.#held = new Set(this.#items.flatMap((item) => idOf(item) ?? []));
    if (!this.#asked && this.more) this.pageLength = items.length;
    this.#asked = true;
  }

  #unpassed(items: readonly Item[]): readonly Item[] {
    const passed = this.#passed;
    if (!passed) return items;
    const first = items.findIndex((item) => !passed(item));
    if (first < 0) return [];
    this.#passed = undefined;
    return items.slice(first);
  }

  /** Takes what comes next. */
  take(): void {
    const id = idOf(this.head);
    this.#next += 1;
    if (id === undefined) return;
    this.#held.delete(id);
    this.#taken = id;
  }
}

/** Does one item come before another one? `false` for both ways round: neither does. */
export type Earlier = (one: Item, other: Item) => boolean;

function timeOf(item: Item, field: 'created_at' | 'updated_at'): number {
  const time = item[field] ?? item.created_at ?? item.created;
  return typeof time === 'string' ? Date.parse(time) : typeof time === 'number' ? time : Number.NaN;
}

/** By time. Items without one come where their own list has them. */
export function byTime(order: 'asc' | 'desc', field: 'created_at' | 'updated_at' = 'created_at'): Earlier {
  return order === 'asc'
    ? (one, other) => timeOf(one, field) < timeOf(other, field)
    : (one, other) => timeOf(one, field) > timeOf(other, field);
}

/** One item of the whole, and the lists that show it: several do when two keys lead to one account. */
export interface Merged<Source> {
  readonly item: Item;
  readonly from: readonly Lane<Source>[];
}

function nextOf<Source>(lanes: readonly Lane<Source>[], earlier: Earlier): Lane<Source> | undefined {
  let best: Lane<Source> | undefined;
  let blocked: Lane<Source> | undefined;
  for (const lane of lanes) {
    const { head } = lane;
    if (head === undefined) continue;
    if (best?.head !== undefined && !earlier(head, best.head)) continue;
    const id = idOf(head);
    // What another list shows as well comes when its turn has come in both.
    if (id !== undefined && lanes.some((other) => other.holdsBack(id))) blocked ??= lane;
    else best = lane;
  }
  return best ?? blocked;
}

/**
 * All items of all lists, each once. Depends on the lists alone, however large the parts are in which they come.
 * @param fill brings the next part of each of these.
 */
export async function* merged<Source>(
  lanes: readonly Lane<Source>[],
  earlier: Earlier,
  fill: (dry: readonly Lane<Source>[]) => Promise<void>,
): AsyncGenerator<Merged<Source>, void> {
  const shown = new Set<string>();
  for (;;) {
    // A part may hold nothing but what was passed: then the next one is asked for, until somebody knows what comes.
    for (let dry = lanes.filter((lane) => lane.dry); dry.length > 0; dry = lanes.filter((lane) => lane.dry))
      await fill(dry);
    const lane = nextOf(lanes, earlier);
    if (!lane) return;
    const item = lane.head as Item;
    const id = idOf(item);
    const from = id === undefined ? [lane] : lanes.filter((each) => idOf(each.head) === id);
    for (const each of from) each.take();
    if (id !== undefined && shown.has(id)) continue;
    if (id !== undefined) shown.add(id);
    yield { item, from };
  }
}
