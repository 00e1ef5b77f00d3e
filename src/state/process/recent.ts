/**
 * What was told since somebody new leads: members that come over a moment later, as they were listening all the time, hear it as
 * well. Nothing is kept after that.
 */
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';

/** Members come over within this time, in ms. */
const WITHIN = 1_500;
/** Messages kept in that time; of more than these the first ones. */
const LIMIT = 1_000;

/** Messages of the first moment. */
export class Recent {
  #frames: Frame[] | undefined = [];

  constructor(clock: Clock) {
    const forget = () => {
      this.#frames = undefined;
    };
    clock.after(WITHIN, forget, false);
  }

  keep(message: Frame): void {
    if (this.#frames && this.#frames.length < LIMIT) this.#frames.push(message);
  }

  /** What was told on these channels, in order. */
  on(channels: ReadonlySet<unknown>): Frame[] {
    return (this.#frames ?? []).filter(([, channel]) => channels.has(channel));
  }
}
