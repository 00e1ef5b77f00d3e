/** The figures for Prometheus, under the names that clients of the library have. Every label is a name of the configuration, or one of a short list of words. */
import { callFamilies } from '../../prometheus/call-counts.ts';
import { storeWell } from '../../prometheus/client-metrics.ts';
import { endpointPage } from '../../prometheus/endpoint-state.ts';
import { contentTypes, textOf } from '../../prometheus/exposition.ts';
import type { Family, Filled } from '../../prometheus/family.ts';
import { type PoolState, poolPage } from '../../prometheus/pool-state.ts';
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';
import type { StoreState } from '../store/gateway-store.ts';
import type { Figures } from './figures.ts';

/** What the page shows. */
export interface MetricsFacts {
  readonly figures: Figures;
  readonly endpoints: readonly EndpointSnapshot[];
  /** By the name of their group. */
  readonly pools: readonly (readonly [name: string, state: PoolState])[];
  readonly store: StoreState;
}

/** What it is in HTTP. */
export const metricsType = contentTypes.prometheus;

const single = (family: Family, value: number): Filled => ({ family, rows: [{ labels: {}, value }] });
const running: Family = { name: 'calls_running', kind: 'gauge', help: 'Calls under way.' };
const refused: Family = {
  name: 'refused_total',
  kind: 'counter',
  help: 'Calls that the gateway refused itself, by why.',
};
const failed: Family = {
  name: 'failed_calls_total',
  kind: 'counter',
  help: "Those of the calls that failed, by whose fault: the caller's own, or the gateway's and its endpoints'.",
};
/** Its own store. What clients share of endpoints counts among the events. */
const ownStore: Family = { ...storeWell, help: 'Whether keys, usage and calls can be read and written.' };

/** The whole page. */
export function metricsText({ figures, endpoints, pools, store }: MetricsFacts): string {
  return textOf([
    { family: callFamilies.calls, rows: figures.calls.rows },
    single(running, figures.running),
    { family: failed, rows: figures.failed.rows },
    { family: callFamilies.duration, rows: figures.duration.rows },
    { family: callFamilies.firstToken, rows: figures.firstToken.rows },
    { family: refused, rows: figures.refused.rows },
    ...figures.tokens.page,
    ...figures.events.page,
    single(ownStore, store.is === 'well' ? 1 : 0),
    ...poolPage(pools.map(([pool, state]) => [{ pool }, state])),
    ...endpointPage(endpoints, { endpoint: (name) => name, model: figures.events.model }),
  ]);
}
