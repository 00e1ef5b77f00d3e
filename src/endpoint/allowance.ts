/** The rate limits that a user named for an endpoint, model by model: buckets of its own, beside what the upstream tells. */
import type { LimitSettings } from '../config/settings.ts';
import { FewNames } from './few-names.ts';
import { bounded } from './quota.ts';
import type { RateWindow } from './rate-window.ts';
import { Window } from './window.ts';

/** The windows of one model; those without a limit are `undefined`. */
export interface Allowed {
  readonly requests: RateWindow | undefined;
  readonly tokens: RateWindow | undefined;
}

/** Makes a window of a model. @param rate filled per ms. @param kind what it counts. */
export type NewWindow = (limit: number, rate: number, now: number, model: string, kind: keyof Allowed) => RateWindow;

const MINUTE = 60_000;
const ownWindow: NewWindow = (limit, rate, now) => new Window(limit, rate, now);

/** The configured windows of one endpoint, or of all that share its quota. */
export class Allowance {
  readonly limits: LimitSettings;
  readonly #models = new FewNames<Allowed>();
  readonly #newWindow: NewWindow;

  /** @param newWindow makes a window, full at first. @default one that only this process knows */
  constructor(limits: LimitSettings, newWindow: NewWindow = ownWindow) {
    this.limits = limits;
    this.#newWindow = newWindow;
  }

  /** The windows of a model; full at first. */
  of(model: string, now: number): Allowed {
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    const make = () => ({
      // Less than one call per minute is still one call at a time.
      requests: this.#windowOf(requestsPerMinute, 1, now, model, 'requests'),
      tokens: this.#windowOf(tokensPerMinute, 0, now, model, 'tokens'),
    });
    // A full window is as good as a new one.
    return bounded(this.#models, model, make, ({ requests, tokens }) => {
      return 1 - Math.min(requests?.share(now) ?? 1, tokens?.share(now) ?? 1);
    });
  }

  #windowOf(limit: number | undefined, least: number, now: number, model: string, kind: keyof Allowed) {
    return limit === undefined ? undefined : this.#newWindow(Math.max(limit, least), limit / MINUTE, now, model, kind);
  }
}
