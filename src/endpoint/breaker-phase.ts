/** The phases of a breaker, and how long it stays open. */
import type { BreakerSettings } from '../config/settings.ts';
import type { Permit } from './live-facts.ts';
import type { Comeback } from './slow-start.ts';

/** What a breaker does at the moment. Times in monotonic ms. */
export type Phase =
  | { readonly is: 'closed'; readonly since: number; readonly comeback: Comeback | undefined }
  | { readonly is: 'open'; readonly until: number /** By what others told alone. */; readonly hearsay?: true }
  | { readonly is: 'half-open'; readonly probe: Permit; readonly patience: number };

/** Where each breaker begins. */
export const NEVER_OPENED: Phase = { is: 'closed', since: Number.NEGATIVE_INFINITY, comeback: undefined };

/** Leave of the first epoch. Attempts of one epoch share theirs: only a probe must be told apart. */
export const FIRST_LEAVE: Permit = { epoch: 0, probe: false };

/** How long a breaker stays open, in ms. @param inRow how often it opened in a row, this time included. @param random in [0, 1). */
export function openTime(settings: BreakerSettings, inRow: number, random: number): number {
  const { resetTimeout, resetTimeoutFactor, maxResetTimeout, resetTimeoutJitter } = settings;
  const grown = Math.min(resetTimeout * resetTimeoutFactor ** (inRow - 1), maxResetTimeout);
  return grown * (1 - resetTimeoutJitter * random);
}
