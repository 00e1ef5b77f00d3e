/**
 * Figures that do not count along (see `learned-window.ts`) but say three times in a row that nothing is left: others are asked
 * first until the window opens again. Why only as long as somebody else is left: relays and mocks send figures that mean nothing.
 */
import type { Cooldowns } from './cooldown.ts';
import type { Load } from './live-facts.ts';
import { usedUp } from './rate-limits.ts';

/** Reason of the cooldown that used-up windows lead to. */
export const USED_UP = 'rate limit used up';
const IN_A_ROW = 3;

/** Takes the rate-limit headers of a good reply. @returns the length of the cooldown they led to, in ms. */
export function noteUsedUp(
  state: { usedUp: number },
  cooldowns: Cooldowns,
  { model, startedAt }: Pick<Load, 'model' | 'startedAt'>,
  headers: Headers,
): number | undefined {
  const reset = usedUp(headers);
  if (reset === undefined) return undefined;
  const running = cooldowns.figures(model);
  // Room again; or a call that went there all the same was served, so that the figures mean something else.
  if (reset === 0 || (running && running.since < startedAt)) {
    state.usedUp = 0;
    cooldowns.forgetFigures(model);
    return undefined;
  }
  state.usedUp += 1;
  if (running || state.usedUp < IN_A_ROW) return undefined;
  return cooldowns.start({ scope: 'figures', reason: USED_UP, ms: reset, pause: true }, model);
}
