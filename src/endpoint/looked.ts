/** The share of an endpoint's limits that is left for one model. Why remembered: a pick asks each endpoint, and most had no call since. */
import type { Allowed } from './allowance.ts';
import type { ModelQuota, Quota } from './quota.ts';

/** What is known of one model's windows on an endpoint, kept from one pick to the next. */
export interface Looked {
  readonly model: string;
  readonly of: Quota;
  readonly quota: ModelQuota | undefined;
  readonly allowed: Allowed | undefined;
  /** The smallest share left, when it was reckoned, and at which change. */
  share: number;
  at: number;
  changes: number | undefined;
}

/** A share reckoned so long ago is good enough for a pick, in ms, if nothing was taken since. */
const STALE = 5;

function leastShare({ quota, allowed }: Looked, now: number): number {
  let least = 1;
  if (allowed?.requests) least = Math.min(least, allowed.requests.share(now));
  if (allowed?.tokens) least = Math.min(least, allowed.tokens.share(now));
  if (quota?.requests.window) least = Math.min(least, quota.requests.window.share(now));
  if (quota?.tokens.window) least = Math.min(least, quota.tokens.window.share(now));
  return least;
}

/** The share of all windows that is left, 0 to 1. */
export function shareOf(looked: Looked, now: number): number {
  const changes = looked.quota?.changes;
  if (looked.changes !== changes || now - looked.at > STALE) {
    looked.share = leastShare(looked, now);
    looked.changes = changes;
    looked.at = now;
  }
  return looked.share;
}
