/** How a pool is, as its snapshot says at the moment of a scrape. */
import type { Snapshot } from '../index.ts';
import type { Family, Filled, Labels, Row } from './family.ts';

/** What is asked of a snapshot. */
export type PoolState = Pick<Snapshot, 'strategy' | 'retryBudget' | 'waiting'>;

interface PoolFamily extends Family {
  readonly of: (pool: PoolState) => Omit<Row, 'suffix'> | undefined;
}

const FAMILIES: readonly PoolFamily[] = [
  {
    name: 'pool_info',
    kind: 'gauge',
    help: 'Always 1; the strategy stands in the label.',
    merge: 'max',
    of: ({ strategy }) => ({ labels: { strategy: strategy.slice(0, 100) }, value: 1 }),
  },
  {
    name: 'calls_waiting',
    kind: 'gauge',
    help: 'Calls that wait for a slot, a cooldown or a backoff.',
    of: ({ waiting }) => ({ labels: {}, value: waiting }),
  },
  {
    name: 'retry_budget',
    kind: 'gauge',
    help: 'Extra attempts that may be made now; absent where they have no limit.',
    of: ({ retryBudget }) => (retryBudget === null ? undefined : { labels: {}, value: retryBudget }),
  },
];

/** The state of pools. @param pools by their labels. */
export function poolPage(pools: readonly (readonly [labels: Labels, state: PoolState])[]): Filled[] {
  return FAMILIES.map((family) => ({
    family,
    rows: pools.flatMap(([labels, state]) => {
      const row = family.of(state);
      return row ? [{ ...row, labels: { ...labels, ...row.labels } }] : [];
    }),
  }));
}
