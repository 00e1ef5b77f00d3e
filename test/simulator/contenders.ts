// Who is compared: the library's strategies by the names its options know, the oracle, and hedging where there is any.
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { poolKeys } from '../../src/config/schema.ts';
import { strategyNames } from '../../src/strategy/named.ts';
import type { Run } from './run.ts';

/** One of those who are compared. */
export interface Contender {
  readonly name: string;
  readonly options: Run['options'];
}

/** With this behind its name, a strategy also hedges. */
const HEDGED = '+hedge';
const HEDGE = { hedge: { budget: 0.1 } };

/** What all of them are run with: streams without content after so long are cut, as most applications set it. */
export const COMMON: Omit<LoadBalancedOpenAIOptions, 'strategy'> = { attemptTimeout: 10_000 };

/** The names there are. */
export const contenderNames: readonly string[] = [
  'oracle',
  ...strategyNames,
  ...(poolKeys().has('hedge') ? strategyNames.map((name) => name + HEDGED) : []),
];

/** Those compared when nobody is named. Not `priority`: it orders endpoints and fills the first one, so it is no way to spread load. */
export const usualNames: readonly string[] = [
  ...strategyNames.filter((name) => name !== 'priority'),
  ...contenderNames.filter((name) => name === `least-latency${HEDGED}`),
];

/** The one with this name. @param changes options of the library for this comparison */
export function contender(name: string, changes: Omit<LoadBalancedOpenAIOptions, 'strategy'> = {}): Contender {
  const hedged = name.endsWith(HEDGED);
  const strategy = (hedged ? name.slice(0, -HEDGED.length) : name) as Run['options']['strategy'];
  return { name, options: { ...COMMON, ...(hedged ? HEDGE : {}), ...changes, strategy } };
}
