/** What client keys may still use: calls and tokens per minute, and money per day or month. Kept in memory, by the key's name. */
import type { Clock } from '../clock.ts';
import { Refused, retryAfter } from './api-error.ts';
import { Bucket } from './bucket.ts';
import type { ClientKey } from './config/settings.ts';

interface Used {
  readonly calls: Bucket | undefined;
  readonly tokens: Bucket | undefined;
  /** Which day or month `spent` is of. */
  period: string;
  spent: number;
}

/** The day or month of a date, in UTC, and when the next one begins. */
export function periodOf(date: number, per: 'day' | 'month'): { name: string; ends: number } {
  const at = new Date(date);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const ends = per === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
  return { name: at.toISOString().slice(0, per === 'day' ? 10 : 7), ends };
}

const over = (message: string, code: string, ms: number, more: Record<string, string> = {}) =>
  new Refused({ status: 429, message, type: code, code, headers: { ...retryAfter(ms), ...more } });

/** The allowances of all keys. */
export class Allowances {
  readonly #clock: Clock;
  readonly #used = new Map<string, Used>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #of({ name, limits: { requestsPerMinute, tokensPerMinute } }: ClientKey): Used {
    const now = this.#clock.now();
    const bucket = (perMinute: number | undefined) =>
      perMinute === undefined ? undefined : new Bucket(perMinute, now);
    // Other limits under the same name are another allowance.
    const id = JSON.stringify([name, requestsPerMinute, tokensPerMinute]);
    const used = this.#used.get(id) ?? {
      calls: bucket(requestsPerMinute),
      tokens: bucket(tokensPerMinute),
      period: '',
      spent: 0,
    };
    this.#used.set(id, used);
    return used;
  }

  /** Takes one call. @throws Refused when the key has none left, no tokens, or no money. */
  enter(key: ClientKey): void {
    const used = this.#of(key);
    const now = this.#clock.now();
    const { requestsPerMinute, tokensPerMinute, budget } = key.limits;
    const calls = used.calls?.wait(1, now) ?? 0;
    if (calls > 0)
      throw over(`The key '${key.name}' may make ${requestsPerMinute} calls per minute.`, 'rate_limit_exceeded', calls);
    const tokens = used.tokens?.wait(1, now) ?? 0;
    if (tokens > 0)
      throw over(`The key '${key.name}' may use ${tokensPerMinute} tokens per minute.`, 'rate_limit_exceeded', tokens);
    if (budget) {
      const { name, ends } = periodOf(this.#clock.date(), budget.per);
      if (used.period !== name) [used.period, used.spent] = [name, 0];
      if (used.spent >= budget.amount)
        // Sent again before the period ends, it would be refused again.
        throw over(
          `The key '${key.name}' has spent its budget for this ${budget.per}.`,
          'insufficient_quota',
          ends - this.#clock.date(),
          { 'x-should-retry': 'false' },
        );
    }
    used.calls?.take(1, now);
  }

  /** Takes the tokens that a call is likely to use, before it is made; what `enter` let in is not refused here. */
  reserve(key: ClientKey, tokens: number): void {
    this.#of(key).tokens?.take(tokens, this.#clock.now());
  }

  /** A call is over. @param reserved what was taken for it already. */
  settle(key: ClientKey, { tokens, reserved, cost }: { tokens: number; reserved: number; cost: number }): void {
    const used = this.#of(key);
    used.tokens?.take(tokens - reserved, this.#clock.now());
    used.spent += cost;
  }
}
