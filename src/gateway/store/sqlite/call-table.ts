/** The log of calls and the sums of usage in the store's file. */
import type { CallRecord, LogPage, LogQuery, UsageQuery, UsageRow } from '../call-record.ts';
import { cursorOf, pageSize } from '../page-size.ts';
import { sumUp, type UsageCell } from '../usage-sums.ts';
import type { Connection } from './connection.ts';

type Value = string | number | null;

const INSERT = 'INSERT INTO call (at, model, endpoint, key, status, value) VALUES (?, ?, ?, ?, ?, ?)';
const SUM = `INSERT INTO usage (day, key, model, endpoint, calls, failed, caller_errors, tokens_in, tokens_out, cached_in, cost)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, failed = failed + excluded.failed, caller_errors = caller_errors + excluded.caller_errors,
    tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
    cached_in = cached_in + excluded.cached_in, cost = cost + excluded.cost`;

/** The tables. */
export class CallTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** To be called within a transaction. */
  add({ at, model, endpoint, key, status, ...rest }: CallRecord): void {
    const names = [model, endpoint, key].map((name) => name ?? null);
    this.#connection.statement(INSERT).run(at, ...names, status, JSON.stringify(rest));
  }

  /** To be called within a transaction. */
  sum({ day, key, model, endpoint, ...sums }: UsageCell): void {
    const { calls, failed, callerErrors, tokensIn, tokensOut, cachedIn, cost } = sums;
    const figures = [calls, failed, callerErrors, tokensIn, tokensOut, cachedIn, cost];
    this.#connection.statement(SUM).run(day, key, model, endpoint, ...figures);
  }

  /** One page. @param most rows of the log that count. */
  page({ limit, before, model, endpoint, key, status }: LogQuery, most: number): LogPage {
    const size = pageSize(limit);
    const isFailed = status === 'failed' || (status !== undefined && status >= 400);
    const wanted: [string, Value | undefined][] = [
      ['seq < ?', cursorOf(before)],
      ['seq > (SELECT coalesce(max(seq), 0) FROM call) - ?', most],
      ['model = ?', model],
      ['endpoint = ?', endpoint],
      ['key = ?', key],
      ['status = ?', status === 'failed' ? undefined : status],
    ];
    const given = wanted.filter((one): one is [string, Value] => one[1] !== undefined);
    const where = [...given.map(([term]) => term), ...(isFailed ? ['status >= 400'] : [])];
    const sql = `SELECT seq, at, model, endpoint, key, status, value FROM call WHERE ${where.join(' AND ')} ORDER BY seq DESC LIMIT ?`;
    const rows = this.#connection.statement(sql).all(...given.map(([, value]) => value), size + 1);
    const found = rows as unknown as (Record<'seq' | 'at' | 'status', number> &
      Record<'value', string> &
      Record<'model' | 'endpoint' | 'key', string | null>)[];
    const calls = found.slice(0, size).map(({ seq: _, value, at, status, ...names }): CallRecord => {
      const rest = JSON.parse(value) as Omit<CallRecord, 'at' | 'status' | 'model' | 'endpoint' | 'key'>;
      const { model, endpoint, key } = names;
      const { firstMs, code, tokens, cost, body, ...sure } = rest;
      return {
        ...{ ...sure, firstMs, code, tokens, cost, body, at, status },
        ...{ model: model ?? undefined, endpoint: endpoint ?? undefined, key: key ?? undefined },
      };
    });
    return { calls, next: found.length > size ? String(found[size - 1]?.seq) : null };
  }

  /** Sums. */
  usage(query: UsageQuery): UsageRow[] {
    const { from = '', to = '9999', key } = query;
    const columns =
      'day, key, model, endpoint, calls, failed, caller_errors AS callerErrors, tokens_in AS tokensIn, tokens_out AS tokensOut, cached_in AS cachedIn, cost';
    const sql = `SELECT ${columns} FROM usage WHERE day BETWEEN ? AND ?${key === undefined ? '' : ' AND key = ?'}`;
    const given = key === undefined ? [from, to] : [from, to, key];
    const rows = this.#connection.statement(sql).iterate(...given);
    return sumUp(rows as unknown as Iterable<UsageCell>, query);
  }

  /** Deletes some of what is older, and of what is too much. @returns how many rows of the log. To be called within a transaction. */
  prune(before: number, most: number, atOnce: number): number {
    const old = `DELETE FROM call WHERE at < ? AND seq IN (SELECT seq FROM call ORDER BY seq LIMIT ?)`;
    const over = `DELETE FROM call WHERE seq IN (SELECT seq FROM call WHERE seq <= (SELECT max(seq) FROM call) - ? ORDER BY seq LIMIT ?)`;
    const first = this.#connection.statement(old).run(before, atOnce).changes;
    return Number(first) + Number(this.#connection.statement(over).run(most, atOnce).changes);
  }

  /** Deletes sums of days before this one. To be called within a transaction. */
  pruneUsage(firstDay: string): void {
    this.#connection.statement('DELETE FROM usage WHERE day < ?').run(firstDay);
  }
}
