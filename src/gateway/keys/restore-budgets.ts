/** Gives keys the budgets that they had left: a restart is no way to get one back. */
import type { Clock } from '../../clock.ts';
import type { GatewayStore } from '../store/gateway-store.ts';
import { type Allowances, periodOf } from './allowance.ts';

/**
 * Reads what was spent this month, which holds this day.
 * @throws StoreFailure; not where gateways share a store, which tells what all spent at the first use of a key.
 */
export async function restoreBudgets(
  allowances: Allowances,
  { calls, keys, shared }: Pick<GatewayStore, 'calls' | 'keys' | 'shared'>,
  clock: Clock,
): Promise<void> {
  // One that is away tells of that itself.
  if (keys.known === false) return;
  const from = `${periodOf(clock.date(), 'month').name}-01`;
  let rows: Awaited<ReturnType<typeof calls.usage>>;
  try {
    rows = await calls.usage({ from, by: ['key', 'day'] });
  } catch (error) {
    if (shared) return;
    throw error;
  }
  for (const { key, day, cost } of rows) if (key && cost > 0) allowances.spend(key, cost, Date.parse(day as string));
}
