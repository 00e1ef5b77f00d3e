/** What a deputy says for the records that it was told: once for all that came in one turn. */
import type { Wire } from './wire.ts';

/** Says to the one who leads what is known here. */
export class Receipt {
  #version = 0;

  /** Everything up to this version is here. */
  note(wire: Wire | undefined, version: number): void {
    if (this.#version === 0)
      queueMicrotask(() => {
        wire?.send(['v', this.#version]);
        this.#version = 0;
      });
    this.#version = Math.max(this.#version, version);
  }
}
