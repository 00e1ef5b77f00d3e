/** Who listens to what within this process. A listener that throws, at once or later, hurts nobody. */

/** Hears the messages of a channel. */
export type Listener = (message: string) => unknown;

/** The listeners of one store. */
export class Listeners {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** The channels that somebody listens to. */
  get names(): string[] {
    return [...this.#listeners.keys()];
  }

  has(channel: string): boolean {
    return this.#listeners.has(channel);
  }

  /** Listens from now on. @returns what ends it; may be called twice */
  add(channel: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    // One of its own, so that the same function may listen twice.
    const own = (message: string) => listener(message);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel);
    };
  }

  /** Tells everybody who listens now. */
  tell(channel: string, message: string): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
      try {
        const result: unknown = listener(message);
        // An async listener's rejection would otherwise end the process.
        if (result instanceof Promise) result.catch(() => undefined);
      } catch {
        // The listener's own affair.
      }
    }
  }
}
