// Nobody is left: refused everywhere, or everybody ejected for health.
import { describe, expect, it, vi } from 'vitest';
import { NoEndpointAvailableError } from '../../src/errors.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError, connectionError } from '../support/parts.ts';

const REFUSED = connectionError('ECONNREFUSED');
const MINUTE = 60_000;

describe('nobody lets us in', () => {
  it('later calls ask once more, for the real error', async () => {
    const bench = dispatchBench({ a: [apiError(401)], b: [apiError(403)] });
    expect(await bench.call().outcome).toMatchObject({ error: { status: 403 }, attempts: ['a', 'b'], at: 0 });
    const again = await bench.call().outcome;
    expect(again).toMatchObject({ served: undefined, at: 0 });
    expect([...again.attempts].sort()).toEqual(['a', 'b']);
    expect((again.error as { status: number }).status).toBeGreaterThanOrEqual(401);
  });

  it('and a success there ends what kept it away', async () => {
    const bench = dispatchBench({ a: [apiError(401), 'ok'] });
    await bench.call().outcome;
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')?.kind).toBe('refused');
    expect(await bench.call().outcome).toMatchObject({ served: 'a' });
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toBeUndefined();
  });

  it('those that refused are asked when everybody else has failed', async () => {
    const bench = dispatchBench({ a: [apiError(401), 'ok'], b: ['ok', apiError(404, { code: 'model_not_found' })] });
    expect(await bench.call().outcome).toMatchObject({ served: 'b' });
    expect(await bench.call().outcome).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
  });

  it('out of credit: 10 min, doubling to an hour, until a call succeeds (row 33)', async () => {
    const broke = apiError(429, { code: 'insufficient_quota' });
    const bench = dispatchBench({ a: [broke, broke, broke, broke, broke, 'ok', broke] });
    const spans: unknown[] = [];
    for (let i = 0; i < 7; i++) {
      const before = bench.names('endpoint-cooldown').length;
      await bench.call({ maxRetries: 0 }).outcome;
      const [cooldown] = bench.names('endpoint-cooldown').slice(before);
      const ms = cooldown && 'ms' in cooldown ? cooldown.ms : 0;
      spans.push(ms / MINUTE);
      await bench.clock.advance(ms);
    }
    expect(spans).toEqual([10, 20, 40, 60, 60, 0, 10]);
  });
});

