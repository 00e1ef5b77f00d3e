/** Which names may be labels. Whoever asks for made-up models must not be able to make a series of each. */
import { OTHER } from './family.ts';

/** A label's longest value. */
const LONGEST = 100;

/** The names of one kind that have a label of their own: the first so many, or those of a list. */
export class Names {
  readonly #labels = new Map<string, string>();
  readonly #most: number;

  /** @param allowed how many, or which. */
  constructor(allowed: number | readonly string[]) {
    this.#most = typeof allowed === 'number' ? allowed : 0;
    if (typeof allowed !== 'number') for (const name of allowed) this.#note(name);
  }

  #note(name: string): string {
    // A line break would end a key of the tallies.
    const label = name.slice(0, LONGEST).replaceAll(/\p{Cc}/gu, ' ');
    this.#labels.set(name, label);
    return label;
  }

  /** The label of a name, which gets one of its own if there is one left. */
  of(name: string): string {
    return this.#labels.get(name) ?? (this.#labels.size < this.#most ? this.#note(name) : OTHER);
  }

  /** The label of a name, if it has one of its own already. */
  known(name: string): string {
    return this.#labels.get(name) ?? OTHER;
  }
}
