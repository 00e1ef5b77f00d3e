// Everybody is ejected, and a call was turned away for the last time: it hears what the next probe says before it gives up.
import { describe, expect, it } from 'vitest';
import type { PoolSettings } from '../../src/config/settings.ts';
import { NoEndpointAvailableError } from '../../src/errors.ts';
import { type Bench, dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { apiError, breakerSettings, connectionError } from '../support/parts.ts';

const REFUSED = connectionError('ECONNREFUSED');
const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);

/** Endpoint a is ejected, nothing is let through by chance, and one call was let through just now; then come `steps`. */
async function turnedAway(
  steps: readonly Step[],
  before: readonly Step[] = [],
  changes: Partial<PoolSettings> = {},
): Promise<Bench> {
  const settings = { breaker: breakerSettings({ resetTimeout: 60_000 }), ...changes };
  const bench = dispatchBench({ a: [...before, ...times(6, REFUSED), ...steps] }, { settings });
  for (let i = 0; i < before.length; i++) {
    const made = bench.call();
    await bench.clock.advance(4_000);
    expect(made.told?.served).toBe('a');
  }
  // What was answered before is forgotten.
  await bench.clock.advance(before.length * 1_000);
  bench.clock.random = () => 0;
  for (let i = 0; i < 6; i++) await bench.call({ maxRetries: 0 }).outcome;
  expect(bench.endpoint('a').state.breakerState).toBe('open');
  bench.events.length = 0;
  return bench;
}

describe('the next probe', () => {
  it('fails: whoever was it gets its error, the others are refused at once', async () => {
    const bench = await turnedAway([REFUSED]);
    const calls = [1, 2, 3].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(999);
    expect(calls.map(({ told }) => told)).toEqual([undefined, undefined, undefined]);
    await bench.clock.advance(1);
    expect(calls.map(({ told }) => told?.at)).toEqual(times(3, 1_000 as never));
    expect(calls.map(({ told }) => told?.attempts.length).sort()).toEqual([0, 0, 1]);
    expect(calls.filter(({ told }) => told?.error instanceof NoEndpointAvailableError)).toHaveLength(2);
    expect([bench.sent.a, bench.clock.pending, bench.dispatcher.parts.room.waiting]).toEqual([7, 0, 0]);
    expect(bench.names('call-waiting').map((event) => 'reason' in event && event.reason)).toEqual([
      ...times(3, 'every endpoint is ejected' as never),
      ...times(3, 'waiting for a probe' as never),
    ]);
  });

  it('succeeds: all are served', async () => {
    const bench = await turnedAway(['ok']);
    const calls = [1, 2, 3].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(1_000);
    expect(calls.map(({ told }) => told?.served)).toEqual(['a', 'a', 'a']);
  });

  it('is told by the first content of a stream', async () => {
    const bench = await turnedAway([{ ms: 60_000 }, 'ok']);
    const calls = [1, 2].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(1_000);
    const [probe] = calls.filter(({ story }) => story.attempts.length === 1);
    bench.dispatcher.proved(probe!.story, probe!.story.attempts[0]!);
    await bench.clock.advance(0);
    expect(calls.map(({ told }) => told?.served)).toEqual(probe === calls[0] ? [undefined, 'a'] : ['a', undefined]);
  });

  it.each([
    ['two seconds where nothing is known', []],
    ['half as long again as a call usually takes', times(20, { ms: 4_000 })],
  ])('hangs: it is waited for %s', async (_, before) => {
    const bench = await turnedAway(['hang'], before);
    const usual = bench.endpoint('a').state.latency('gpt-5')!.plain.quantile(0.99);
    const ms = 500 + (before.length === 0 ? 2_000 : 1.5 * usual);
    const from = bench.clock.now();
    const calls = [1, 2, 3].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(ms - 1);
    expect([bench.sent.a! - before.length, ...calls.map(({ told }) => told)]).toEqual([
      7,
      ...times(3, undefined as never),
    ]);
    await bench.clock.advance(1);
    // One of them is due as a probe itself.
    const refused = calls.flatMap(({ told }) => told ?? []);
    expect(refused).toMatchObject([{ at: from + ms, error: expect.any(NoEndpointAvailableError) as unknown }]);
    expect(bench.sent.a! - before.length).toBe(8);
  });
});

