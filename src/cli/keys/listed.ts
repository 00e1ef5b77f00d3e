/** The keys of a store as text: a table for people, JSON for programs. */
import type { KeyLimits } from '../../gateway/config/settings.ts';
import type { UsageRow } from '../../gateway/store/call-record.ts';
import type { GatewayStore, StoredKey } from '../../gateway/store/gateway-store.ts';
import { dayOf, noUsage } from '../../gateway/store/usage-sums.ts';
import { columns } from '../columns.ts';

const dateOf = (at: number) =>
  new Date(at)
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.\d+Z$/, 'Z');

function limitsOf({ requestsPerMinute, tokensPerMinute, budget }: KeyLimits): string {
  const all = [
    requestsPerMinute && `${requestsPerMinute} calls/min`,
    tokensPerMinute && `${tokensPerMinute} tokens/min`,
    budget && `${budget.amount}/${budget.per}`,
  ];
  return all.filter(Boolean).join(', ') || 'none';
}

const shownCost = (cost: number) => (cost === 0 ? '0' : cost.toPrecision(3).replace(/\.?0+$/, ''));

function row(key: StoredKey, used: UsageRow | undefined, now: number): string[] {
  const { name, groups, limits, expiresAt, createdAt } = key;
  const expiry = expiresAt === undefined ? 'never' : `${dateOf(expiresAt)}${expiresAt <= now ? ' (expired)' : ''}`;
  return [
    ...[name, groups?.join(', ') ?? 'all', limitsOf(limits), expiry, dayOf(createdAt)],
    ...[String(used?.calls ?? 0), `${used?.tokensIn ?? 0} / ${used?.tokensOut ?? 0}`, shownCost(used?.cost ?? 0)],
  ];
}

/** The keys, with what each used this month. Never a key, never its hash. */
export async function listed(
  store: Pick<GatewayStore, 'keys' | 'calls' | 'place'>,
  now: number,
  asJson: boolean,
): Promise<string> {
  const keys = store.keys.list();
  const from = `${dayOf(now).slice(0, 7)}-01`;
  const used = new Map((await store.calls.usage({ from, by: ['key'] })).map((one) => [one.key, one]));
  if (asJson) {
    const rows = keys.map(({ digest: _, ...key }) => {
      const { key: __, ...usage } = used.get(key.name) ?? { key: key.name, ...noUsage };
      const times = { createdAt: new Date(key.createdAt).toISOString() };
      return {
        ...key,
        ...times,
        ...(key.expiresAt !== undefined && { expiresAt: new Date(key.expiresAt).toISOString() }),
        usage,
      };
    });
    return JSON.stringify(rows, null, 2);
  }
  if (keys.length === 0) return `No keys in ${store.place} yet. Make one with: keys create NAME`;
  const head = ['name', 'groups', 'limits', 'expires', 'made', 'calls', 'tokens in / out', 'cost this month'];
  return columns([head, ...keys.map((key) => row(key, used.get(key.name), now))]).join('\n');
}
