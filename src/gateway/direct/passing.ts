/** A body on its way through, piece by piece: the words between who reads it and who writes it. */
import type { StreamEnd } from '../../dispatch/watched.ts';
import { translate } from '../../sdk/reply-failures.ts';
import type { Sink } from '../../transport/incoming.ts';
import type { AttemptFacts } from './attempt-facts.ts';

/** Who takes a body that can be handed out. */
export interface BodyTaker {
  /** @param events how many of a stream's events it holds. @returns false when its reader is slow: then it waits until it is told to go on. */
  take(bytes: Buffer, events: number): boolean;
  /** Nothing more comes. @param words the last event, where the API wrote an error there. */
  over(end: StreamEnd, words?: Uint8Array): void;
}

/** Takes what nobody wants any more. */
export const nobody: BodyTaker = { take: () => true, over: () => undefined };

/** A body that can be handed out. */
export interface Passing {
  /** It goes to `taker`. */
  to(taker: BodyTaker): void;
  /** Its reader is fast again. */
  goOn(): void;
  /** Its reader left. */
  left(): void;
}

/** A body of which nothing is known but its bytes. */
export class BytesPass implements Sink, Passing {
  readonly #facts: AttemptFacts;
  #taker: BodyTaker | undefined;
  #over = false;

  constructor(facts: AttemptFacts) {
    this.#facts = facts;
  }

  to(taker: BodyTaker): void {
    this.#taker = taker;
    this.#facts.reply.pipe(this);
  }

  goOn(): void {
    this.#facts.reply.resume();
  }

  left(): void {
    this.#end({ is: 'left', said: true });
    this.#facts.reply.stop();
  }

  push(part: Buffer): void {
    if (!this.#over && !this.#taker?.take(part, 0)) this.#facts.reply.pause();
  }

  end(): void {
    this.#end({ is: 'complete' });
  }

  fail(error: unknown): void {
    this.#end({ is: 'failed', error: this.#facts.safe(translate(error)) });
  }

  #end(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#taker?.over(end);
  }
}
