/** Usage added up for a chart by day and for a table. Pure. */

import type { UsageRow } from './call-shapes.ts';
import type { Lines } from './series.ts';

/** What can be counted. */
export const measures = ['calls', 'tokens', 'cost'] as const;
/** One of them. */
export type Measure = (typeof measures)[number];

/** A row's share of a measure. */
export function measured(row: UsageRow, measure: Measure): number {
  return measure === 'tokens' ? row.tokensIn + row.tokensOut : row[measure];
}

const DAY = 86_400;

/** The days from the first to the last, as `2026-11-21`, in UTC. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let time = Date.parse(first) / 1_000; time <= Date.parse(last) / 1_000; time += DAY)
    days.push(new Date(time * 1_000).toISOString().slice(0, 10));
  return days;
}

/** A sum for each day, those without calls too. */
export function dayLines(rows: readonly UsageRow[], days: readonly string[], measure: Measure): Lines {
  const sums = new Map<string, number>();
  for (const row of rows)
    if (row.day !== undefined) sums.set(row.day, (sums.get(row.day) ?? 0) + measured(row, measure));
  return [days.map((day) => Date.parse(day) / 1_000), days.map((day) => sums.get(day) ?? 0)];
}

/** Rows over all days, told apart by the fields; what cost or counted most first. */
export function totals(rows: readonly UsageRow[], by: readonly ('key' | 'model' | 'endpoint')[]): UsageRow[] {
  const found = new Map<string, UsageRow>();
  for (const row of rows) {
    const names = Object.fromEntries(by.map((field) => [field, row[field] ?? '']));
    const id = JSON.stringify(names);
    const sum = found.get(id);
    found.set(id, {
      ...names,
      calls: (sum?.calls ?? 0) + row.calls,
      failed: (sum?.failed ?? 0) + row.failed,
      callerErrors: (sum?.callerErrors ?? 0) + row.callerErrors,
      tokensIn: (sum?.tokensIn ?? 0) + row.tokensIn,
      tokensOut: (sum?.tokensOut ?? 0) + row.tokensOut,
      cachedIn: (sum?.cachedIn ?? 0) + (row.cachedIn ?? 0),
      cost: (sum?.cost ?? 0) + row.cost,
    });
  }
  return [...found.values()].sort((a, b) => b.cost - a.cost || b.calls - a.calls);
}
