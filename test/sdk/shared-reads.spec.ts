// One read for all who wait for it, each with a time and a will of its own.
import { APIConnectionTimeoutError, APIUserAbortError } from 'openai';
import { describe, expect, it } from 'vitest';
import { SharedReads } from '../../src/sdk/shared-reads.ts';
import { manualClock } from '../../src/testing/index.ts';

function setUp() {
  const clock = manualClock();
  const reads = new SharedReads(clock);
  const begun: Array<{ signal: AbortSignal; resolve(value: string): void; reject(error: unknown): void }> = [];
  const read = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ signal, resolve, reject });
    });
  const join = (key = 'x', { signal, ms = 1_000, scope = reads as object } = {} as Partial<Wait>) =>
    reads.join(scope, key, { signal, deadline: clock.now() + ms }, read).catch((error: unknown) => error);
  return { clock, begun, join };
}

interface Wait {
  signal: AbortSignal;
  ms: number;
  scope: object;
}

describe('reads of one key', () => {
  it('are one, and all get what it gives', async () => {
    const { begun, join, clock } = setUp();
    const all = [join(), join(), join()];
    expect(begun).toHaveLength(1);
    begun[0]!.resolve('here');
    expect(await Promise.all(all)).toEqual(['here', 'here', 'here']);
    expect([clock.pending, begun[0]!.signal.aborted]).toEqual([0, true]);
  });

  it('all hear of its failure', async () => {
    const { begun, join } = setUp();
    const all = [join(), join()];
    const error = new Error('lost');
    begun[0]!.reject(error);
    expect(await Promise.all(all)).toEqual([error, error]);
  });

  it('are another one once it is over, under another key, or in another scope', async () => {
    const { begun, join } = setUp();
    const first = join();
    begun[0]!.resolve('1');
    await first;
    void [join(), join('y'), join('x', { scope: {} })];
    expect(begun).toHaveLength(4);
  });
});

describe('who waits', () => {
  it('may abort without ending it for the others', async () => {
    const { begun, join } = setUp();
    const abort = new AbortController();
    const left = join('x', { signal: abort.signal });
    const stays = join();
    abort.abort('enough');
    const error = await left;
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect((error as Error).cause).toBe('enough');
    expect(begun[0]!.signal.aborted).toBe(false);
    begun[0]!.resolve('here');
    expect(await stays).toBe('here');
  });

  it('may have aborted before', async () => {
    const { join } = setUp();
    expect(await join('x', { signal: AbortSignal.abort() })).toBeInstanceOf(APIUserAbortError);
  });

  it('waits until its own time is up', async () => {
    const { begun, join, clock } = setUp();
    const [short, long] = [join('x', { ms: 100 }), join('x', { ms: 200 })];
    await clock.advance(100);
    expect(await short).toBeInstanceOf(APIConnectionTimeoutError);
    expect(begun[0]!.signal.aborted).toBe(false);
    await clock.advance(100);
    expect(await long).toBeInstanceOf(APIConnectionTimeoutError);
    expect([begun[0]!.signal.aborted, clock.pending]).toEqual([true, 0]);
  });

  it('ends it with all others; whoever comes then reads anew', async () => {
    const { begun, join } = setUp();
    const abort = new AbortController();
    const all = [join('x', { signal: abort.signal }), join('x', { signal: abort.signal })];
    abort.abort();
    await Promise.all(all);
    expect(begun[0]!.signal.aborted).toBe(true);
    // The read that was given up ends after the new one began, and ends only itself.
    const again = join();
    begun[0]!.reject(new Error('aborted'));
    await Promise.resolve();
    const also = join();
    expect(begun).toHaveLength(2);
    begun[1]!.resolve('here');
    expect(await Promise.all([again, also])).toEqual(['here', 'here']);
  });
});
