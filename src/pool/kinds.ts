/** Under which text a pool remembers who may take a kind of call: the same operation, model and tags. */
import type { Call } from '../call/call.ts';

/** Names without bounds are not worth remembering. */
const LONGEST = 300;

/** The kinds of call of one pool. Why it knows the last one: the steps of a call ask in a row, and to compare is quicker than to join. */
export class Kinds {
  #route: string | undefined;
  #model: string | undefined;
  #key = '';

  /** The text for such calls. */
  keyOf({ operation: { route }, model, tags }: Call): string {
    if (tags.length > 0) return `${nameOf(route, model)} ${JSON.stringify(tags)}`;
    if (route === this.#route && model === this.#model) return this.#key;
    const key = nameOf(route, model);
    if (!isKept(key)) return key;
    this.#route = route;
    this.#model = model;
    this.#key = key;
    return key;
  }
}

const nameOf = (route: string, model: string | undefined) => (model === undefined ? route : `${route} ${model}`);

/** False for a text so long that it is not worth remembering. */
export function isKept(key: string): boolean {
  return key.length <= LONGEST;
}
