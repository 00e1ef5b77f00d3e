/** A member as the one who leads sees it. */
import type { Wire } from './wire.ts';

/** A connection that came in, and who it is. */
export interface Guest {
  readonly wire: Wire;
  /** What it listens to. */
  readonly channels: Set<unknown>;
  /** Its name; `undefined` until it has said who it is. */
  id: string | undefined;
  /** Its rank among those who know everything as well; 0 for none, -1 when it had no time for that. */
  deputy: number;
  /** The version that it has said to have, as a deputy. */
  knows: number;
}
