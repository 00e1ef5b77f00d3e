/** Under which text a model is remembered. Everything that keeps facts by model uses it. */

/** No model is called like this; many names of this length would fill the memory. */
const LONGEST_NAME = 200;

/** The model's name, cut where no name goes on. */
export function modelKey(model: string): string {
  // Joined, it is a text of its own: a slice would keep the whole one in memory.
  return model.length > LONGEST_NAME ? [...model.slice(0, LONGEST_NAME), '…'].join('') : model;
}
