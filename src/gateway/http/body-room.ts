/**
 * How much of bodies the gateway holds at once, over all calls. Each alone is bounded, and a hundred of the largest would still take
 * all of the memory there is: those for whom there is no room are told to come again.
 */
import { Refused, retryAfter } from './api-error.ts';

/** When there may be room again, in ms. */
const LATER = 1_000;

/** The room of a gateway. */
export class BodyRoom {
  readonly #most: () => number;
  #all = 0;

  /** @param most bytes, asked for each time. */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** True when so many bytes more may be held by a call that holds `own` already. One that is alone is bounded by its own limits only. */
  has(bytes: number, own: number): boolean {
    return this.#all <= own || this.#all + bytes <= this.#most();
  }

  /** So many more are held, or fewer. */
  hold(bytes: number): void {
    this.#all += bytes;
  }
}

/** What one call takes of it. */
export class BodyPlace {
  readonly #room: BodyRoom;
  #held = 0;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** So many bytes more. @throws Refused 503 when there is no room for them. */
  take(bytes: number): void {
    if (!this.#room.has(bytes, this.#held))
      throw new Refused({
        ...{ status: 503, code: 'too_many_bodies', headers: retryAfter(LATER) },
        message: 'The gateway holds as much of the bodies of calls as it may at the moment; come again.',
      });
    this.#held += bytes;
    this.#room.hold(bytes);
  }

  /** The call is over, and what was held of it. */
  leave(): void {
    this.#room.hold(-this.#held);
    this.#held = 0;
  }
}
