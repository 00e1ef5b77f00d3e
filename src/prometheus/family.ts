/** A metric as Prometheus knows it, and what it holds at one moment. The words of this folder; the gateway's own metrics use them too. */

/** Values by label. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric is. */
export interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The name ends with it. */
  readonly unit?: 'seconds' | 'ratio';
  /** How rows become one: those of names that share a label, or those of several processes. @default 'sum' */
  readonly merge?: 'sum' | 'min' | 'max';
}

/** One line of a metric. */
export interface Row {
  readonly labels: Labels;
  readonly value: number;
  /** Of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** A metric with what it holds. */
export interface Filled {
  readonly family: Family;
  readonly rows: readonly Row[];
}

/** What all names begin with. */
export const PREFIX = 'load_balanced_openai_';

/** The label of all that has none of its own. */
export const OTHER = 'other';

const MERGES: Readonly<Record<'sum' | 'min' | 'max', (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  min: Math.min,
  max: Math.max,
};

/** Rows of equal labels made one, since a series may be named once only. */
export function merged({ merge = 'sum' }: Family, rows: readonly Row[]): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = Object.values(row.labels).join('\n');
    const before = found.get(key);
    found.set(key, before ? { ...row, value: MERGES[merge](before.value, row.value) } : row);
  }
  return [...found.values()];
}
