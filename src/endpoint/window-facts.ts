/** What a snapshot says of a rate-limit window. */
import type { RateWindow } from './rate-window.ts';

/** What is left of a window. */
export interface WindowFacts {
  /** Calls or tokens when it is full. */
  limit: number;
  /** Calls or tokens left now. */
  left: number;
  fullInMs: number;
}

/** A millionth of a call is a rounding error. */
const CRUMB = 1e-6;

/** The facts of the one of which the smaller share is left, of a configured and a learned window; `null` = there is none. */
export function scarcest(
  configured: RateWindow | undefined,
  learned: RateWindow | undefined,
  now: number,
): WindowFacts | null {
  const window =
    configured && learned && learned.share(now) < configured.share(now) ? learned : (configured ?? learned);
  if (!window) return null;
  return {
    limit: window.limit,
    left: Math.max(0, Math.floor(window.level(now) + CRUMB)),
    fullInMs: Math.ceil(window.fullIn(now)),
  };
}
