/** How far one stream has come: whether it has said anything, and whether it has said everything. Fed with its events in order. */
import type { StreamKind } from './operations.ts';
import { type EventMeaning, meaningOf } from './stream-events.ts';

type Loose = Record<string, unknown>;

/** How many answers a request's body asks for at once: `n` of them for each of its prompts. */
export function answersAsked(body: unknown): number {
  const { n, prompt } = (body instanceof FormData ? Object.fromEntries(body) : (body ?? {})) as Loose;
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return Math.max(1, Number(n) || 1) * Math.max(1, prompts);
}

/** The answers that end with an event, by a name of their own. */
function endedWith(event: unknown, ends: number): unknown[] {
  const { choices } = event as Loose;
  if (!Array.isArray(choices)) return [ends];
  return (choices as Loose[]).filter((choice) => choice?.finish_reason).map(({ index = 0 }) => index);
}

/** Kinds of which nothing follows the event that ends them; elsewhere usage or another answer may. */
const LAST_WORD: ReadonlySet<StreamKind> = new Set<StreamKind>(['responses', 'assistants', 'messages']);

/** The progress of one stream. */
export class StreamProgress {
  readonly #kind: StreamKind;
  readonly #answers: number;
  readonly #finished = new Set<unknown>();
  #said = false;
  #complete = false;

  /** @param answers how many the stream is made of; each must have ended. */
  constructor(kind: StreamKind, answers: number) {
    this.#kind = kind;
    this.#answers = answers;
  }

  /** Something came that is more than preamble. */
  get said(): boolean {
    return this.#said;
  }

  /** All of it was said: what happens to the connection from here on takes nothing away. */
  get complete(): boolean {
    return this.#complete;
  }

  /** All was said, and nothing that anybody waits for follows. */
  get over(): boolean {
    return this.#complete && LAST_WORD.has(this.#kind);
  }

  /** Takes the next event in. @returns what it means. */
  note(event: unknown): EventMeaning {
    const meaning = meaningOf(this.#kind, event);
    if (meaning === 'end') {
      for (const answer of endedWith(event, this.#finished.size)) this.#finished.add(answer);
      if (LAST_WORD.has(this.#kind) || this.#finished.size >= this.#answers) this.#complete = true;
    }
    if (meaning !== 'preamble' && meaning !== 'bad') this.#said = true;
    return meaning;
  }

  /** The source ended. @param sawDone its bytes ended with `[DONE]`. */
  ended(sawDone: boolean): void {
    if (this.#kind === 'other' || (sawDone && (this.#said || this.#kind === 'media'))) this.#complete = true;
  }
}
