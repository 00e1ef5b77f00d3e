// Life-cycle in processes of their own: nothing of ours keeps one alive, closed or not, and nothing is heard of rejections that
// nobody handles or of warnings: the children run under --unhandled-rejections=strict, and whatever they write to stderr fails.
import { describe, expect, it } from 'vitest';
import type { ServerRequest, Step } from '../../src/testing/index.ts';
import { runChild } from '../support/child.ts';
import { openStage } from '../support/stage.ts';

const CHILD = new URL('./children/uses-a-pool.ts', import.meta.url);

interface Seen {
  /** Timers, sockets, handles that the constructor made. */
  readonly made: number;
  /** Timers left when all was done. */
  readonly timers: number;
  readonly listeners: number;
  readonly outcomes: readonly string[];
  /** Ms from then until the process ended by itself. */
  readonly ms: number;
}

/** One after another; but the call that nobody looks at may not fail. */
const inTurn = (steps: readonly Step[]) => (request: ServerRequest) =>
  request.path.includes('/models') ? 'ok' : (steps[(request.number - 1) % steps.length] as Step);

describe.each(['close', 'leave', 'late'] as const)('invariants 13 and 14: a process that used a pool, %s', (end) => {
  it('ends by itself within 100 ms, and says nothing', async () => {
    await using stage = await openStage(
      {
        a: inTurn(['ok', 500, 'reset', { step: 'ok', delay: 20 }, 'truncated-json', { stream: 5, gap: 2 }]),
        b: inTurn(['ok', { status: 429, retryAfterMs: 20 }, { stream: 5, cutAfter: 2 }, 'html']),
      },
      { strategy: 'round-robin' },
    );
    const seen = await runChild<Seen>(CHILD, { options: stage.options, end }, 20_000);
    expect(seen.outcomes.length).toBe(43 + (end === 'late' ? 1 : 0));
    expect(seen.made).toBe(0);
    expect(seen.listeners).toBe(0);
    if (end !== 'leave') expect(seen.timers).toBe(0);
    expect(seen.ms).toBeLessThan(100);
    if (end === 'late') expect(seen.outcomes).toContain('ClosedError');
    // Requests end with the calls, not with the process.
    for (const server of Object.values(stage.servers)) await server.until(({ inFlight }) => inFlight === 0);
  });
});
