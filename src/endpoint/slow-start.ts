/** How an endpoint that recovered or was added comes back: from a small share to all of it, gated by time and successes. Pure. */
import type { SlowStartSettings } from '../config/settings.ts';

/** The way of an endpoint, or of one model there, since it began anew. */
export interface Comeback {
  /** When, in monotonic ms. */
  readonly since: number;
  /** Attempts that succeeded since then. */
  successes: number;
}

/** Share of the normal traffic, in (0, 1]: 1 once both time and successes are reached. */
export function shareOf(
  { since, successes }: Comeback,
  { initialPercentage, duration, successes: enough }: SlowStartSettings,
  now: number,
): number {
  const time = now - since;
  if (time >= duration && successes >= enough) return 1;
  const way = Math.min(time >= duration ? 1 : time / duration, successes >= enough ? 1 : successes / enough);
  const first = initialPercentage / 100;
  // Without any share it could never show what it bears.
  return Math.max(LEAST, first + (1 - first) * way);
}

/** One call in a thousand, also where the first share is set to none. */
const LEAST = 0.001;
