/**
 * Calls on their way into Redis: taken at once, written in bundles soon after, kept within bounds while it is away. A bundle is sent
 * again until it was answered, and counts once: Redis knows it by its number.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../../clock.ts';
import type { CallRecord } from '../call-record.ts';
import type { Keep, Numbered } from '../gateway-store.ts';
import { ModelNames, USAGE_DAYS, type UsageCell, UsageSums } from '../usage-sums.ts';
import { AGAIN_AFTER, FLUSH_AFTER, MOST, PIECE, sound } from '../write-bounds.ts';
import type { RedisConnection } from './connection.ts';
import { RECORD } from './scripts.ts';

/** Sums written as one. */
const CELLS = 500;
/** How long what is left may take to be written when all ends, in ms: a Redis that fails over is back by then. */
const LAST_TRIES = 3_000;
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

interface Bundle extends Numbered {
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
  readonly #by = randomUUID();
  #number = 0;
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
    this.#number += 1;
    return { by: this.#by, number: this.#number, cells, rows };
  }

  async #send({ by, number, cells, rows }: Bundle): Promise<boolean> {
    const { connection, prefix, tell } = this.#parts;
    const { maxRows, retentionDays } = this.keep;
    const figures = cells.flatMap(({ day, key, model, endpoint, ...sums }) => [
      ...[day, JSON.stringify([key, model, endpoint]), sums.calls, sums.failed],
      ...[sums.tokensIn, sums.tokensOut, sums.cachedIn].map((tokens) => Math.round(sound(tokens))),
      ...[sound(sums.cost), sums.callerErrors],
    ]);
    const keys = ['done:', 'log', 'number', 'days'].map((name) => `${prefix}${name}${name === 'done:' ? by : ''}`);
    const bounds = [number, `${prefix}usage:`, (USAGE_DAYS + 1) * DAY, Math.max(1, maxRows), retentionDays * DAY + DAY];
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

  /** Writes what waits now, and no more: while calls keep coming there would be no end. */
  async #all(): Promise<boolean> {
    for (let rows = this.#rows.length, cells = this.#sums.size; ; rows -= PIECE, cells -= CELLS) {
      if (this.#bundle && !(await this.#send(this.#bundle))) return false;
      if (rows <= 0 && cells <= 0) break;
      this.#bundle = this.#next();
    }
    // What came meanwhile found nobody who would come back for it.
    if (!this.#timer && (this.#rows.length > 0 || this.#sums.size > 0)) this.#arm(FLUSH_AFTER);
    return true;
  }

  /** Writes what waits now, as far as that can be done. Never rejects. @returns whether it could */
  async flush(): Promise<boolean> {
    // What is being written does not hold the last calls.
    if (this.#sending) await this.#sending;
    this.#sending ??= this.#all().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Calls that are not written. */
  get #unwritten(): number {
    return [...(this.#bundle?.cells ?? []), ...this.#sums.cells].reduce((sum, { calls }) => sum + calls, 0);
  }

  /** Writes all, trying for some seconds, and takes no more. What could not be written then is lost. */
  async close(): Promise<void> {
    // Why not by the caller's clock: a test that holds time still still waits for a server.
    const until = systemClock.now() + LAST_TRIES;
    while (!(await this.flush()) && systemClock.now() < until)
      await new Promise<void>((resolve) => void systemClock.after(AGAIN_AFTER, resolve));
    this.#timer?.();
    this.lost += this.#unwritten;
  }
}