describe('a probe that runs', () => {
  it('and fails after a while is heard at once, however long calls usually take', async () => {
    const bench = await turnedAway([{ ms: 300, fails: REFUSED }], times(20, { ms: 4_000 }));
    const from = bench.clock.now();
    const calls = [1, 2, 3].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(1_500);
    expect(calls.map(({ told }) => told?.at)).toEqual(times(3, (from + 1_300) as never));
  });

  it('since before the call asked says nothing to it by failing', async () => {
    const bench = await turnedAway([{ ms: 800, fails: REFUSED }, 'ok']);
    await bench.clock.advance(1_000);
    bench.call({ maxRetries: 0 });
    expect(bench.sent.a).toBe(7);
    const late = [1, 2].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(5_000);
    expect(late.map(({ told }) => told?.served)).toEqual(['a', 'a']);
  });

  it.each(['abort', 'no answer for the caller'] as const)(
    'and ends without a verdict on the endpoint is no failed one: %s',
    async (how) => {
      const controller = new AbortController();
      const { signal } = controller;
      const bench = await turnedAway(['hang', 'ok']);
      await bench.clock.advance(1_000);
      const now = bench.clock.now();
      const probe = bench.call({ maxRetries: 0, ...(how === 'abort' ? { signal } : { deadline: now + 700 }) });
      const calls = [1, 2].map(() => bench.call({ maxRetries: 1 }));
      await bench.clock.advance(700);
      controller.abort();
      await bench.clock.advance(0);
      expect(probe.told?.served).toBeUndefined();
      await bench.clock.advance(1_500);
      expect(calls.map(({ told }) => told?.served)).toEqual(['a', 'a']);
    },
  );

  it('is waited for as long as the call may wait, where calls usually take longer', async () => {
    const settings = { waitingRoom: { maxWaiting: 100, maxWait: 3_000 } };
    const bench = await turnedAway([{ ms: 2_500 }, 'ok'], times(20, { ms: 4_000 }), settings);
    const calls = [1, 2].map(() => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(4_000);
    expect(calls.map(({ told }) => told?.served)).toEqual(['a', 'a']);
  });
});

it('a call that the budget does not let go takes no probe from others', async () => {
  const settings = { retryBudget: { ratio: 0, minPerSecond: 0 }, breaker: breakerSettings({ resetTimeout: 60_000 }) };
  const bench = dispatchBench({ a: [apiError(500), ...times(5, REFUSED), 'ok'] }, { settings });
  bench.clock.random = () => 0;
  const attempted = bench.call({ maxRetries: 1 });
  await bench.clock.advance(0);
  for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
  expect([bench.endpoint('a').state.breakerState, bench.sent.a]).toEqual(['open', 6]);
  await bench.clock.advance(600);
  expect(bench.sent.a).toBe(6);
  for (let i = 0; i < 9; i++) bench.dispatcher.parts.throttle!.requested();
  expect((await bench.call({ maxRetries: 0 }).outcome).served).toBe('a');
  await bench.clock.advance(3_000);
  expect(attempted.told).toBeDefined();
});

it('a caller that never waits does not wait for probes', async () => {
  const bench = await turnedAway(['ok']);
  const told = await bench.call({ maxRetries: 0 }).outcome;
  expect([told.error instanceof NoEndpointAvailableError, told.at]).toEqual([true, 0]);
});

it('a call with one attempt left is no probe as long as it may wait', async () => {
  const bench = await turnedAway([apiError(500), 'ok']);
  bench.call({ maxRetries: 4, maxAttempts: 2 });
  await bench.clock.advance(1_500);
  expect(bench.sent.a).toBe(7);
  await bench.clock.advance(5_999);
  expect(bench.sent.a).toBe(7);
  await bench.clock.advance(1);
  expect(bench.sent.a).toBe(8);
});

it('thousands of calls that hear the same do not hold up the event loop', async () => {
  const bench = await turnedAway([{ ms: 100, fails: REFUSED }]);
  const calls = Array.from({ length: 1_000 }, () => bench.call({ maxRetries: 1 }));
  await bench.clock.advance(1_099);
  const [probe] = calls.flatMap(({ story }) => story.attempts);
  const told = () => calls.filter((call) => call.told).length;
  const turns: number[] = [];
  bench.dispatcher.parts.throttle!.told(probe!.load, true);
  while (told() < calls.length - 1) {
    const before = told();
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(told() - before);
  }
  expect(Math.max(...turns)).toBeLessThanOrEqual(200);
});

it('calls that ask again do not pass together when nobody new comes', async () => {
  const bench = await turnedAway([REFUSED]);
  const calls = Array.from({ length: 200 }, () => bench.call({ maxRetries: 2 }));
  await bench.clock.advance(10_000);
  expect(calls.every(({ told }) => told !== undefined)).toBe(true);
  expect(bench.sent.a! - 6).toBeLessThan(10);
});
