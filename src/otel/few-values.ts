/**
 * Keeps the values of one attribute few: each one makes a time series of its own, and models are named by callers. A value is let in
 * once an endpoint has vouched for it; beyond the limit, and before that, it goes by `_other`.
 */
import { OTHER } from './names.ts';

/** Longer names are cut: nobody's name is that long in good faith. */
const LONGEST = 128;

/** A value as it may stand in an attribute. */
export const short = (value: string): string => (value.length > LONGEST ? value.slice(0, LONGEST) : value);

/** The values of one attribute. */
export class FewValues {
  readonly #limit: number;
  readonly #known = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Lets a value in while there is room. */
  admit(value: string): void {
    if (this.#known.size < this.#limit) this.#known.add(short(value));
  }

  /** The value, or `_other` for one that was not let in. */
  of(value: string): string {
    const cut = short(value);
    return this.#known.has(cut) ? cut : OTHER;
  }

  /** The same of one that vouches for itself, such as the name of a configured endpoint. */
  admitted(value: string): string {
    this.admit(value);
    return this.of(value);
  }
}
