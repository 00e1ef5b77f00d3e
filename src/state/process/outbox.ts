/**
 * What the one who leads sends in one turn: first to its deputies, whom the answers wait for.
 */
import type { Wire } from './wire.ts';

/** Wires with something to send. */
export class Outbox {
  readonly #first: () => Iterable<Wire>;
  readonly #due = new Set<Wire>();

  /** @param first the wires of the deputies */
  constructor(first: () => Iterable<Wire>) {
    this.#first = first;
  }

  /** Sends what this one has, when the turn is over. */
  add(wire: Wire): void {
    this.#due.add(wire);
    if (this.#due.size === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    for (const wire of this.#first()) if (this.#due.delete(wire)) wire.flush();
    for (const wire of this.#due) wire.flush();
    this.#due.clear();
  }
}
