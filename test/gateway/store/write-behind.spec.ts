// Calls on their way into the file: soon, in pieces, within bounds, and none counted twice or not at all.
import { expect, it } from 'vitest';
import type { CallRecord } from '../../../src/gateway/store/call-record.ts';
import { CallTable } from '../../../src/gateway/store/sqlite/call-table.ts';
import { Connection } from '../../../src/gateway/store/sqlite/connection.ts';
import { reasonOf } from '../../../src/gateway/store/sqlite/failure.ts';
import { WriteBehind } from '../../../src/gateway/store/sqlite/write-behind.ts';
import { type ManualClock, manualClock } from '../../../src/testing/index.ts';
import { describeSqlite, newPath } from './open-store.ts';
import { callOf } from './store-contract.ts';

interface Bench {
  readonly connection: Connection;
  readonly clock: ManualClock;
  readonly queue: WriteBehind;
  readonly told: (string | undefined)[];
  /** Rows in the file, and calls summed there. */
  count(): [rows: number, summed: number];
  limit(pages: number): void;
}

function bench(): Bench {
  const connection = new Connection(newPath());
  const clock = manualClock();
  const table = new CallTable(connection);
  const told: (string | undefined)[] = [];
  const tell = (problem: unknown) => {
    const reason = problem === undefined ? undefined : reasonOf(problem);
    if (told.at(-1) !== reason) told.push(reason);
  };
  const queue = new WriteBehind({ connection, table, clock, tell });
  const number = (sql: string) => Number(Object.values(connection.statement(sql).get() ?? {})[0] ?? 0);
  return {
    ...{ connection, clock, queue, told },
    count: () => [number('SELECT count(*) FROM call'), number('SELECT sum(calls) FROM usage')],
    limit: (pages) => void connection.statement(`PRAGMA max_page_count = ${pages}`).all(),
  };
}

const big = (more: Partial<CallRecord> = {}) => callOf({ body: 'x'.repeat(16_000), ...more });

describeSqlite('writing behind', () => {
  it('writes nothing at once and everything within 100 ms', async () => {
    const { clock, queue, count } = bench();
    for (let at = 0; at < 10; at += 1) queue.add(callOf());
    expect(count()).toEqual([0, 0]);
    await clock.advance(99);
    expect(count()).toEqual([0, 0]);
    await clock.advance(1);
    expect(count()).toEqual([10, 10]);
    expect(clock.pending).toBe(0);
  });

  it('begins sooner when many come, a piece of 200 at a time', async () => {
    const { clock, queue, count } = bench();
    for (let at = 0; at < 950; at += 1) queue.add(callOf());
    await clock.advance(0);
    expect(count()).toEqual([950, 950]);
  });

  it('goes on when the disk is full: rows wait within bounds, sums lose nothing, and all is written when there is room', async () => {
    const { clock, queue, count, limit, told } = bench();
    limit(1);
    for (let at = 0; at < 1_000; at += 1) queue.add(big());
    await clock.advance(10_000);
    expect(told).toEqual(['its disk is full']);
    const [rows] = count();
    expect(rows).toBeLessThan(200);
    for (let at = 0; at < 3_000; at += 1) queue.add(big());
    // 32 MiB of bodies, no more.
    expect(queue.lost).toBeGreaterThan(1_800);
    expect(queue.lost).toBeLessThan(2_200);
    for (let at = 0; at < 12_000; at += 1) queue.add(callOf());
    await clock.advance(10_000);
    limit(1_000_000);
    await clock.advance(1_000);
    expect(count()).toEqual([16_000 - queue.lost, 16_000]);
    expect(count()[0]).toBe(10_000);
    expect(told).toEqual(['its disk is full', undefined]);
  });

  it('waits a second for others who write before it says so', async () => {
    const { clock, queue, count, told, connection } = bench();
    const other = new Connection(connection.path);
    other.statement('BEGIN IMMEDIATE').run();
    queue.add(callOf());
    await clock.advance(900);
    expect(told).toEqual([]);
    await clock.advance(1_000);
    expect(told).toEqual(['another process holds it locked']);
    other.statement('COMMIT').run();
    await clock.advance(500);
    expect([count(), told]).toEqual([
      [1, 1],
      ['another process holds it locked', undefined],
    ]);
    other.close();
  });

  it('writes what waits when it is closed, and only sums where no rows are wanted', () => {
    const { queue, count } = bench();
    queue.keeps = false;
    queue.add(callOf());
    queue.flush();
    queue.keeps = true;
    queue.add(callOf());
    queue.close();
    expect(count()).toEqual([1, 2]);
  });
});
