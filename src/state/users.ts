/** Who listens to something that outlives them. Held weakly: a client that nobody closes must still be collected. */

/** A set of listeners that keeps none of them alive. */
export class Users<Listener extends (news: never) => void> {
  readonly #listeners = new Set<WeakRef<Listener>>();
  /** Looked through whenever it has doubled, so that those collected cost no more than those alive. */
  #lookAt = 16;

  /** Listens from now on, for as long as somebody else holds the listener. */
  add(listener: Listener): void {
    this.#listeners.add(new WeakRef(listener));
    if (this.#listeners.size < this.#lookAt) return;
    this.#lookAt = Math.max(16, 2 * this.#alive().length);
  }

  /** Listens no more. @returns whether somebody else still does */
  remove(listener: Listener): boolean {
    for (const reference of this.#listeners) if (reference.deref() === listener) this.#listeners.delete(reference);
    return this.#alive().length > 0;
  }

  /** Whether anybody listens. */
  get some(): boolean {
    return this.#alive().length > 0;
  }

  /** Tells everybody. */
  tell(news: Parameters<Listener>[0]): void {
    for (const listener of this.#alive()) {
      try {
        listener(news as never);
      } catch {
        // Its own affair: the others hear it as well.
      }
    }
  }

  #alive(): Listener[] {
    const alive: Listener[] = [];
    for (const reference of this.#listeners) {
      const listener = reference.deref();
      if (listener) alive.push(listener);
      else this.#listeners.delete(reference);
    }
    return alive;
  }
}
