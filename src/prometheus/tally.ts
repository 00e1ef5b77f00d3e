/** Counters and histograms by labels. However many label values there are, a metric never has more than so many lines. */
import { type Labels, OTHER, type Row } from './family.ts';

/** Series of one counter; those beyond count as `other`. */
const MOST_COUNTED = 2_000;
/** The same for a histogram, of which each has a line per bound. */
const MOST_MEASURED = 200;

/** Values of labels in the order of their names, joined by line breaks; that of none is `''`. */
type Key = string;

function labelsOf(names: readonly string[], key: Key): Labels {
  if (names.length === 0) return {};
  const values = key.split('\n');
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** Counts of one metric. */
export class Tally {
  readonly #names: readonly string[];
  readonly #counts = new Map<Key, number>();

  /** @param names of the labels; a counter without any is there from the start. */
  constructor(names: readonly string[] = []) {
    this.#names = names;
    this.clear();
  }

  /** Counts. */
  add(key: Key = '', by = 1): void {
    const before = this.#counts.get(key);
    if (before === undefined && this.#counts.size >= MOST_COUNTED) key = this.#names.map(() => OTHER).join('\n');
    this.#counts.set(key, (before ?? this.#counts.get(key) ?? 0) + by);
  }

  /** All together. */
  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  /** Each with its labels. */
  get rows(): Row[] {
    return [...this.#counts].map(([key, value]) => ({ labels: labelsOf(this.#names, key), value }));
  }

  /** Begins again. */
  clear(): void {
    this.#counts.clear();
    if (this.#names.length === 0) this.#counts.set('', 0);
  }
}

interface Measured {
  /** By range, the last beyond all bounds. */
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Measures of one metric. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #names: readonly string[];
  readonly #measured = new Map<Key, Measured>();

  /** @param bounds upper ones, ascending. @param names of the labels; without any it is there from the start. */
  constructor(bounds: readonly number[], names: readonly string[] = []) {
    this.#bounds = bounds;
    this.#names = names;
    this.clear();
  }

  #at(key: Key): Measured {
    const found = this.#measured.get(key);
    if (found) return found;
    const full = this.#measured.size >= MOST_MEASURED;
    const place = full ? this.#names.map(() => OTHER).join('\n') : key;
    const measured = this.#measured.get(place) ?? {
      counts: new Array<number>(this.#bounds.length + 1).fill(0),
      sum: 0,
      total: 0,
    };
    this.#measured.set(place, measured);
    return measured;
  }

  /** Notes one value. */
  add(value: number, key: Key = ''): void {
    const measured = this.#at(key);
    let place = 0;
    while (place < this.#bounds.length && value > (this.#bounds[place] as number)) place += 1;
    measured.counts[place] = (measured.counts[place] as number) + 1;
    measured.sum += value;
    measured.total += 1;
  }

  /** Each bound with how many were not above it, then their sum and their number. */
  get rows(): Row[] {
    return [...this.#measured].flatMap(([key, { counts, sum, total }]) => {
      const labels = labelsOf(this.#names, key);
      let seen = 0;
      const buckets = counts.map((count, index): Row => {
        seen += count;
        const le = index < this.#bounds.length ? String(this.#bounds[index]) : '+Inf';
        return { suffix: '_bucket', labels: { ...labels, le }, value: seen };
      });
      return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: total }] as const;
    });
  }

  /** Begins again. */
  clear(): void {
    this.#measured.clear();
    if (this.#names.length === 0) this.#at('');
  }
}
