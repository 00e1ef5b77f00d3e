/** Starts the cooldown that an outcome asks for, at all endpoints it speaks of. */
import type { Verdict, VerdictName } from '../call/outcome.ts';
import { keyOf } from './cooldown.ts';
import type { Load } from './live-facts.ts';
import type { QuotaMember } from './quota.ts';

/** Verdicts that speak of a quota: they hold for all that draw on it. */
const SHARED: ReadonlySet<VerdictName> = new Set<VerdictName>(['rate-limited', 'out-of-credit']);

/**
 * Starts it.
 * @param state of the endpoint that was asked.
 * @returns how long it lasts, in ms; `undefined` when none was asked for.
 */
export function coolDown(
  state: QuotaMember,
  { model, asked, quotaGroup, neighbours }: Load,
  { cooldown: order, name }: Verdict,
  operation: string,
): number | undefined {
  if (!order) return undefined;
  const key = (own: string) => keyOf(order.scope, own, operation);
  const ms = state.cooldowns.start(order, key(model));
  if (!SHARED.has(name)) return ms;
  // Those of a group that its user named may call the model differently.
  const named =
    quotaGroup === undefined
      ? []
      : (neighbours?.endpoints ?? []).filter(({ settings }) => settings.quotaGroup === quotaGroup);
  for (const each of named) each.state.cooldowns.start({ ...order, ms }, key(each.keyOf(asked)));
  for (const other of state.quota.members)
    if (other !== state && !named.some((each) => each.state === other))
      other.cooldowns.start({ ...order, ms }, key(model));
  return ms;
}
