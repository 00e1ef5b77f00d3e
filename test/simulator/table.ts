// The figures as text.
import type { Cell } from './compare.ts';
import type { Scenario } from './scenarios.ts';

/** A contender's cells in one scenario, one for each number of clients. */
export interface Row {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** A scenario with its rows. */
export interface Group {
  readonly scenario: Scenario;
  readonly rows: readonly Row[];
}

const HEADS = ['p99', 'p99.9', 'success', 'wasted', 'to bad'] as const;
const WIDTHS = [8, 8, 9, 8, 8] as const;

/** Never rounded up to 100 %: one lost call shows. */
function percent(share: number): string {
  if (share === 1) return '100 %';
  const text = (Math.floor(share * 10_000) / 100).toFixed(2);
  return `${text} %`;
}

function fields({ p99, p999, success, wasted, toBad }: Cell, bad: boolean): string[] {
  return [
    p99.toFixed(2),
    p999.toFixed(2),
    percent(success),
    wasted.toFixed(4),
    bad ? `${(toBad * 100).toFixed(2)} %` : '–',
  ];
}

const line = (texts: readonly string[]) => texts.map((text, index) => text.padStart(WIDTHS[index] ?? 0)).join('');

/** One scenario as lines. @param clients how many each column of cells stands for */
export function section(scenario: Scenario, clients: readonly number[], rows: readonly Row[]): string[] {
  const names = Math.max(8, ...rows.map(({ name }) => name.length));
  const width = WIDTHS.reduce((sum, each) => sum + each, 0);
  const over = clients.map((count) => `${count} client${count === 1 ? '' : 's'}`.padStart(width));
  return [
    `${scenario.title}`,
    `${''.padEnd(names)}${over.join('   ')}`,
    `${'strategy'.padEnd(names)}${clients.map(() => line(HEADS)).join('   ')}`,
    ...rows.map(({ name, cells }) => {
      const figures = cells.map((cell) => line(fields(cell, scenario.fault !== undefined)));
      return `${name.padEnd(names)}${figures.join('   ')}`;
    }),
    '',
  ];
}

/** All scenarios as a table for the README: a row per contender, a figure for each number of clients. */
export function markdown(groups: readonly Group[]): string[] {
  const order = [...groups].sort((a, b) => a.scenario.shows.localeCompare(b.scenario.shows));
  const figure = ({ shows }: Scenario, { p99, wasted }: Cell) =>
    shows === 'time' ? p99.toFixed(2) : (wasted * 100).toFixed(1);
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = groups[0]?.rows.map(({ name }) => name) ?? [];
  return [
    row(['strategy', ...order.map(({ scenario }) => scenario.title)]),
    row(['---', ...order.map(() => '---')]),
    ...names.map((name, index) => {
      const cells = order.map(({ scenario, rows }) => {
        return rows[index]?.cells.map((each) => figure(scenario, each)).join(' / ') ?? '';
      });
      return row([`\`${name}\``, ...cells]);
    }),
  ];
}
