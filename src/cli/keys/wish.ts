/** What a new key may use, read from the options of `keys create`. */
import type { KeyLimits } from '../../gateway/config/settings.ts';
import type { KeyWish } from '../../gateway/store/new-client-key.ts';

/** The values as they were given. */
export type WishOptions = Readonly<Partial<Record<'groups' | 'rpm' | 'tpm' | 'budget' | 'expires', string>>>;

const NAME = /^[\w.@-]{1,64}$/;
const NUMBER = /^\d{1,12}(\.\d+)?$/;
const BUDGET = /^(\d{1,12}(?:\.\d+)?)(?:\/(day|month))?$/;

const above = (text: string): number | undefined => (NUMBER.test(text) && Number(text) > 0 ? Number(text) : undefined);

/** The budget, or `undefined` when it is none. */
function budgetOf(text: string): KeyLimits['budget'] {
  const [, amount = '0', per = 'month'] = BUDGET.exec(text) ?? [];
  return Number(amount) > 0 ? { amount: Number(amount), per: per as 'day' | 'month' } : undefined;
}

/** Reads them. @param now in ms since 1970. @returns the wish, or what is wrong. */
export function wishOf(name: string | undefined, options: WishOptions, now: number): KeyWish | string {
  if (name === undefined) return 'A name is missing, as in: keys create team-a';
  if (!NAME.test(name)) return "A name has 1 to 64 letters, digits, '.', '_', '@' or '-'.";
  const { groups, rpm, tpm, budget, expires } = options;
  const [requestsPerMinute, tokensPerMinute] = [rpm, tpm].map((text) => (text === undefined ? undefined : above(text)));
  if (rpm !== undefined && requestsPerMinute === undefined) return '--rpm is a number of calls per minute above 0.';
  if (tpm !== undefined && tokensPerMinute === undefined) return '--tpm is a number of tokens per minute above 0.';
  const money = budget === undefined ? undefined : budgetOf(budget);
  if (budget !== undefined && !money) return '--budget is an amount above 0, such as 50, 50/month or 5/day.';
  const expiresAt = expires === undefined ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAt)) return '--expires is a date such as 2030-01-31 or 2030-01-31T12:00:00Z.';
  if (expiresAt !== undefined && expiresAt <= now) return '--expires lies in the past.';
  const names = groups?.split(',').map((one) => one.trim());
  if (names?.includes('')) return '--groups is a list of group or model names with commas between them.';
  return {
    name,
    ...(names && { groups: names }),
    limits: {
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokensPerMinute }),
      ...(money && { budget: money }),
    },
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
