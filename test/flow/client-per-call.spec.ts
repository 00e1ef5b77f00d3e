// The promise: a client built for a single call is protected by what the clients before it learned, and leaves nothing behind.
import { describe, expect, it } from 'vitest';
import { FULL } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage } from '../support/stage.ts';

const CHILD = new URL('./children/client-per-call.ts', import.meta.url);
const KIB = 1_024;
const CLIENTS = FULL ? 10_000 : 1_000;

interface Seen {
  readonly lost: readonly string[];
  /** Calls that needed a second attempt. */
  readonly moved: number;
  /** Ms each call took. */
  readonly ms: readonly number[];
  /** Bytes in use after each tenth of the calls, garbage collected. */
  readonly heap: readonly number[];
  /** Timers left when all was done. */
  readonly timers: number;
}

describe('a client for each call, one endpoint of three dead', () => {
  it.each([1, 8])(
    `refused: ${CLIENTS} clients, %i at a time, at most 10 calls slowed, heap flat`,
    { timeout: 300_000 },
    async (concurrency) => {
      await using stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
      await stage.servers.b.refuse();
      const calls = CLIENTS;
      const seen = await runChild<Seen>(CHILD, { options: stage.options, calls, concurrency });
      expect(seen.lost).toEqual([]);
      expect(seen.moved).toBeGreaterThan(0);
      // The promise is 10 of 1,000; what comes later are single probes, 5 s apart at first.
      expect(seen.moved).toBeLessThanOrEqual(FULL ? 15 : 10);
      expect(stage.servers.a.calls + stage.servers.c.calls).toBe(calls);
      // In the second half: the first one warms the engine up, its compiled code and caches take their place in the heap.
      // A client that stays is 24 KiB.
      const growth = (seen.heap[9]! - seen.heap[4]!) / (calls / 2);
      expect(growth, `heap in KiB: ${seen.heap.map((bytes) => Math.round(bytes / KIB))}`).toBeLessThan(3 * KIB);
      expect(seen.timers).toBe(0);
    },
  );

  it('that all have one store: it keeps none of them alive', { timeout: 300_000 }, async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin' });
    const calls = CLIENTS;
    const input = { options: stage.options, calls, concurrency: 8, store: true };
    const seen = await runChild<Seen>(CHILD, input);
    expect(seen.lost).toEqual([]);
    const growth = (seen.heap[9]! - seen.heap[4]!) / (calls / 2);
    expect(growth, `heap in KiB: ${seen.heap.map((bytes) => Math.round(bytes / KIB))}`).toBeLessThan(3 * KIB);
  });

  it('a black hole, with attempts bounded: at most 10 calls slowed', async () => {
    await using stage = await openStage(
      { a: [], b: 'black-hole', c: [] },
      { strategy: 'round-robin', attemptTimeout: 300 },
    );
    const seen = await runChild<Seen>(CHILD, { options: stage.options, calls: 300, concurrency: 1 });
    expect(seen.lost).toEqual([]);
    expect(seen.moved).toBeGreaterThan(0);
    expect(seen.moved).toBeLessThanOrEqual(10);
    expect(stage.servers.b.calls).toBe(seen.moved);
  });

  it('a black hole, with default clocks: rescued, and at most 10 calls slowed', async () => {
    // Nothing is learned yet, so a second attempt starts after half of the timeout.
    await using stage = await openStage({ a: [], b: 'black-hole', c: [] }, { strategy: 'round-robin', timeout: 1_000 });
    const seen = await runChild<Seen>(CHILD, { options: stage.options, calls: 60, concurrency: 1 });
    expect(seen.lost).toEqual([]);
    expect(seen.moved).toBeGreaterThan(0);
    expect(seen.moved).toBeLessThanOrEqual(10);
  });
});
