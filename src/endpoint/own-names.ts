/**
 * Under which name is kept what is learned of a model: the endpoint's own. Why: several public names may lead to one model there, and
 * one that is sick, or limited, is so under each of them.
 */
import { modelKey } from '../call/model-key.ts';
import { type ModelMap, mapModel } from '../call/model-map.ts';

/** Names looked up once; more only arise from made-up ones. */
const MOST = 500;

/** The names of one endpoint; or of several that share something, model by model, and call the models differently. */
export class OwnNames {
  readonly #maps: ModelMap[] = [];
  readonly #known = new Map<string, string>();

  constructor(map: ModelMap) {
    this.add(map);
  }

  /** Takes another map in; those before it come first. */
  add(map: ModelMap): void {
    if (Object.keys(map).length === 0) return;
    const text = JSON.stringify(map);
    if (this.#maps.some((each) => JSON.stringify(each) === text)) return;
    this.#maps.push(map);
    this.#known.clear();
  }

  /** The own name behind a health key; operations without a model have none. */
  of(key: string): string {
    if (this.#maps.length === 0 || key.startsWith('(')) return key;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let own: string | undefined;
    for (const map of this.#maps) own ??= mapModel(map, key)?.model;
    const found = modelKey(own ?? key);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }
}
