/** Text in columns, for tables on a terminal. */

/** Rows as columns; the last one is as long as it likes. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((text, at) => (at < row.length - 1 ? text.padEnd(widths[at] ?? 0) : text)).join('  ')}`.trimEnd(),
  );
}

/** `1 endpoint`, `3 endpoints`. */
export const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
