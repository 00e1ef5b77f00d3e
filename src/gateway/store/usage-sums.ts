/** Sums of what calls used, by day, key, model and endpoint: kept in memory, as a store's own or until they are written. */
import { whoseFault } from '../usage/whose-fault.ts';
import type { CallRecord, UsageField, UsageQuery, UsageRow } from './call-record.ts';

/** A sum with all of its fields. */
export interface UsageCell {
  readonly day: string;
  readonly key: string;
  readonly model: string;
  readonly endpoint: string;
  calls: number;
  failed: number;
  callerErrors: number;
  tokensIn: number;
  tokensOut: number;
  cachedIn: number;
  cost: number;
}

/** Nothing was used. */
export const noUsage = {
  calls: 0,
  failed: 0,
  callerErrors: 0,
  tokensIn: 0,
  tokensOut: 0,
  cachedIn: 0,
  cost: 0,
} as const;

/** Names of models that are told apart; clients may make up any number of them. */
export const MOST_MODELS = 1_000;
/** Under this name the others are. */
export const OTHER_MODELS = '(others)';

const DAY = 86_400_000;
/** The day that was asked for last, which mostly is today. */
let [lastNumber, lastName] = [Number.NaN, ''];

/** The day of a date, UTC. */
export function dayOf(at: number): string {
  const number = Math.floor(at / DAY);
  if (number !== lastNumber) [lastNumber, lastName] = [number, new Date(at).toISOString().slice(0, 10)];
  return lastName;
}

/** Lives so long, in ms. */
export const USAGE_DAYS = 400;

/** The first day whose sums are kept still. */
export const firstDayKept = (now: number): string => dayOf(now - USAGE_DAYS * DAY);

/** Names of models as sums tell them apart: a bounded number of them a day. */
export class ModelNames {
  readonly #known = new Set<string>();
  #day = '';

  /** The name under which a call is summed. */
  of({ at, model }: Pick<CallRecord, 'at' | 'model'>): string {
    if (model === undefined) return '';
    const day = dayOf(at);
    if (day !== this.#day) this.#known.clear();
    this.#day = day;
    if (this.#known.has(model)) return model;
    if (this.#known.size >= MOST_MODELS) return OTHER_MODELS;
    this.#known.add(model);
    return model;
  }
}

/** The sums. */
export class UsageSums {
  readonly #cells = new Map<string, UsageCell>();
  /** Of each endpoint the one that was counted in last. */
  readonly #latest = new Map<string, UsageCell>();

  get size(): number {
    return this.#cells.size;
  }

  get cells(): Iterable<UsageCell> {
    return this.#cells.values();
  }

  #cell(day: string, key: string, model: string, endpoint: string): UsageCell {
    const id = JSON.stringify([day, key, model, endpoint]);
    let cell = this.#cells.get(id);
    if (!cell) {
      cell = { day, key, model, endpoint, ...noUsage };
      this.#cells.set(id, cell);
    }
    return cell;
  }

  /** Counts a call. @param model the name under which it is summed. */
  add(call: CallRecord, model: string): void {
    const { at, key = '', endpoint = '', tokens, cost = 0 } = call;
    if (call.test) return;
    const day = dayOf(at);
    let cell = this.#latest.get(endpoint);
    if (cell?.day !== day || cell.key !== key || cell.model !== model) {
      cell = this.#cell(day, key, model, endpoint);
      this.#latest.set(endpoint, cell);
    }
    cell.calls += 1;
    const fault = whoseFault(call);
    if (fault === 'ours') cell.failed += 1;
    if (fault === 'callers') cell.callerErrors += 1;
    cell.tokensIn += tokens?.input ?? 0;
    cell.tokensOut += tokens?.output ?? 0;
    cell.cachedIn += tokens?.cached ?? 0;
    cell.cost += cost;
  }

  /** Drops days before this one. */
  dropBefore(day: string): void {
    this.#latest.clear();
    for (const [id, cell] of this.#cells) if (cell.day < day) this.#cells.delete(id);
  }

  /** Takes out at most so many. */
  take(most: number): UsageCell[] {
    this.#latest.clear();
    const taken: UsageCell[] = [];
    for (const [id, cell] of this.#cells) {
      if (taken.length === most) break;
      this.#cells.delete(id);
      taken.push(cell);
    }
    return taken;
  }

  clear(): void {
    this.#latest.clear();
    this.#cells.clear();
  }
}

/** Cells summed up as a query wants them. */
export function sumUp(cells: Iterable<UsageCell>, { from = '', to = '9999', key, by }: UsageQuery): UsageRow[] {
  const rows = new Map<string, UsageRow & Pick<UsageCell, 'calls'>>();
  for (const cell of cells) {
    if (cell.day < from || cell.day > to || (key !== undefined && cell.key !== key)) continue;
    const fields = Object.fromEntries(by.map((field): [UsageField, string] => [field, cell[field]]));
    const id = JSON.stringify(Object.values(fields));
    const sum = rows.get(id) ?? noUsage;
    rows.set(id, {
      ...fields,
      calls: sum.calls + cell.calls,
      failed: sum.failed + cell.failed,
      callerErrors: sum.callerErrors + cell.callerErrors,
      tokensIn: sum.tokensIn + cell.tokensIn,
      tokensOut: sum.tokensOut + cell.tokensOut,
      cachedIn: sum.cachedIn + cell.cachedIn,
      cost: sum.cost + cell.cost,
    });
  }
  if (by.length === 0 && rows.size === 0) return [noUsage];
  const fieldsOf = (row: UsageRow) => by.map((field) => row[field] as string);
  const compare = (a: readonly string[], b: readonly string[]) => {
    for (const [at, one] of a.entries()) {
      const other = b[at] as string;
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  };
  return [...rows.values()].sort((a, b) => compare(fieldsOf(a), fieldsOf(b)));
}
