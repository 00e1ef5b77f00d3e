// Rows 72 and 73: more calls at once than usual, and more than the process has file descriptors for.
import { beforeAll, expect, it } from 'vitest';
import { chat, chatStream, FULL, many, read, servedBy } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { row } from './row.ts';

const CALLS = FULL ? 10_000 : 2_000;
/** Where one process holds both ends of every socket. */
const SOME = CALLS / 4;
const MINUTES = 300_000;
/** Clients of their own process: a socket has two ends, and a process so many descriptors. */
const AT_ONCE = new URL('./children/at-once.ts', import.meta.url);

interface AtOnce {
  lost: string[];
  served: Record<string, number>;
  endpoints: object[];
}

const sum = (stage: Stage, field: 'inFlight' | 'failures') =>
  stage.client.balancer.snapshot().endpoints.reduce((total, endpoint) => total + endpoint[field], 0);
const sent = (stage: Stage) => Object.values(stage.servers).reduce((total, server) => total + server.calls, 0);
const lost = (made: PromiseSettledResult<unknown>[]) =>
  made.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));

row(
  72,
  'thousands of calls at once',
  'none is lost or sent twice; nothing stays in flight; no bound on sockets yet',
  () => {
    const busy = {
      script: { step: 'ok', delay: 20, times: Number.POSITIVE_INFINITY },
      server: { remember: 0 },
    } as const;
    const [a, b, c] = [busy, busy, busy];
    const options = { strategy: 'round-robin' } as const;

    it('all are answered, each endpoint gets its share, and in flight is back to none', {
      timeout: MINUTES,
    }, async () => {
      await using stage = await openStage({ a, b, c }, options);
      const input = { options: stage.options, calls: CALLS };
      const { lost, served, endpoints } = await runChild<AtOnce>(AT_ONCE, input, MINUTES);
      expect([lost, sent(stage)]).toEqual([[], CALLS]);
      for (const share of Object.values(served)) expect(Math.abs(share - CALLS / 3)).toBeLessThanOrEqual(1);
      for (const [index, name] of (['a', 'b', 'c'] as const).entries())
        expect(endpoints[index]).toEqual({ inFlight: 0, attempts: served[name], failures: 0, breaker: 'closed' });
    });

    it('streams as well', { timeout: MINUTES }, async () => {
      const stream = { ...busy, script: { stream: 3, delay: 20, times: Number.POSITIVE_INFINITY } } as const;
      await using stage = await openStage({ a: stream, b: stream, c: stream }, options);
      const made = await many(SOME, SOME, async () => (await read(await chatStream(stage.client))).error);
      expect(lost(made)).toEqual([]);
      expect(made.filter((each) => each.status === 'fulfilled' && each.value !== undefined)).toEqual([]);
      expect([sent(stage), sum(stage, 'inFlight')]).toEqual([SOME, 0]);
    });

    it('with one endpoint refusing connections all are answered by the others', { timeout: MINUTES }, async () => {
      await using stage = await openStage({ a, b, c }, options);
      await stage.servers.a.refuse();
      const made = await many(SOME, SOME, () => chat(stage.client).then(servedBy));
      expect(lost(made)).toEqual([]);
      expect(new Set(made.map((each) => (each as PromiseFulfilledResult<string>).value))).toEqual(new Set(['b', 'c']));
      expect([sent(stage), sum(stage, 'inFlight'), stage.state('a').breaker]).toEqual([SOME, 0, 'open']);
    });

    it('whoever gives up meanwhile leaves nothing in flight', { timeout: MINUTES }, async () => {
      await using stage = await openStage({ a, b, c }, options);
      const { signal } = new AbortController();
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 10);
      const made = await many(SOME, SOME, (index) =>
        chat(stage.client, {}, { signal: index % 2 === 0 ? abort.signal : signal }),
      );
      expect(lost(made.filter((_, index) => index % 2 === 1))).toEqual([]);
      expect([sum(stage, 'inFlight'), sum(stage, 'failures')]).toEqual([0, 0]);
    });
  },
);

interface One {
  verdicts: string[];
  ms: number;
  error: string | null;
}
interface Seen {
  without: One[];
  after: object[];
  waited: One;
  again: One;
  crowd: { served: number; local: number; other: One[] };
  last: One;
  end: object[];
  /** Requests that the servers counted. */
  sent: number;
}

const CHILD = new URL('./children/no-files-left.ts', import.meta.url);
const UNTOUCHED = { breaker: 'closed', failures: 0, cooldowns: [], excluded: null, inFlight: 0 };

row(73, 'the process runs out of file descriptors (EMFILE)', 'fails fast as a local error; nobody is blamed', () => {
  const slow = { step: 'ok', delay: 100, times: Number.POSITIVE_INFINITY } as const;
  let seen: Seen;
  beforeAll(async () => {
    await using stage = await openStage({ a: slow, b: slow });
    const input = { options: { endpoints: stage.options.endpoints }, calls: 200 };
    seen = { ...(await runChild<Seen>(CHILD, input, 60_000, {}, 64)), sent: sent(stage) };
  }, 60_000);

  it('without a descriptor left a call fails within 50 ms with the SDK’s connection error, each attempt a local error', () => {
    const { without } = seen;
    for (const { verdicts, error, ms } of without) {
      expect({ verdicts, error }).toEqual({
        verdicts: ['a local-error', 'b local-error'],
        error: 'APIConnectionError',
      });
      expect(ms).toBeLessThan(50);
    }
  });

  it('no endpoint’s breaker, cooldowns or failures change', () => {
    const { after, end } = seen;
    expect([after, end]).toEqual([
      [UNTOUCHED, UNTOUCHED],
      [UNTOUCHED, UNTOUCHED],
    ]);
  });

  it('with descriptors again all works: a call that may retry gets its answer, later ones at the first attempt', () => {
    const { waited, again } = seen;
    expect(waited).toMatchObject({ verdicts: ['a local-error', 'b local-error', 'a ok'], error: null });
    expect(again).toMatchObject({ verdicts: ['a ok'], error: null });
  });

  it('more calls at once than descriptors: some are served, the others are local errors, and then all works', () => {
    const { crowd, last, sent } = seen;
    expect(crowd.other).toEqual([]);
    expect(crowd.served).toBeGreaterThan(0);
    expect(crowd.local).toBeGreaterThan(0);
    // The two calls before, the crowd's and the last: what failed for want of descriptors never left.
    expect(sent).toBe(2 + crowd.served + 1);
    expect(last).toMatchObject({ verdicts: ['a ok'], error: null });
  });
});
