/**
 * How much of bodies the gateway holds at once, over all calls. Each alone is bounded, and a hundred of the largest would still take
 * all of the memory there is: those for whom there is no room are told to come again.
 */
import type { IncomingMessage } from 'node:http';
import { Refused, retryAfter } from './api-error.ts';

/** When there may be room again, in ms. */
const LATER = 1_000;

/** The room of a gateway. */
export class BodyRoom {
  readonly #most: () => number;
  readonly #held = new Map<IncomingMessage, number>();
  #all = 0;

  /** @param most bytes, asked for each time. */
  constructor(most: () => number) {
    this.#most = most;
  }

  /**
   * So many bytes more of a call. One that is alone is bounded by its own limits only.
   * @throws Refused 503 when there is no room for them.
   */
  take(message: IncomingMessage, bytes: number): void {
    const own = this.#held.get(message) ?? 0;
    if (this.#all > own && this.#all + bytes > this.#most())
      throw new Refused({
        ...{ status: 503, code: 'too_many_bodies', headers: retryAfter(LATER) },
        message: 'The gateway holds as much of the bodies of calls as it may at the moment; come again.',
      });
    this.#held.set(message, own + bytes);
    this.#all += bytes;
  }

  /** The call is over, and what was held of it. */
  leave(message: IncomingMessage): void {
    this.#all -= this.#held.get(message) ?? 0;
    this.#held.delete(message);
  }
}
