/** Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0, which scrapers ask for by `Accept`. Pure. */
import { type Family, type Filled, type Labels, PREFIX, type Row } from './family.ts';

/** How metrics are written. */
export type Format = 'prometheus' | 'openmetrics';

/** What each is called in HTTP. */
export const contentTypes: Readonly<Record<Format, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an `Accept` header asks for. */
export const formatFor = (accept: string | undefined): Format =>
  accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';

const escapedHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escaped = (text: string) => escapedHelp(text).replaceAll('"', '\\"');

/** OpenMetrics writes every bound as a number with a fraction. */
const boundIn = (bound: string, format: Format) =>
  format === 'openmetrics' && /^\d+$/.test(bound) ? `${bound}.0` : bound;

function labelled(labels: Labels, format: Format): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${name === 'le' ? boundIn(value, format) : escaped(value)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function headOf({ name, kind, help, unit }: Family, format: Format): string[] {
  // There a counter is called without the suffix that its samples have.
  const full = PREFIX + (format === 'openmetrics' && kind === 'counter' ? name.replace(/_total$/, '') : name);
  const head = [
    `# HELP ${full} ${format === 'openmetrics' ? escaped(help) : escapedHelp(help)}`,
    `# TYPE ${full} ${kind}`,
  ];
  return unit && format === 'openmetrics' ? [...head, `# UNIT ${full} ${unit}`] : head;
}

const line = (name: string, { labels, value, suffix }: Row, format: Format) =>
  `${PREFIX}${name}${suffix ?? ''}${labelled(labels, format)} ${value}`;

/** The whole page. */
export function textOf(page: readonly Filled[], format: Format = 'prometheus'): string {
  const lines = page.flatMap(({ family, rows }) => [
    ...headOf(family, format),
    ...rows.map((row) => line(family.name, row, format)),
  ]);
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}
