// What came of the calls of a trace, as figures, and two of them beside each other.
import type { Trace, TracedCall } from './trace.ts';

/** What a million tokens cost, by model or by `endpoint/model`. */
export type Prices = Readonly<Record<string, { readonly input: number; readonly output: number }>>;

/** The figures of one trace. Times in ms. */
export interface Figures {
  readonly calls: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  /** Of streams, to the first content; NaN = nothing is known. */
  readonly first50: number;
  readonly first99: number;
  readonly attempts: number;
  readonly tooMany: number;
  readonly failovers: number;
  readonly tokens: number;
  /** `undefined` = there are no prices. */
  readonly cost: number | undefined;
  /** Calls that each endpoint served. */
  readonly served: Readonly<Record<string, number>>;
}

function quantile(values: number[], q: number): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const servedBy = ({ attempts }: TracedCall) => attempts.findLast(({ verdict }) => verdict === 'ok');

function costOf(call: TracedCall, prices: Prices): number {
  const endpoint = servedBy(call)?.endpoint;
  const price = prices[`${endpoint}/${call.model}`] ?? prices[call.model ?? ''];
  return endpoint !== undefined && price ? (call.input * price.input + call.output * price.output) / 1e6 : 0;
}

/** The figures. */
export function figuresOf({ calls }: Pick<Trace, 'calls'>, prices?: Prices): Figures {
  const good = calls.filter(({ ok }) => ok);
  const firsts = good.flatMap((call) => {
    const served = call.stream ? servedBy(call) : undefined;
    return served?.firstMs === undefined ? [] : served.begunAt + served.firstMs;
  });
  const attempts = calls.flatMap((call) => call.attempts);
  const served: Record<string, number> = {};
  for (const call of good) {
    const name = servedBy(call)?.endpoint;
    if (name !== undefined) served[name] = (served[name] ?? 0) + 1;
  }
  const sum = (of: (call: TracedCall) => number) => calls.reduce((total, call) => total + of(call), 0);
  return {
    calls: calls.length,
    failed: calls.length - good.length,
    p50: quantile(
      good.map(({ ms }) => ms),
      0.5,
    ),
    p99: quantile(
      good.map(({ ms }) => ms),
      0.99,
    ),
    first50: quantile([...firsts], 0.5),
    first99: quantile(firsts, 0.99),
    attempts: attempts.length,
    tooMany: attempts.filter(({ status }) => status === 429).length,
    failovers: sum(
      ({ attempts: own }) => own.filter((each, at) => at > 0 && each.endpoint !== own[at - 1]?.endpoint).length,
    ),
    tokens: sum(({ input, output, ok }) => (ok ? input + output : 0)),
    cost: prices && sum((call) => (call.ok ? costOf(call, prices) : 0)),
    served,
  };
}

const ROWS: readonly (readonly [label: string, of: (figures: Figures) => number | undefined, unit: string])[] = [
  ['p50', ({ p50 }) => p50, ' ms'],
  ['p99', ({ p99 }) => p99, ' ms'],
  ['first content p50', ({ first50 }) => first50, ' ms'],
  ['first content p99', ({ first99 }) => first99, ' ms'],
  ['failed calls', ({ failed }) => failed, ''],
  ['attempts', ({ attempts }) => attempts, ''],
  ['429s', ({ tooMany }) => tooMany, ''],
  ['failovers', ({ failovers }) => failovers, ''],
  ['tokens', ({ tokens }) => tokens, ''],
  ['cost', ({ cost }) => cost, ''],
];

function shown(value: number | undefined, unit: string): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return `${unit === '' && !Number.isInteger(value) ? value.toFixed(4) : Math.round(value).toLocaleString('en-US')}${unit}`;
}

function change(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined || Number.isNaN(before) || Number.isNaN(after)) return '';
  if (before === after) return '=';
  if (before === 0) return `+${shown(after, '')}`;
  const percent = Math.round((after / before - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** One line for each figure: as it was recorded, and for each of the others the figure with the difference. */
export function differences(
  before: Figures,
  others: readonly { readonly name: string; readonly figures: Figures }[],
): string[] {
  const table = [['', 'recorded', ...others.flatMap(({ name }) => [name, ''])]];
  for (const [label, of, unit] of ROWS) {
    const was = of(before);
    const cells = others.map(({ figures }) => [shown(of(figures), unit), change(was, of(figures))]);
    if (was === undefined || (Number.isNaN(was) && cells.every(([value]) => value === '–'))) continue;
    table.push([label, shown(was, unit), ...cells.flat()]);
  }
  const names = [
    ...new Set([before, ...others.map(({ figures }) => figures)].flatMap(({ served }) => Object.keys(served))),
  ];
  for (const name of names.sort()) {
    const of = ({ served }: Figures) => served[name] ?? 0;
    const cells = others.flatMap(({ figures }) => [shown(of(figures), ''), change(of(before), of(figures))]);
    table.push([`served by ${name}`, shown(of(before), ''), ...cells]);
  }
  const widths = (table[0] as string[]).map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
      .join('  ')
      .trimEnd(),
  );
}
