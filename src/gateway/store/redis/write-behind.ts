/**
 * Calls on their way into Redis: taken at once, written in bundles soon after, kept within bounds while it is away. A bundle is sent
 * again until it was answered, and counts once: Redis knows it by its number.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import type { CallRecord } from '../call-record.ts';
import type { Keep } from '../gateway-store.ts';
import { ModelNames, USAGE_DAYS, type UsageCell, UsageSums } from '../usage-sums.ts';
import { AGAIN_AFTER, FLUSH_AFTER, MOST, PIECE } from '../write-bounds.ts';
import type { RedisConnection } from './connection.ts';
import { RECORD } from './scripts.ts';

/** Sums written as one. */
const CELLS = 500;
const DAY = 86_400_000;

/** What it is made of. */
export interface WriteBehindParts {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** The first part of every key. */
  readonly prefix: string;
  /** Told why calls cannot be written; `undefined` = they can. */
  readonly tell: (problem: unknown) => void;
}

interface Bundle {
  readonly id: string;
  readonly cells: readonly UsageCell[];
  readonly rows: readonly string[];
}

/** The queue. */
export class WriteBehind {
  readonly #parts: WriteBehindParts;
  readonly #models = new ModelNames();
  readonly #sums = new UsageSums();
  #rows: string[] = [];
  #text = 0;
  #bundle: Bundle | undefined;
  #sending: Promise<boolean> | undefined;
  #timer: (() => void) | undefined;
  #failing = false;
  /** Rows given up. */
  lost = 0;
  keep: Keep = { retentionDays: 7, maxRows: 1_000_000 };

  constructor(parts: WriteBehindParts) {
    this.#parts = parts;
  }

  /** Takes a call. Never throws. */
  add(call: CallRecord): void {
    this.#sums.add(call, this.#models.of(call));
    if (this.keep.maxRows > 0) {
      const row = JSON.stringify(call);
      this.#rows.push(row);
      this.#text += row.length;
    }
    while (this.#rows.length > MOST.calls || this.#text > MOST.text) {
      this.#text -= (this.#rows.shift() as string).length;
      this.lost += 1;
    }
    if (this.#failing) return;
    if (this.#rows.length > 0 && this.#rows.length % PIECE === 0) this.#arm(0);
    else if (!this.#timer) this.#arm(FLUSH_AFTER);
  }

  #arm(ms: number): void {
    this.#timer?.();
    this.#timer = this.#parts.clock.after(
      ms,
      () => {
        this.#timer = undefined;
        void this.flush();
      },
      false,
    );
  }

  #next(): Bundle | undefined {
    if (this.#rows.length === 0 && this.#sums.size === 0) return undefined;
    const cells = this.#sums.take(CELLS);
    const rows = this.#rows.splice(0, PIECE);
    this.#text -= rows.reduce((sum, row) => sum + row.length, 0);
    return { id: randomUUID(), cells, rows };
  }

  async #send({ id, cells, rows }: Bundle): Promise<boolean> {
    const { connection, prefix, tell } = this.#parts;
    const { maxRows, retentionDays } = this.keep;
    const figures = cells.flatMap(({ day, key, model, endpoint, ...sums }) => [
      ...[day, JSON.stringify([key, model, endpoint]), sums.calls, sums.failed],
      ...[sums.tokensIn, sums.tokensOut, sums.cachedIn, sums.cost, sums.callerErrors],
    ]);
    const keys = ['done:', 'log', 'number', 'days'].map((name) => `${prefix}${name}${name === 'done:' ? id : ''}`);
    const bounds = [`${prefix}usage:`, (USAGE_DAYS + 1) * DAY, Math.max(1, maxRows), retentionDays * DAY + DAY];
    try {
      await connection.run(RECORD, keys, [...bounds, cells.length, ...figures, ...rows]);
    } catch (error) {
      this.#failing = true;
      tell(error);
      this.#arm(AGAIN_AFTER);
      return false;
    }
    this.#bundle = undefined;
    this.#failing = false;
    tell(undefined);
    return true;
  }

  async #all(): Promise<boolean> {
    for (;;) {
      this.#bundle ??= this.#next();
      if (!this.#bundle) return true;
      if (!(await this.#send(this.#bundle))) return false;
    }
  }

  /** Writes all that waits, as far as that can be done now. Never rejects. @returns whether it could */
  flush(): Promise<boolean> {
    this.#sending ??= this.#all().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Writes all, and takes no more. */
  async close(): Promise<void> {
    // What was being written when the last call came may not hold it.
    if (await this.flush()) await this.flush();
    this.#timer?.();
  }
}
