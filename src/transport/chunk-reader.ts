/** Takes the parts of a body as they come, without a web stream in between. */
import type { Incoming, Part } from './incoming.ts';
import { abortReason, transferError } from './transfer-errors.ts';

/** What the reader of a web stream is for its user; one read at a time. */
export class ChunkReader {
  readonly #source: Incoming;
  readonly #signal: AbortSignal | undefined;
  readonly #broke: (error: unknown) => never;

  /** @param signal of the request; it ends the reading, too. */
  constructor(source: Incoming, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    const broke = (error: unknown): never => {
      throw transferError(error, signal);
    };
    this.#broke = broke;
  }

  /** @throws what the standard fetch throws when the transfer breaks or is aborted. */
  read(): Promise<Part> {
    if (this.#signal?.aborted) return Promise.reject(abortReason(this.#signal));
    return this.#source.next().catch(this.#broke);
  }

  /** Frees the connection. */
  async cancel(): Promise<void> {
    this.#source.destroy();
  }

  /** As a web stream's reader has it: nobody else reads what this one took. */
  releaseLock(): void {}
}
