/** The door through which what happens at an endpoint reaches other processes. Why here: it happens in the endpoint's state, whichever client led to it. */
import type { Cooldown } from './cooldown.ts';
import type { Grounds } from './evidence.ts';
import type { Transition } from './live-facts.ts';

/** Hears what happens at an endpoint, identified by its live state. Returns at once and never throws. */
export interface Teller {
  /** A cooldown began, or one was extended. @param inRow how many without a hint there were in a row. */
  cooled(state: object, cooldown: Cooldown, inRow: number): void;
  /** A call that began so many ms ago succeeded, in spite of a cooldown. */
  disproved(state: object, model: string, operation: string, age: number): void;
  /** A breaker opened or closed. */
  turned(state: object, transition: Transition, grounds: Grounds): void;
  /** An attempt began or ended. */
  loaded(): void;
}

const NOBODY: readonly WeakRef<Teller>[] = [];

/** Who tells others of one endpoint. Held weakly: they belong to a store, which the endpoint must not keep. */
export class Tellers {
  #all = NOBODY;
  readonly #state: object;

  /** @param state the endpoint's. */
  constructor(state: object) {
    this.#state = state;
  }

  /** One more. */
  add(teller: Teller): void {
    const others = this.#all.filter((each) => each.deref() !== undefined);
    if (!others.some((each) => each.deref() === teller)) this.#all = [...others, new WeakRef(teller)];
  }

  /** One less. */
  remove(teller: Teller): void {
    const others = this.#all.filter((each) => each.deref() !== teller);
    this.#all = others.length === 0 ? NOBODY : others;
  }

  #tell(what: (teller: Teller) => void): void {
    for (const each of this.#all) {
      const teller = each.deref();
      if (teller) what(teller);
    }
  }

  /** See `Teller`. */
  readonly cooled = (cooldown: Cooldown, inRow: number): void =>
    this.#tell((teller) => teller.cooled(this.#state, cooldown, inRow));

  /** See `Teller`. */
  disproved(model: string, operation: string, age: number): void {
    this.#tell((teller) => teller.disproved(this.#state, model, operation, age));
  }

  /** See `Teller`. */
  turned(transition: Transition, grounds: Grounds): void {
    this.#tell((teller) => teller.turned(this.#state, transition, grounds));
  }

  /** An attempt began or ended. Apart, since every call comes by twice. */
  loaded(): void {
    if (this.#all === NOBODY) return;
    for (const each of this.#all) each.deref()?.loaded();
  }
}
