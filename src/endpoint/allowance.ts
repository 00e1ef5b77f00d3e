/** The rate limits that a user named for an endpoint, model by model: buckets of its own, beside what the upstream tells. */
import type { LimitSettings } from '../config/settings.ts';
import { FewNames } from './few-names.ts';
import { bounded } from './quota.ts';
import { Window } from './window.ts';

/** The windows of one model; those without a limit are `undefined`. */
export interface Allowed {
  readonly requests: Window | undefined;
  readonly tokens: Window | undefined;
}

const MINUTE = 60_000;
const windowOf = (limit: number | undefined, now: number, least: number) =>
  limit === undefined ? undefined : new Window(Math.max(limit, least), limit / MINUTE, now);

/** The configured windows of one endpoint, or of all that share its quota. */
export class Allowance {
  readonly limits: LimitSettings;
  readonly #models = new FewNames<Allowed>();

  constructor(limits: LimitSettings) {
    this.limits = limits;
  }

  /** The windows of a model; full at first. */
  of(model: string, now: number): Allowed {
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    const make = () => ({
      // Less than one call per minute is still one call at a time.
      requests: windowOf(requestsPerMinute, now, 1),
      tokens: windowOf(tokensPerMinute, now, 0),
    });
    // A full window is as good as a new one.
    return bounded(this.#models, model, make, ({ requests, tokens }) => {
      return 1 - Math.min(requests?.share(now) ?? 1, tokens?.share(now) ?? 1);
    });
  }
}
