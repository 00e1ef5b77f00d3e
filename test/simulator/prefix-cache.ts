// A prompt cache as the vendors have it: remembers how prompts began, message by message, and tells how much of one it knew.
import { createHash } from 'node:crypto';

/** A message of a prompt. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** Shorter beginnings are not cached; longer ones in steps of so many tokens. */
const LEAST = 1_024;
const STEP = 128;
/** Forgotten when not asked for so long, in ms. */
const KEPT = 5 * 60_000;
const BYTES_PER_TOKEN = 4;

/** Tokens of a prompt. */
export function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + Math.ceil(content.length / BYTES_PER_TOKEN), 0);
}

/** The prompt cache of one endpoint. */
export class PrefixCache {
  /** When each beginning was asked for last, by its hash. */
  readonly #seen = new Map<string, number>();

  /** Takes a prompt in. @returns how many of its tokens were known. */
  look(messages: readonly Message[], now: number): number {
    let hash = '';
    let [length, known] = [0, 0];
    for (const message of messages) {
      hash = createHash('sha1').update(hash).update(message.role).update(message.content).digest('base64');
      length += tokensOf([message]);
      const before = this.#seen.get(hash);
      if (before !== undefined && now - before <= KEPT) known = length;
      this.#seen.set(hash, now);
    }
    return known < LEAST ? 0 : known - (known % STEP);
  }
}
