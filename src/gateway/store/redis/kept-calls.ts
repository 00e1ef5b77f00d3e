/** The log of calls and the sums of usage, as Redis keeps them: read page by page, and cut at their ends. */
import type { Clock } from '../../../clock.ts';
import type { CallRecord, LogPage, LogQuery, UsageQuery, UsageRow } from '../call-record.ts';
import type { Keep } from '../gateway-store.ts';
import { cursorOf, pageSize } from '../page-size.ts';
import { firstDayKept, noUsage, sumUp, type UsageCell } from '../usage-sums.ts';
import type { RedisConnection } from './connection.ts';

const DAY = 86_400_000;
/** Rows looked at for one page at most. */
const LOOKED_AT = 20_000;
/** Rows asked for at a time: few at first, since each may hold a body, and more where few of them are wanted; and of them deleted. */
const [FIRST, MOST, PRUNED] = [100, 1_000, 200];
const FIGURES = ['calls', 'failed', 'tokensIn', 'tokensOut', 'cachedIn', 'cost', 'callerErrors'] as const;

/** A row of a stream. */
type Row = readonly [id: string, fields: readonly string[]];

const matches = (call: CallRecord, { model, endpoint, key, status }: LogQuery) =>
  (model === undefined || call.model === model) &&
  (endpoint === undefined || call.endpoint === endpoint) &&
  (key === undefined || call.key === key) &&
  (status === undefined || (status === 'failed' ? call.status >= 400 : call.status === status));

/** Fields that a call need not have. */
const LOOSE = { firstMs: undefined, model: undefined, key: undefined, code: undefined, endpoint: undefined };

const read = ([id, fields]: Row) => ({
  number: Number(id.split('-', 1)[0]),
  call: {
    ...{ ...LOOSE, tokens: undefined, cost: undefined, body: undefined },
    ...(JSON.parse(fields[1] as string) as object),
  } as CallRecord,
});

/** What is kept. */
export class KeptCalls {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, prefix: string, clock: Clock) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  /** One page; one that had to look at too much ends early, and its `next` goes on. */
  async page(query: LogQuery, { maxRows, retentionDays }: Keep): Promise<LogPage> {
    const size = pageSize(query.limit);
    const newest = Number((await this.#connection.send('GET', `${this.#prefix}number`)) ?? 0);
    const first = Math.max(1, newest - maxRows + 1);
    const since = this.#clock.date() - retentionDays * DAY;
    const calls: CallRecord[] = [];
    let last = Math.min(newest + 1, cursorOf(query.before));
    for (let seen = 0, count = Math.min(FIRST, size + 1); seen < LOOKED_AT; count = Math.min(count * 2, MOST)) {
      if (last <= first) return { calls, next: null };
      const rows = (await this.#connection.send(
        ...['XREVRANGE', `${this.#prefix}log`, `${last - 1}-1`, `${first}-1`, 'COUNT', String(count)],
      )) as readonly Row[];
      for (const row of rows) {
        const { number, call } = read(row);
        if (call.at >= since && matches(call, query)) {
          if (calls.length === size) return { calls, next: String(last) };
          calls.push(call);
        }
        last = number;
      }
      if (rows.length < count) return { calls, next: null };
      seen += count;
    }
    return { calls, next: String(last) };
  }

  /** Sums. */
  async usage(query: UsageQuery): Promise<UsageRow[]> {
    const { from = '', to = '9999' } = query;
    const first = firstDayKept(this.#clock.date());
    const days = (await this.#connection.send('SMEMBERS', `${this.#prefix}days`)) as string[];
    const wanted = days.filter((day) => day >= from && day <= to && day >= first);
    const cells: UsageCell[] = [];
    // One after the other: asked for at once, the last ones would be waited for too long where a day has many.
    for (const day of wanted) for (const cell of await this.#cellsOf(day)) cells.push(cell);
    return sumUp(cells, query);
  }

  async #cellsOf(day: string): Promise<UsageCell[]> {
    const fields = (await this.#connection.send('HGETALL', `${this.#prefix}usage:${day}`)) as string[];
    const cells = new Map<string, UsageCell>();
    for (let at = 0; at < fields.length; at += 2) {
      const [field, value] = [fields[at] as string, Number(fields[at + 1])];
      const name = field.slice(1);
      let cell = cells.get(name);
      if (!cell) {
        const [key, model, endpoint] = JSON.parse(name) as [string, string, string];
        cell = { day, key, model, endpoint, ...noUsage };
        cells.set(name, cell);
      }
      cell[FIGURES[Number(field[0]) - 1] as (typeof FIGURES)[number]] = value;
    }
    return [...cells.values()];
  }

  /** Deletes what is too old, a piece at a time. @returns whether there may be more */
  async prune({ retentionDays }: Keep): Promise<boolean> {
    const date = this.#clock.date();
    const log = `${this.#prefix}log`;
    const isOld = (row: Row) => read(row).call.at < date - retentionDays * DAY;
    const front = (count: number) => this.#connection.send('XRANGE', log, '-', '+', 'COUNT', count);
    const [oldest] = (await front(1)) as readonly Row[];
    const rows = oldest && isOld(oldest) ? ((await front(PRUNED)) as readonly Row[]) : [];
    const young = rows.findIndex((row) => !isOld(row));
    const gone = young < 0 ? rows.length : young;
    const lastGone = rows[gone - 1];
    if (lastGone) await this.#connection.send('XTRIM', log, 'MINID', `${read(lastGone).number + 1}-0`);
    const days = (await this.#connection.send('SMEMBERS', `${this.#prefix}days`)) as string[];
    const past = days.filter((day) => day < firstDayKept(date));
    if (past.length > 0) {
      await this.#connection.send('DEL', ...past.map((day) => `${this.#prefix}usage:${day}`));
      await this.#connection.send('SREM', `${this.#prefix}days`, ...past);
    }
    return gone === PRUNED;
  }
}
