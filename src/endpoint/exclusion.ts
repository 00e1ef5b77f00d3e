/** Words for why an endpoint is out, from the facts of its live state. Pure. */
import type { Cooldown } from './cooldown.ts';
import type { Exclusion } from './live-facts.ts';

/** The reason of an endpoint whose rate limit is used up, as far as is known before a 429. */
export const NO_HEADROOM = 'no headroom';
/** The reason of an endpoint that has no such operation. */
export const OPERATION_MISSING = 'operation not found';
const PAUSE = 'cooling down';

/** True for the reason of a cooldown: when it ends is known, how much room there is then is not. */
export function isPause(reason: string): boolean {
  return reason.startsWith(PAUSE);
}

/** The first that holds: a cooldown, a breaker, silence. Times in monotonic ms; 0 = not. */
export function exclusionOf(
  cooldown: Cooldown | undefined,
  opensAt: number,
  silentUntil: number,
  now: number,
): Exclusion | undefined {
  if (cooldown) {
    const figures = cooldown.scope === 'figures';
    const kind = figures ? 'doubtful' : cooldown.pause ? 'limited' : 'refused';
    const reason = figures ? NO_HEADROOM : `${PAUSE} (${cooldown.reason})`;
    const ejected = Math.max(opensAt, silentUntil) > now;
    // A breaker that is open weighs more than mere figures.
    if (!figures || !ejected)
      return { kind, reason, until: cooldown.until, rateLimited: figures || cooldown.reason === '429', ejected };
  }
  if (opensAt > now)
    return { kind: 'ejected', reason: 'ejected after failures', until: opensAt, rateLimited: false, ejected: true };
  if (silentUntil > now)
    return { kind: 'ejected', reason: 'unresponsive', until: silentUntil, rateLimited: false, ejected: true };
  return undefined;
}