describe('everybody is ejected', () => {
  const dead = (options: Parameters<typeof dispatchBench>[1] = {}) =>
    dispatchBench(
      { a: [REFUSED], b: [REFUSED] },
      { ...options, settings: { strategy: roundRobin(), ...options.settings } },
    );
  async function ejected(options: Parameters<typeof dispatchBench>[1] = {}) {
    const bench = dead(options);
    for (let i = 0; i < 10; i++) await bench.call({ maxRetries: 0 }).outcome;
    expect(['a', 'b'].map((name) => bench.endpoint(name).state.breakerState)).toEqual(['open', 'open']);
    bench.events.length = 0;
    return bench;
  }

  it('a lone call is let through, whoever it may be', async () => {
    const bench = await ejected();
    await bench.clock.advance(1_200);
    const before = bench.sent.a! + bench.sent.b!;
    const told = await bench.call({ maxRetries: 0 }).outcome;
    expect(told.error).not.toBeInstanceOf(NoEndpointAvailableError);
    expect(bench.sent.a! + bench.sent.b!).toBe(before + 1);
    expect(bench.names('panic-entered')).toEqual([expect.objectContaining({ endpoints: ['a', 'b'] })]);
  });

  it('most of many calls are refused at once when they never wait', async () => {
    const bench = await ejected();
    await bench.clock.advance(1_200);
    const before = bench.sent.a! + bench.sent.b!;
    const told = await Promise.all(Array.from({ length: 200 }, () => bench.call({ maxRetries: 0 }).outcome));
    expect(bench.sent.a! + bench.sent.b! - before).toBeLessThan(15);
    const refused = told.filter(({ error }) => error instanceof NoEndpointAvailableError);
    expect(refused.length).toBeGreaterThan(185);
    expect(refused[0]).toMatchObject({ at: bench.clock.now(), error: { status: 503, cause: REFUSED } });
    expect((refused[0]!.error as NoEndpointAvailableError).retryAfterMs).toBeGreaterThan(0);
  });

  it('a refused call that may wait backs off first', async () => {
    const bench = await ejected();
    await bench.clock.advance(1_200);
    const calls = Array.from({ length: 100 }, () => bench.call({ maxRetries: 1 }));
    await bench.clock.advance(0);
    expect(calls.filter(({ told }) => told === undefined).length).toBeGreaterThan(80);
    await bench.clock.advance(5_000);
    expect(calls.every(({ told }) => told !== undefined)).toBe(true);
    expect(
      bench.lines.filter((line) => line.startsWith('warn') && line.includes('no endpoint can take calls')),
    ).toHaveLength(1);
  });

  it('most of many calls are let through while answers come', async () => {
    const bench = await ejected();
    for (let i = 0; i < 60; i++) bench.dispatcher.parts.throttle!.accepted();
    const before = bench.sent.a! + bench.sent.b!;
    await Promise.all(Array.from({ length: 90 }, () => bench.call({ maxRetries: 0 }).outcome));
    expect(bench.sent.a! + bench.sent.b! - before).toBe(90);
  });

  it('an answer is what lets more through, a failure is not', async () => {
    const bench = dispatchBench({ a: ['ok'], b: [REFUSED] });
    const admitted = () => {
      bench.clock.random = () => 0.5;
      return bench.dispatcher.parts.throttle!.admit();
    };
    for (let i = 0; i < 9; i++) await bench.call({ maxRetries: 0 }, { only: 'b' }).outcome;
    expect(admitted()).toBe(false);
    for (let i = 0; i < 9; i++) await bench.call({ maxRetries: 0 }, { only: 'a' }).outcome;
    expect(admitted()).toBe(true);
  });

  it('is judged over as long as answers usually take', async () => {
    const bench = dispatchBench({ a: [...Array.from({ length: 20 }, () => ({ ms: 5_000 })), REFUSED] });
    const calls = Array.from({ length: 20 }, () => bench.call());
    await bench.clock.advance(5_000);
    expect(calls.every(({ told }) => told?.served === 'a')).toBe(true);
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
    const admit = vi.spyOn(bench.dispatcher.parts.throttle!, 'admit');
    await bench.call({ maxRetries: 0 }).outcome;
    expect(admit.mock.calls[0]![0]).toBeGreaterThanOrEqual(5_000);
  });

  it('good news closes at once', async () => {
    const bench = dispatchBench({ a: [...Array.from({ length: 5 }, () => REFUSED), 'ok'] });
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
    await bench.clock.advance(1_200);
    expect(await bench.call({ maxRetries: 0 }).outcome).toMatchObject({ served: 'a' });
    expect(bench.endpoint('a').state.breakerState).toBe('closed');
    expect(bench.names('endpoint-restored')).toHaveLength(1);
  });

  it('without panic every call is refused until a probe is due', async () => {
    const bench = await ejected({ settings: { panic: false } });
    await bench.clock.advance(1_200);
    expect((await bench.call({ maxRetries: 0 }).outcome).error).toBeInstanceOf(NoEndpointAvailableError);
    expect(bench.names('panic-entered')).toEqual([]);
    await bench.clock.advance(5_000);
    expect((await bench.call({ maxRetries: 0 }).outcome).error).toBe(REFUSED);
  });

  it('a burst of calls is still counted when they ask again, long after the last of them began', async () => {
    const bench = await ejected();
    const before = bench.sent.a! + bench.sent.b!;
    for (let call = 0; call < 500; call++) bench.call({ maxRetries: 2 });
    await bench.clock.advance(10_000);
    expect(bench.sent.a! + bench.sent.b! - before).toBeLessThanOrEqual(25);
  });
});
