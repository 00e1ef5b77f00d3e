/**
 * What is left of an endpoint's rate limits, as its good replies tell it: a window that is used up excludes the model before
 * the next 429 does. Why only after three replies in a row, and only as long as somebody else is left: relays and mocks send
 * figures that mean nothing.
 */
import type { Cooldowns } from './cooldown.ts';
import type { Load } from './live-facts.ts';
import type { ModelState } from './model-states.ts';
import { usedUp } from './rate-limits.ts';

/** Reason of the cooldown that used-up windows lead to. */
export const USED_UP = 'rate limit used up';
const IN_A_ROW = 3;

/** Takes the rate-limit headers of a good reply. @returns the length of the cooldown they led to, in ms. */
export function noteHeadroom(
  state: ModelState,
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
