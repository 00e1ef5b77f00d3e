/** The figures in Prometheus' text format. Every label is a name of the configuration, or one of a short list of words. */
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';
import type { StoreState } from '../store/gateway-store.ts';
import type { Figures } from './figures.ts';

const PREFIX = 'load_balanced_openai';
const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const labelled = (labels: Readonly<Record<string, string>>) => {
  const rows = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return rows.length === 0 ? '' : `{${rows.join(',')}}`;
};

type Row = readonly [labels: Readonly<Record<string, string>>, value: number];

function family(name: string, kind: 'counter' | 'gauge', help: string, rows: readonly Row[]): string[] {
  const full = `${PREFIX}_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${kind}`,
    ...rows.map(([labels, value]) => `${full}${labelled(labels)} ${value}`),
  ];
}

/** Counts by labels as rows. */
function rowsOf(counts: ReadonlyMap<string, number>, names: readonly string[]): Row[] {
  return [...counts].map(([key, value]) => {
    const values = key.split('\n');
    return [Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])), value];
  });
}

function durations({ duration }: Figures): string[] {
  const full = `${PREFIX}_call_duration_seconds`;
  return [
    `# HELP ${full} Time of calls from their arrival to the end of their reply.`,
    `# TYPE ${full} histogram`,
    ...duration.rows.map(([bound, count]) => `${full}_bucket{le="${bound}"} ${count}`),
    `${full}_sum ${duration.sum}`,
    `${full}_count ${duration.total}`,
  ];
}

/** The whole page. */
export function metricsText(figures: Figures, endpoints: readonly EndpointSnapshot[], store: StoreState): string {
  const each = (value: (endpoint: EndpointSnapshot) => number): Row[] =>
    endpoints.map((endpoint) => [{ endpoint: endpoint.name }, value(endpoint)]);
  const lines = [
    ...family(
      'calls_total',
      'counter',
      'Calls that are over, by model and status.',
      rowsOf(figures.calls, ['model', 'status']),
    ),
    ...family('calls_running', 'gauge', 'Calls under way.', [[{}, figures.running]]),
    ...durations(figures),
    ...family(
      'refused_total',
      'counter',
      'Calls that the gateway refused itself, by why.',
      rowsOf(figures.refused, ['code']),
    ),
    ...family('tokens_total', 'counter', 'Tokens of calls that are over.', rowsOf(figures.tokens, ['model', 'kind'])),
    ...family(
      'attempts_total',
      'counter',
      'Attempts by endpoint and verdict.',
      rowsOf(figures.attempts, ['endpoint', 'verdict']),
    ),
    ...family('failovers_total', 'counter', 'Attempts on another endpoint after one that failed.', [
      [{}, figures.failovers],
    ]),
    ...family('waits_total', 'counter', 'Calls that waited for an endpoint.', [[{}, figures.waits]]),
    ...family('store_well', 'gauge', 'Whether keys, usage and calls can be read and written.', [
      [{}, store.is === 'well' ? 1 : 0],
    ]),
    ...family(
      'endpoint_in_flight',
      'gauge',
      'Attempts under way.',
      each(({ inFlight }) => inFlight),
    ),
    ...family(
      'endpoint_eligible',
      'gauge',
      'Whether it takes calls.',
      each(({ excluded }) => (excluded === null ? 1 : 0)),
    ),
    ...family(
      'endpoint_ejected',
      'gauge',
      'Whether its breaker is open.',
      each(({ breaker }) => (breaker === 'open' ? 1 : 0)),
    ),
    ...family(
      'endpoint_successes_total',
      'counter',
      'Attempts that succeeded.',
      each(({ successes }) => successes),
    ),
    ...family(
      'endpoint_failures_total',
      'counter',
      'Attempts that count against it.',
      each(({ failures }) => failures),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
