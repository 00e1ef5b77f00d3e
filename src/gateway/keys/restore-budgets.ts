/** Gives keys the budgets that they had left: a restart is no way to get one back. */
import type { Clock } from '../../clock.ts';
import type { GatewayStore } from '../store/gateway-store.ts';
import { type Allowances, periodOf } from './allowance.ts';

/** Reads what was spent this month, which holds this day. @throws StoreFailure. */
export async function restoreBudgets(
  allowances: Allowances,
  { calls, keys }: Pick<GatewayStore, 'calls' | 'keys'>,
  clock: Clock,
): Promise<void> {
  // One that is away tells of that itself.
  if (keys.known === false) return;
  const from = `${periodOf(clock.date(), 'month').name}-01`;
  for (const { key, day, cost } of await calls.usage({ from, by: ['key', 'day'] }))
    if (key && cost > 0) allowances.spend(key, cost, Date.parse(day as string));
}
