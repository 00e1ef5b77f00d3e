/** Usage as a table for a spreadsheet. Pure. */
import type { UsageRow } from './call-shapes.ts';

/** A cell. What a spreadsheet would take for a formula is marked as text: names come from whoever makes calls. */
export function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COLUMNS = [
  'day',
  'key',
  'model',
  'endpoint',
  'calls',
  'failed',
  'callerErrors',
  'tokensIn',
  'tokensOut',
  'cachedIn',
  'cost',
] as const;

/** The rows with a line of names above. */
export function usageTable(rows: readonly UsageRow[]): string {
  const used = COLUMNS.filter((column) => rows.some((row) => row[column] !== undefined && row[column] !== null));
  const lines = [used.join(','), ...rows.map((row) => used.map((column) => cell(row[column])).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}
