/** A stream until it can be handed out: the words between who reads it and who waits for it. */
import type { Passing } from './passing.ts';

/** An event as the client shall see it, with its blank line; `undefined` = not at all. */
export type Shown = (block: Buffer) => Buffer | undefined;

/** Who waits for a stream to begin; told one of these once. */
export interface Opening {
  opened(pass: Passing): void;
  /** @param words what the API wrote, if it did. */
  refused(error: unknown, words: Uint8Array | undefined): void;
}
