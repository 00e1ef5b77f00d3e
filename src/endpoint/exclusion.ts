/** Words for why an endpoint is out, from the facts of its live state. Pure. */
import type { Cooldown } from './cooldown.ts';
import { USED_UP } from './headroom.ts';
import type { Exclusion } from './live-facts.ts';

/** The first that holds: a cooldown, a breaker, silence. Times in monotonic ms; 0 = not. */
export function exclusionOf(
  cooldown: Cooldown | undefined,
  opensAt: number,
  silentUntil: number,
  now: number,
): Exclusion | undefined {
  if (cooldown) {
    const rateLimited = cooldown.reason === '429' || cooldown.reason === USED_UP;
    const kind = cooldown.pause ? 'limited' : 'refused';
    return { kind, reason: `cooling down (${cooldown.reason})`, until: cooldown.until, rateLimited };
  }
  if (opensAt > now) return { kind: 'ejected', reason: 'ejected after failures', until: opensAt, rateLimited: false };
  if (silentUntil > now) return { kind: 'ejected', reason: 'unresponsive', until: silentUntil, rateLimited: false };
  return undefined;
}
