/**
 * Where each endpoint's list stood behind the last item of a page, so that the next page goes on from there. Why not the items:
 * lists may be long, and a page may never be asked for.
 */
import type { Stand } from './merge.ts';

/** Stands remembered over all pages; beyond them the page asked for longest ago is forgotten, and read from the start again. */
const LIMIT = 20_000;
/** Longer filters and ids are not worth remembering. */
const LONGEST_KEY = 2_000;

/** Stands by the endpoint's name. */
export type Stands = ReadonlyMap<string, Stand>;

/** The positions of one client and its clones. */
export class ListPositions {
  readonly #pages = new Map<string, Stands>();
  #size = 0;

  /** Behind the item with this id the lists stand so. @param list which list: path, filters and order. */
  remember(list: string, id: string, stands: Stands): void {
    const key = `${list} ${id}`;
    if (key.length > LONGEST_KEY) return;
    this.#forget(key);
    this.#pages.set(key, stands);
    this.#size += stands.size;
    for (const oldest of this.#pages.keys()) {
      if (this.#size <= LIMIT) break;
      this.#forget(oldest);
    }
  }

  /** Where the lists stood behind that item. */
  at(list: string, id: string): Stands | undefined {
    const key = `${list} ${id}`;
    const stands = this.#pages.get(key);
    if (stands) {
      this.#pages.delete(key);
      this.#pages.set(key, stands);
    }
    return stands;
  }

  #forget(key: string): void {
    this.#size -= this.#pages.get(key)?.size ?? 0;
    this.#pages.delete(key);
  }
}
