/**
 * What client keys may still use: calls and tokens per minute, and money per day or month. Kept in memory, by the key's name; what was
 * spent before comes from the store, and what is used at other gateways from what they share.
 */
import type { Clock } from '../../clock.ts';
import type { ClientKey } from '../config/settings.ts';
import { Refused, retryAfter } from '../http/api-error.ts';
import type { KeyStanding, SharedByGateways } from '../store/gateway-store.ts';
import { Bucket } from './bucket.ts';
import { type Amounts, SharedUses } from './shared-uses.ts';

interface Used {
  readonly calls: Bucket | undefined;
  readonly tokens: Bucket | undefined;
  /** Which limits these are. */
  readonly id: string;
}

/** What was spent under a name, by day and by month. Why not of the last of them alone: a clock that jumped ahead comes back. */
type Spent = Map<string, number>;
/** Days and months remembered, those that were spent in last. */
const MOST_PERIODS = 8;

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
  /** The same by the key itself, which lives as long as its configuration. */
  readonly #ofKey = new WeakMap<ClientKey, Used>();
  readonly #spent = new Map<string, Spent>();
  readonly #shared: SharedUses | undefined;

  /** @param shared where several gateways count together. */
  constructor(clock: Clock, shared?: SharedByGateways) {
    this.#clock = clock;
    this.#shared = shared && new SharedUses(shared, clock);
  }

  #of(key: ClientKey): Used {
    const known = this.#ofKey.get(key);
    if (known) return known;
    const used = this.#named(key);
    this.#ofKey.set(key, used);
    return used;
  }

  #named({ name, limits: { requestsPerMinute, tokensPerMinute } }: ClientKey): Used {
    const now = this.#clock.now();
    const bucket = (perMinute: number | undefined) =>
      perMinute === undefined ? undefined : new Bucket(perMinute, now);
    // Other limits under the same name are another allowance.
    const id = JSON.stringify([name, requestsPerMinute, tokensPerMinute]);
    const used = this.#used.get(id) ?? {
      calls: bucket(requestsPerMinute),
      tokens: bucket(tokensPerMinute),
      id,
    };
    this.#used.set(id, used);
    return used;
  }

  /** What was spent under this name in its day or month. Other limits make no other budget. */
  #spentBy(name: string, per: 'day' | 'month'): { amount: number; ends: number } {
    const { name: period, ends } = periodOf(this.#clock.date(), per);
    return { amount: this.#spent.get(name)?.get(period) ?? 0, ends };
  }

  /** That much was spent under this name, at this time; in the past as well. */
  spend(name: string, amount: number, at: number): void {
    const spent: Spent = this.#spent.get(name) ?? new Map();
    this.#spent.set(name, spent);
    for (const per of ['day', 'month'] as const) {
      const { name: period } = periodOf(at, per);
      const before = spent.get(period) ?? 0;
      spent.delete(period);
      spent.set(period, before + amount);
    }
    for (const [period] of spent) if (spent.size > MOST_PERIODS) spent.delete(period);
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
      const { amount, ends } = this.#spentBy(key.name, budget.per);
      if (amount >= budget.amount)
        // Sent again before the period ends, it would be refused again.
        throw over(
          `The key '${key.name}' has spent its budget for this ${budget.per}.`,
          'insufficient_quota',
          ends - this.#clock.date(),
          { 'x-should-retry': 'false' },
        );
    }
    used.calls?.take(1, now);
    this.#tell(key, used, { calls: 1, tokens: 0, cost: 0 });
  }

  /** Takes the tokens that a call is likely to use, before it is made; what `enter` let in is not refused here. */
  reserve(key: ClientKey, tokens: number): void {
    const used = this.#of(key);
    used.tokens?.take(tokens, this.#clock.now());
    this.#tell(key, used, { calls: 0, tokens, cost: 0 });
  }

  /** A call is over. @param reserved what was taken for it already. */
  settle(key: ClientKey, { tokens, reserved, cost }: { tokens: number; reserved: number; cost: number }): void {
    const used = this.#of(key);
    used.tokens?.take(tokens - reserved, this.#clock.now());
    if (cost > 0) this.spend(key.name, cost, this.#clock.date());
    this.#tell(key, used, { calls: 0, tokens: tokens - reserved, cost });
  }

  /** Others shall know. */
  #tell({ name, limits }: ClientKey, used: Used, amounts: Amounts): void {
    const { requestsPerMinute: calls, tokensPerMinute: tokens, budget } = limits;
    if (!this.#shared || (calls === undefined && tokens === undefined && !budget)) return;
    const date = this.#clock.date();
    const [day, month] = (['day', 'month'] as const).map((per) => periodOf(date, per).name) as [string, string];
    const use = { ...amounts, name, id: used.id, perMinute: { calls, tokens }, day, month };
    this.#shared.add(use, (standing, since) => this.#hear(use, used, standing, since));
  }

  /** What all used, and what was used here since they were asked. A total that is less than what is known here was lost there. */
  #hear(use: { name: string; day: string; month: string }, used: Used, all: KeyStanding, since: Amounts): void {
    const now = this.#clock.now();
    if (all.calls !== undefined) used.calls?.set(all.calls - since.calls, now);
    if (all.tokens !== undefined) used.tokens?.set(all.tokens - since.tokens, now);
    const spent: Spent = this.#spent.get(use.name) ?? new Map();
    for (const per of ['day', 'month'] as const) {
      const total = all[per] + since.cost;
      if (total > (spent.get(use[per]) ?? 0)) spent.set(use[per], total);
    }
    if (spent.size > 0) this.#spent.set(use.name, spent);
  }

  /** Tells others the rest. */
  async close(): Promise<void> {
    await this.#shared?.close();
  }
}
