/** The configurations at work: the one that new calls begin with, and those before it whose calls still run. */
import type { Generation } from './generation.ts';
import type { Running } from './running.ts';

/** All generations of a gateway. */
export class Generations {
  readonly #all: Set<Generation>;
  readonly #taken: () => void;
  #now: Generation;

  /** @param taken called after another one took the place. */
  constructor(first: Generation, taken: () => void) {
    this.#now = first;
    this.#taken = taken;
    this.#all = new Set([first]);
  }

  /** The one that new calls begin with. */
  get now(): Generation {
    return this.#now;
  }

  /** What new calls are answered by. */
  get running(): Running {
    return this.#now.running;
  }

  /** Another one takes the place. @param commit when it throws or rejects, nothing is taken, and that is what this does. */
  take(next: Generation, commit: () => void | Promise<void>): void | Promise<void> {
    let committed: void | Promise<void>;
    const refuse = (error: unknown): never => {
      void next.retire();
      throw error;
    };
    try {
      committed = commit();
    } catch (error) {
      return refuse(error);
    }
    if (committed) return committed.then(() => this.#swap(next), refuse);
    this.#swap(next);
  }

  #swap(next: Generation): void {
    const before = this.#now;
    this.#now = next;
    this.#all.add(next);
    void before.retire().then(() => this.#all.delete(before));
    this.#taken();
  }

  /** No call begins any more. Resolves when the last one is over. */
  async retire(): Promise<void> {
    await Promise.all([...this.#all].map((generation) => generation.retire()));
  }
}
