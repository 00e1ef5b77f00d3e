/**
 * Who owns which id: ids handed out by an endpoint lead later calls back to it. Step 0 of a call.
 * Why not in the shared state: ids are the application's own, and another client's must not steer its calls.
 */

/** Ids remembered; beyond them the one used longest ago is forgotten and its calls go home. */
const LIMIT = 50_000;
/** No id is as long as this; a server that hands out such ones would fill the memory. */
const LONGEST = 512;

/** Remembers which endpoint made an id. */
export class Affinity {
  readonly #owners = new Map<string, string>();

  /** An endpoint handed out these ids. */
  learn(ids: readonly string[], endpoint: string): void {
    for (const id of ids) {
      if (id.length > LONGEST) continue;
      this.#owners.delete(id);
      this.#owners.set(id, endpoint);
      if (this.#owners.size > LIMIT) this.#owners.delete(this.#owners.keys().next().value as string);
    }
  }

  /** The endpoint that handed out this id, if known. */
  ownerOf(id: string): string | undefined {
    const owner = this.#owners.get(id);
    if (owner !== undefined) this.learn([id], owner);
    return owner;
  }
}
