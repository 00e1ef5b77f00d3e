// The loop over attempts on a clock turned by hand: who is tried, in which order, when, and what the caller gets.
import { APIConnectionTimeoutError, APIUserAbortError, ConflictError, InternalServerError, RateLimitError } from 'openai';
import { describe, expect, it } from 'vitest';
import { ClosedError, NoEndpointAvailableError } from '../../src/errors.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { type BenchOptions, dispatchBench } from '../support/dispatch-bench.ts';
import { aCall, apiError, breakerSettings, connectionError, errorInside200 } from '../support/parts.ts';

const LIMITED = (ms: number) => apiError(429, {}, { 'retry-after-ms': String(ms) });
const REFUSED = connectionError('ECONNREFUSED');
const MINUTE = 60_000;

describe('failover', () => {
  it('is at once, and tells everybody in order', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] });
    expect(await bench.call().outcome).toMatchObject({ served: 'b', attempts: ['a', 'b'], verdicts: ['server-error', 'ok'], at: 0 });
    expect(bench.events.map(({ type }) => type)).toEqual([
      'call-start',
      'attempt-start',
      'attempt-end',
      'failover-start',
      'attempt-start',
      'attempt-end',
      'call-end',
    ]);
    expect(bench.names('failover-start')[0]).toMatchObject({ endpoint: 'b', from: 'a', verdict: 'server-error' });
    expect(bench.names('call-end')[0]).toMatchObject({ ok: true, ms: 0 });
    expect(bench.endpoint('a').inFlight + bench.endpoint('b').inFlight).toBe(0);
  });

  it('ends with the attempts allowed', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [apiError(502)], c: [apiError(504)], d: ['ok'] });
    const told = await bench.call({ maxRetries: 0 }).outcome;
    expect(told).toMatchObject({ served: undefined, attempts: ['a', 'b', 'c'] });
    expect(told.error).toMatchObject({ status: 504 });
  });

  it('does not count connects that failed before anything was sent, once per endpoint', async () => {
    const bench = dispatchBench({ a: [REFUSED], b: [REFUSED], c: [REFUSED], d: [REFUSED], e: ['ok'] });
    expect(await bench.call({ maxAttempts: 1 }).outcome).toMatchObject({ served: 'e', attempts: ['a', 'b', 'c', 'd', 'e'] });
    const alone = dispatchBench({ a: [REFUSED] });
    const call = alone.call({ maxRetries: 9, maxAttempts: 2 });
    await alone.clock.advance(10 * MINUTE);
    expect(call.told?.attempts).toEqual(['a', 'a', 'a']);
  });

  it('is off where the user says so: the same endpoint, after a wait', async () => {
    const bench = dispatchBench({ a: [apiError(500), 'ok'], b: ['ok'] }, { settings: { failover: false } });
    const call = bench.call();
    await bench.clock.advance(1_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
    expect(call.told!.at).toBeGreaterThanOrEqual(375);
  });

  it('never happens for the caller’s own fault', async () => {
    const bench = dispatchBench({ a: [apiError(400)], b: ['ok'] });
    expect(await bench.call().outcome).toMatchObject({ served: undefined, attempts: ['a'], verdicts: ['caller-error'] });
    expect(bench.sent).toEqual({ a: 1, b: 0 });
  });

  it('leaves an endpoint out that ruled itself out, also after a wait', async () => {
    const bench = dispatchBench({ a: [apiError(500, {}, { 'x-should-retry': 'false' })], b: [apiError(500)] });
    const call = bench.call();
    await bench.clock.advance(MINUTE);
    expect(call.told?.attempts).toEqual(['a', 'b', 'b']);
    expect(bench.sent).toEqual({ a: 1, b: 2 });
  });

  it('throws the error of the last attempt that got a reply, which then stands last', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [connectionError('ECONNRESET')] });
    const told = await bench.call({ maxRetries: 0 }).outcome;
    expect(told.error).toBeInstanceOf(InternalServerError);
    expect(told.attempts).toEqual(['b', 'a']);
  });
});

describe('a wait', () => {
  it('backs off when everybody was tried, then tries everybody again', async () => {
    const bench = dispatchBench({ a: [apiError(500), 'ok'], b: [apiError(500)] });
    const call = bench.call();
    await bench.clock.advance(374);
    expect([call.told, bench.dispatcher.parts.now.waiting]).toEqual([undefined, 1]);
    await bench.clock.advance(200);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'b', 'a'] });
    expect(bench.names('call-waiting')).toEqual([expect.objectContaining({ reason: 'backoff' })]);
    expect([bench.dispatcher.parts.now.waiting, bench.clock.pending]).toEqual([0, 0]);
  });

  it('happens as often as the caller allows', async () => {
    const bench = dispatchBench({ a: [apiError(500)] });
    const call = bench.call({ maxRetries: 2, maxAttempts: 9 });
    await bench.clock.advance(MINUTE);
    expect([call.told?.attempts.length, bench.names('call-waiting').length]).toEqual([3, 2]);
    const never = bench.call({ maxRetries: 0 });
    expect((await never.outcome).attempts).toEqual(['a']);
  });

  it('for a cooldown is as long as asked, and at most a tenth longer', async () => {
    const bench = dispatchBench({ a: [LIMITED(8_000), 'ok'], b: [LIMITED(9_000)] });
    const call = bench.call();
    await bench.clock.advance(7_999);
    expect(call.told).toBeUndefined();
    await bench.clock.advance(801);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'b', 'a'] });
    expect(bench.names('call-waiting')[0]).toMatchObject({ ms: 8_000, reason: 'cooling down (429)' });
  });

  it('before the first attempt costs no retry', async () => {
    const bench = dispatchBench({ a: [LIMITED(2_000), apiError(500), apiError(500), 'ok'] });
    await bench.call({ maxRetries: 0 }).outcome;
    const call = bench.call({ maxRetries: 2, maxAttempts: 3 });
    await bench.clock.advance(MINUTE);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a', 'a'] });
  });

  it('is never pointless: none that would end at the deadline or after it', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const bench = dispatchBench({ a: [LIMITED(9_500), 'ok'] });
      bench.clock.random = () => seed / 9;
      const call = bench.call({ deadline: 10_000 });
      await bench.clock.advance(MINUTE);
      expect(call.told).toMatchObject({ served: 'a' });
      const late = dispatchBench({ a: [LIMITED(10_000), 'ok'] });
      expect(await late.call({ deadline: 10_000 }).outcome).toMatchObject({ served: undefined, at: 0 });
    }
  });

  it('that is longer than the waiting room allows is none: the call gets its 429, later ones the reasons', async () => {
    const bench = dispatchBench({ a: [LIMITED(61_000)], b: [LIMITED(90_000)] });
    const first = await bench.call().outcome;
    expect(first.error).toBeInstanceOf(RateLimitError);
    const second = await bench.call().outcome;
    expect(second.error).toBeInstanceOf(NoEndpointAvailableError);
    expect(second.error).toMatchObject({ status: 429, retryAfterMs: 61_000, cause: expect.any(RateLimitError) as unknown });
    expect([second.attempts, second.at]).toEqual([[], 0]);
  });

  it('needs room: beyond `maxWaiting` calls fail at once', async () => {
    const bench = dispatchBench({ a: [...Array.from({ length: 4 }, () => LIMITED(5_000)), 'ok'] }, { settings: { waitingRoom: { maxWaiting: 2, maxWait: 60_000 } } });
    const calls = Array.from({ length: 4 }, () => bench.call());
    await bench.clock.advance(0);
    expect(calls.map(({ told }) => told !== undefined)).toEqual([false, false, true, true]);
    await bench.clock.advance(6_000);
    expect(calls.map(({ told }) => told?.served)).toEqual(['a', 'a', undefined, undefined]);
    const closed = dispatchBench({ a: [LIMITED(5)] }, { settings: { waitingRoom: false } });
    expect((await closed.call().outcome).error).toBeInstanceOf(RateLimitError);
  });

  it('for many 429s without a hint at one moment is a second, not a minute', async () => {
    const bench = dispatchBench({ a: [...Array.from({ length: 64 }, () => ({ ms: 10, then: apiError(429) })), 'ok'] });
    const calls = Array.from({ length: 64 }, () => bench.call());
    await bench.clock.advance(2_000);
    expect(calls.every(({ told }) => told?.served === 'a')).toBe(true);
  });
});

describe('abort and deadline', () => {
  it('ends a running call at once, and its attempt', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] });
    const controller = new AbortController();
    const call = bench.call({ signal: controller.signal });
    await bench.clock.advance(5_000);
    controller.abort(new Error('mine'));
    const told = await call.outcome;
    expect(told.error).toBeInstanceOf(APIUserAbortError);
    expect(told).toMatchObject({ at: 5_000, verdicts: ['aborted'], error: { cause: new Error('mine') } });
    expect(call.story.attempts[0]!.controller.signal.aborted).toBe(true);
    expect([bench.endpoint('a').inFlight, bench.endpoint('a').state.failures, bench.sent['b']]).toEqual([0, 0, 0]);
  });

  it('ends a waiting call at once', async () => {
    const bench = dispatchBench({ a: [LIMITED(30_000)] });
    const controller = new AbortController();
    const call = bench.call({ signal: controller.signal });
    await bench.clock.advance(100);
    controller.abort();
    expect((await call.outcome).error).toBeInstanceOf(APIUserAbortError);
    expect([bench.dispatcher.parts.now.waiting, bench.clock.pending]).toEqual([0, 0]);
  });

  it('that came before sends nothing', async () => {
    const bench = dispatchBench({ a: ['ok'] });
    expect((await bench.call({ signal: AbortSignal.abort() }).outcome).error).toBeInstanceOf(APIUserAbortError);
    expect(bench.sent).toEqual({ a: 0 });
  });

  it('at the deadline a running call gets a timeout, or the reply it had', async () => {
    const bench = dispatchBench({ a: ['hang'] }, { settings: { rescue: false } });
    const call = bench.call({ deadline: 3_000 });
    await bench.clock.advance(3_000);
    expect(call.told!.error).toBeInstanceOf(APIConnectionTimeoutError);
    expect(call.told).toMatchObject({ at: 3_000, verdicts: ['timed-out'] });
    const failed = dispatchBench({ a: [apiError(500)], b: ['hang'] }, { settings: { rescue: false } });
    const after = failed.call({ deadline: 3_000 });
    await failed.clock.advance(3_000);
    expect(after.told!.error).toBeInstanceOf(InternalServerError);
    expect(after.told).toMatchObject({ attempts: ['b', 'a'] });
  });

  it('blames no endpoint for a caller’s short timeout', async () => {
    const bench = dispatchBench({ a: ['hang'] });
    for (let i = 0; i < 20; i++) bench.call({ deadline: bench.clock.now() + 100 });
    await bench.clock.advance(200);
    expect([bench.endpoint('a').state.failures, bench.endpoint('a').state.breakerState]).toEqual([0, 'closed']);
  });
});

describe('the same endpoint once more', () => {
  const renewable = { endpoints: { a: { credential: async () => 'fresh' } } };

  it('for a 401 where the key is a function', async () => {
    const bench = dispatchBench({ a: [apiError(401), 'ok'], b: ['ok'] }, renewable);
    expect(await bench.call().outcome).toMatchObject({ served: 'a', attempts: ['a', 'a'], at: 0 });
    const create = dispatchBench({ a: [apiError(401), 'ok'], b: ['ok'] }, renewable);
    expect(await create.call({ path: '/files', replay: 'create' }).outcome).toMatchObject({ served: 'a' });
  });

  it('then it counts as refused', async () => {
    const bench = dispatchBench({ a: [apiError(401)], b: ['ok'] }, renewable);
    expect(await bench.call().outcome).toMatchObject({ served: 'b', attempts: ['a', 'a', 'b'] });
    expect(bench.names('endpoint-cooldown')).toEqual([expect.objectContaining({ endpoint: 'a', reason: '401', ms: 5 * MINUTE })]);
  });

  it('for a conflict, after a moment, and once', async () => {
    const bench = dispatchBench({ a: [apiError(409), 'ok'], b: ['ok'] });
    const call = bench.call();
    await bench.clock.advance(1_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
    const twice = dispatchBench({ a: [apiError(409)], b: ['ok'] });
    const lost = twice.call();
    await twice.clock.advance(MINUTE);
    expect(lost.told!.error).toBeInstanceOf(ConflictError);
    expect(twice.sent).toEqual({ a: 2, b: 0 });
  });

  it('for a connection that had served before', async () => {
    const bench = dispatchBench({ a: ['ok', connectionError('ECONNRESET', { bytesRead: 9 }), 'ok'], b: ['ok'] });
    await bench.call().outcome;
    expect(await bench.call().outcome).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
    expect(bench.endpoint('a').state.failures).toBe(0);
  });

  it.each([
    ['a fresh credential', apiError(401), renewable],
    ['a fresh connection', connectionError('ECONNRESET', { bytesRead: 9 }), {}],
  ])('is given up for another when its breaker opened in the meantime: %s', async (_, error, options) => {
    const fails = Array.from({ length: 5 }, () => apiError(500));
    const bench = dispatchBench({ a: ['ok', { ms: 100, then: error }, ...fails, 'ok'], b: ['ok'] }, options);
    await bench.call().outcome;
    const slow = bench.call();
    for (let i = 0; i < 5; i++) await bench.call().outcome;
    const { left } = bench.dispatcher.parts.budget;
    await bench.clock.advance(100);
    expect(slow.told).toMatchObject({ served: 'b', attempts: ['a', 'b'] });
    expect(bench.dispatcher.parts.budget.left).toBeGreaterThan(left - 3);
  });
});

describe('what must not be sent twice', () => {
  it('moves only when nothing can exist', async () => {
    const create = { path: '/files', replay: 'create' as const };
    const moves = dispatchBench({ a: [apiError(503)], b: [REFUSED], c: [apiError(404, { code: 'model_not_found' })], d: ['ok'] });
    expect(await moves.call(create).outcome).toMatchObject({ served: 'd' });
    const stays = dispatchBench({ a: [apiError(500)], b: ['ok'] });
    const told = await stays.call(create).outcome;
    expect(told).toMatchObject({ attempts: ['a'], error: { status: 500, maybeExecuted: true } });
    expect(Object.keys(told.error as object)).toContain('maybeExecuted');
    expect((await stays.call().outcome).error).toBeUndefined();
  });

  it('is not sent a second time in any case when its body can be read once', async () => {
    for (const error of [apiError(429), apiError(503), apiError(401), REFUSED, apiError(500)]) {
      const bench = dispatchBench({ a: [error, 'ok'], b: ['ok'] });
      const call = bench.call({ replay: 'once' });
      await bench.clock.advance(MINUTE);
      expect(call.told).toMatchObject({ error, attempts: ['a'] });
    }
  });

  it('is not cut in favour of somebody who may not take it', async () => {
    const bench = dispatchBench({ a: [{ ms: 90_000 }], b: ['ok'] });
    const call = bench.call({ path: '/threads/runs', stream: true, replay: 'create' });
    await bench.clock.advance(100_000);
    expect(call.told).toMatchObject({ served: 'a', at: 90_000 });
  });
});

describe('a pinned call', () => {
  it('goes there and nowhere else, and waits as others do', async () => {
    const bench = dispatchBench({ a: ['ok'], b: [apiError(500), LIMITED(3_000), 'ok'] });
    const call = bench.call({}, { only: 'b' });
    await bench.clock.advance(MINUTE);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['b', 'b', 'b'] });
    expect(bench.sent['a']).toBe(0);
  });

  it('to an endpoint that cannot take it says why', async () => {
    const bench = dispatchBench({ a: ['ok'], b: ['ok'] }, { endpoints: { b: { models: ['x'] } } });
    const told = await bench.call({}, { only: 'b' }).outcome;
    expect(told.error).toMatchObject({ status: 503, endpoints: [{ name: 'b', reason: "has no model 'gpt-5' (models)" }] });
  });

  it('to an ejected endpoint is let through as in a panic', async () => {
    const bench = dispatchBench({ a: ['ok'], b: [...Array.from({ length: 5 }, () => REFUSED), 'ok'] });
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }, { only: 'b' }).outcome;
    expect(bench.endpoint('b').state.breakerState).toBe('open');
    await bench.clock.advance(1_200);
    expect(await bench.call({ maxRetries: 0 }, { only: 'b' }).outcome).toMatchObject({ served: 'b' });
    expect(bench.endpoint('b').state.breakerState).toBe('closed');
  });
});

it('a preferred endpoint is tried first, and left like any other', async () => {
  const bench = dispatchBench({ a: ['ok'], b: [apiError(429, {}, { 'retry-after': '5' }), 'ok'] });
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'a', attempts: ['a'] });
  await bench.clock.advance(6_000);
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'b' });
});

describe('nobody lets us in', () => {
  it('later calls ask once more, for the real error', async () => {
    const bench = dispatchBench({ a: [apiError(401)], b: [apiError(403)] });
    expect(await bench.call().outcome).toMatchObject({ error: { status: 403 }, attempts: ['a', 'b'], at: 0 });
    const again = await bench.call().outcome;
    expect(again).toMatchObject({ served: undefined, at: 0 });
    expect(again.attempts).toHaveLength(1);
    expect((again.error as { status: number }).status).toBeGreaterThanOrEqual(401);
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
    dispatchBench({ a: [REFUSED], b: [REFUSED] }, { ...options, settings: { strategy: roundRobin(), ...options.settings } });
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
    const before = bench.sent['a']! + bench.sent['b']!;
    const told = await bench.call({ maxRetries: 0 }).outcome;
    expect(told.error).not.toBeInstanceOf(NoEndpointAvailableError);
    expect(bench.sent['a']! + bench.sent['b']!).toBe(before + 1);
    expect(bench.names('panic-entered')).toEqual([expect.objectContaining({ endpoints: ['a', 'b'] })]);
  });

  it('most of many calls are refused at once when they never wait', async () => {
    const bench = await ejected();
    await bench.clock.advance(1_200);
    const before = bench.sent['a']! + bench.sent['b']!;
    const told = await Promise.all(Array.from({ length: 200 }, () => bench.call({ maxRetries: 0 }).outcome));
    expect(bench.sent['a']! + bench.sent['b']! - before).toBeLessThan(15);
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
    expect(bench.lines.filter((line) => line.startsWith('warn') && line.includes('no endpoint can take calls'))).toHaveLength(1);
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
});

describe('the retry budget', () => {
  const poor = { settings: { retryBudget: { ratio: 0, minPerSecond: 0 } } };

  it('is not asked for the first failover to a sound endpoint', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }, poor);
    expect(await bench.call().outcome).toMatchObject({ served: 'b' });
  });

  it.each([
    ['a 429', apiError(429, {}, { 'retry-after': '1' })],
    ['a failed connect', REFUSED],
  ])('is not asked after %s', async (_, error) => {
    const bench = dispatchBench({ a: [error], b: [error], c: [error], d: ['ok'] }, poor);
    expect(await bench.call({ maxAttempts: 9 }).outcome).toMatchObject({ served: 'd', attempts: ['a', 'b', 'c', 'd'] });
  });

  it('pays for the second failover', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [apiError(500)], c: ['ok'] }, poor);
    expect(await bench.call().outcome).toMatchObject({ served: undefined, attempts: ['a', 'b'] });
    expect(bench.names('budget-exhausted')).toHaveLength(1);
  });

  it('pays for a failover to an endpoint that fails more often than one in ten', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [apiError(500), ...Array.from({ length: 8 }, () => 'ok' as const)] }, poor);
    await bench.call({ maxRetries: 0 }, { only: 'b' }).outcome;
    for (let i = 0; i < 8; i++) await bench.call({}, { only: 'b' }).outcome;
    expect((await bench.call().outcome).attempts).toEqual(['a']);
    await bench.call({}, { only: 'b' }).outcome;
    await bench.call({}, { only: 'b' }).outcome;
    expect((await bench.call().outcome).attempts).toEqual(['a', 'b']);
  });

  it('pays for a wait that ends in another try', async () => {
    const bench = dispatchBench({ a: [apiError(500), 'ok'] }, poor);
    const call = bench.call();
    await bench.clock.advance(MINUTE);
    expect(call.told).toMatchObject({ served: undefined, attempts: ['a'] });
  });

  it('may be switched off', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [apiError(500)], c: ['ok'] }, { settings: { retryBudget: false } });
    expect(await bench.call().outcome).toMatchObject({ served: 'c' });
  });
});

describe('a plain call that hangs', () => {
  it('gets a second attempt elsewhere; the first answer wins, the other is stopped and blames nobody', async () => {
    const bench = dispatchBench({ a: ['hang'], b: [{ ms: 50 }] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(9_999);
    expect(bench.sent['b']).toBe(0);
    await bench.clock.advance(51);
    expect(call.told).toMatchObject({ served: 'b', at: 10_050, attempts: ['a', 'b'], verdicts: ['abandoned', 'ok'] });
    expect(call.story.attempts[0]!.controller.signal.aborted).toBe(true);
    expect([bench.endpoint('a').inFlight, bench.endpoint('a').state.failures]).toEqual([0, 0]);
  });

  it('keeps its first attempt when the second fails', async () => {
    const bench = dispatchBench({ a: [{ ms: 12_000 }], b: [apiError(500)] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(12_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
  });

  it('is rescued once, if the budget and the attempts allow it, and somebody is there', async () => {
    const hangs = async (scripts: Parameters<typeof dispatchBench>[0], settings = {}, changes = {}) => {
      const bench = dispatchBench(scripts, { settings });
      const call = bench.call({ deadline: 20_000, ...changes });
      await bench.clock.advance(20_000);
      return call.told!.attempts.length;
    };
    const two = { a: ['hang' as const], b: ['hang' as const], c: ['hang' as const] };
    expect(await hangs(two)).toBe(2);
    expect(await hangs({ a: ['hang'] })).toBe(1);
    expect(await hangs(two, { rescue: false })).toBe(1);
    expect(await hangs(two, { failover: false })).toBe(1);
    expect(await hangs(two, { retryBudget: { ratio: 0, minPerSecond: 0 } })).toBe(1);
    expect(await hangs(two, {}, { maxAttempts: 1 })).toBe(1);
    expect(await hangs(two, {}, { replay: 'create' })).toBe(1);
  });

  it('tells of a silent endpoint: after a far faster answer elsewhere nobody else has to wait there', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] });
    const call = bench.call({ deadline: 20_000, clientTimeout: 20_000 });
    await bench.clock.advance(10_000);
    expect(call.told?.served).toBe('b');
    expect(await bench.call().outcome).toMatchObject({ served: 'b', attempts: ['b'] });
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toMatchObject({ reason: 'unresponsive' });
  });
});

describe('a stream without headers', () => {
  it('is cut after a minute where somebody else can take it', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] });
    const call = bench.call({ stream: true });
    await bench.clock.advance(59_999);
    expect(bench.sent['b']).toBe(0);
    await bench.clock.advance(1);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['a', 'b'], verdicts: ['timed-out', 'ok'] });
    expect(bench.endpoint('a').state.failures).toBe(0);
  });

  it('is waited for where nobody else is', async () => {
    const bench = dispatchBench({ a: [{ ms: 500_000 }] });
    const call = bench.call({ stream: true });
    await bench.clock.advance(500_000);
    expect(call.told).toMatchObject({ served: 'a', at: 500_000 });
  });

  it('is cut by the user’s bound, even alone, and counts', async () => {
    const bench = dispatchBench({ a: ['hang', 'ok'] }, { settings: { attemptTimeout: 2_000 } });
    const call = bench.call({ stream: true });
    await bench.clock.advance(3_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
    expect(bench.endpoint('a').state.failures).toBe(1);
  });

  it('enters what is usual with the time it was given up at', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] }, { settings: { breaker: false } });
    for (let i = 0; i < 20; i++) bench.call({ stream: true });
    await bench.clock.advance(MINUTE);
    expect(bench.endpoint('a').state.latency('gpt-5')!.head.quantile(0.99)).toBeGreaterThanOrEqual(MINUTE);
  });
});

describe('blame', () => {
  it('is not laid for a request that fails alike wherever others succeed', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: ['ok', apiError(500), 'ok'], c: ['ok', apiError(500), 'ok'] });
    await bench.call({}, { only: 'b' }).outcome;
    await bench.call({}, { only: 'c' }).outcome;
    const poison = await bench.call({ maxRetries: 0 }).outcome;
    expect(poison.attempts).toEqual(['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => bench.endpoint(name).state.failures)).toEqual([1, 0, 0]);
  });

  it('is laid where nothing else succeeds', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: [apiError(500)] });
    await bench.call({ maxRetries: 0 }).outcome;
    expect(['a', 'b'].map((name) => bench.endpoint(name).state.failures)).toEqual([1, 1]);
  });

  it.each<[string, (error: unknown) => boolean, number]>([
    ['excuses', (error) => (error as { status?: number }).status === 500, 0],
    ['does not excuse', () => false, 5],
    ['throws: says nothing', () => expect.fail('mine') as never, 5],
    ['answers something else than true', () => 'yes' as never, 5],
  ])('an errorFilter that %s', async (_, errorFilter, failures) => {
    const bench = dispatchBench({ a: [apiError(500)] }, { settings: { breaker: breakerSettings({ errorFilter }) } });
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
    expect(bench.endpoint('a').state.failures).toBe(failures);
    expect(bench.endpoint('a').state.breakerState).toBe(failures === 5 ? 'open' : 'closed');
  });

  it('an ejection is told with its cause, and the recovery', async () => {
    const fails = Array.from({ length: 5 }, () => apiError(500));
    const bench = dispatchBench({ a: [...fails, 'ok'], b: ['ok'] });
    for (let i = 0; i < 5; i++) await bench.call().outcome;
    expect(bench.names('endpoint-ejected')).toEqual([
      expect.objectContaining({ endpoint: 'a', model: 'gpt-5', reason: 'server-error', callId: 'call-5' }),
    ]);
    await bench.clock.advance(5_000);
    expect(await bench.call().outcome).toMatchObject({ served: 'a' });
    expect(bench.names('endpoint-restored')).toEqual([expect.objectContaining({ endpoint: 'a', model: 'gpt-5' })]);
    expect(bench.lines.filter((line) => !line.startsWith('debug'))).toEqual([
      expect.stringMatching(/^warn: .*a is ejected after failures \(gpt-5: server-error, for 5 s\)$/),
      'info: [load-balanced-openai] a is restored',
    ]);
  });
});

describe('the user’s own word on verdicts', () => {
  it('is laid over ours', async () => {
    const bench = dispatchBench({ a: [apiError(400, { code: 'tenant_paused' })], b: ['ok'] }, {
      settings: { classify: (outcome) => (outcome.is === 'error' ? { next: 'another', health: 'neutral' } : undefined) },
    });
    expect(await bench.call().outcome).toMatchObject({ served: 'b', verdicts: ['caller-error', 'ok'] });
  });

  it('may say nothing, and may throw', async () => {
    for (const classify of [() => undefined, () => expect.fail('mine') as never]) {
      const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }, { settings: { classify } });
      expect(await bench.call().outcome).toMatchObject({ served: 'b', verdicts: ['server-error', 'ok'] });
    }
  });
});

describe('what an attempt was billed', () => {
  it.each([
    [apiError(500), 'maybe'],
    [apiError(429), 'no'],
    [apiError(400), 'no'],
    [REFUSED, 'no'],
    ['ok', 'yes'],
  ] as const)('%#', async (step, billed) => {
    const bench = dispatchBench({ a: [step] });
    const call = bench.call({ maxRetries: 0 });
    await call.outcome;
    expect(call.story.reports[0]!.billed).toBe(billed);
  });
});

describe('close', () => {
  it('ends waiting calls, lets running ones go on, takes no more, and resolves when all are over', async () => {
    const bench = dispatchBench({ a: [{ ms: 5_000 }], b: [LIMITED(20_000)] });
    const running = bench.call({}, { only: 'a' });
    const waiting = bench.call({}, { only: 'b' });
    await bench.clock.advance(0);
    let closed = false;
    const closing = bench.dispatcher.close().then(() => {
      closed = true;
    });
    expect((await waiting.outcome).error).toBeInstanceOf(ClosedError);
    expect(() => bench.call()).toThrow(ClosedError);
    expect(closed).toBe(false);
    await bench.clock.advance(5_000);
    await closing;
    expect(running.told).toMatchObject({ served: 'a' });
    await bench.dispatcher.close();
    expect(bench.clock.pending).toBe(0);
  });

  it('of an idle dispatcher resolves at once', async () => {
    const bench = dispatchBench({ a: ['ok'] });
    await bench.dispatcher.close();
    await bench.dispatcher.close();
    expect(() => bench.call()).toThrow(ClosedError);
  });
});

describe('an endpoint being drained', () => {
  it('is idle when its last call is over', async () => {
    const bench = dispatchBench({ a: [{ ms: 1_000 }, { ms: 3_000 }], b: ['ok'] });
    bench.call();
    bench.call();
    bench.pool.drain(bench.endpoint('a'));
    let idle = false;
    const done = bench.dispatcher.whenIdleOn(bench.endpoint('a')).then(() => {
      idle = true;
    });
    await bench.dispatcher.whenIdleOn(bench.endpoint('b'));
    expect(await bench.call().outcome).toMatchObject({ served: 'b' });
    await bench.clock.advance(2_999);
    expect(idle).toBe(false);
    await bench.clock.advance(1);
    await done;
  });
});

describe('a body that is read here', () => {
  /** One call whose bodies do this in turn; each head is good at once. */
  async function read(bodies: Array<unknown>, changes: Parameters<typeof aCall>[0] = {}, settings: BenchOptions['settings'] = {}) {
    const bench = dispatchBench({ a: ['ok'], b: ['ok'], c: ['ok'] }, { settings });
    const now = bench.clock.now();
    const call = aCall({ id: 'body', maxRetries: 0, startedAt: now, deadline: now + 600_000, ...changes });
    const story = bench.dispatcher.open(call, async () => ({ status: 200, headers: new Headers() }));
    const first = await bench.dispatcher.head(story);
    const read = () => {
      const body = bodies.shift();
      if (body === 'hang') return new Promise(() => undefined);
      return body instanceof Error ? Promise.reject(body) : Promise.resolve(body);
    };
    const outcome = bench.dispatcher.body(story, first, read).then(
      (attempt) => ({ served: attempt.endpoint.name, data: attempt.data, error: undefined }),
      (error: unknown) => ({ served: undefined, data: undefined, error }),
    );
    const verdicts = () => story.reports.map(({ endpoint, verdict, status }) => `${endpoint} ${status} ${verdict}`);
    return { bench, story, outcome, verdicts };
  }

  it('continues the same story on the next endpoint when it fails', async () => {
    const { outcome, verdicts, bench } = await read([new SyntaxError('cut'), errorInside200({}), 'data']);
    expect(await outcome).toMatchObject({ served: 'c', data: 'data' });
    expect(verdicts()).toEqual(['a 200 bad-reply', 'b 200 server-error', 'c 200 pending']);
    expect(bench.names('failover-start')).toHaveLength(2);
  });

  it('throws its own error when nobody is left, and the call is over', async () => {
    const error = new SyntaxError('cut');
    const { outcome, verdicts, story } = await read([new TypeError('x'), new TypeError('y'), error]);
    expect((await outcome).error).toBe(error);
    expect([verdicts(), story.over]).toEqual([['a 200 bad-reply', 'b 200 bad-reply', 'c 200 bad-reply'], true]);
  });

  it('is not moved when the call must not be sent twice', async () => {
    const { outcome, verdicts } = await read([new TypeError('terminated'), 'data'], { path: '/files', replay: 'create' });
    expect((await outcome).error).toMatchObject({ maybeExecuted: true });
    expect(verdicts()).toEqual(['a 200 bad-reply']);
  });

  it('of a stream without content is cut after five minutes where somebody else is', async () => {
    const { bench, outcome, verdicts } = await read(['hang', 'data'], { stream: true });
    await bench.clock.advance(299_999);
    expect(bench.names('failover-start')).toHaveLength(0);
    await bench.clock.advance(1);
    expect(await outcome).toMatchObject({ served: 'b' });
    expect(verdicts()[0]).toBe('a 200 timed-out');
  });

  it('is cut by the user’s bound, counted from the attempt’s start', async () => {
    for (const stream of [true, false]) {
      const { bench, outcome } = await read(['hang', 'data'], { stream }, { attemptTimeout: 2_000 });
      await bench.clock.advance(2_000);
      expect(await outcome).toMatchObject({ served: 'b' });
    }
  });

  it('of a plain call that hangs is rescued', async () => {
    const { bench, outcome, verdicts } = await read(['hang', 'data'], { deadline: 20_000 });
    await bench.clock.advance(10_000);
    expect(await outcome).toMatchObject({ served: 'b', data: 'data' });
    expect(verdicts()).toEqual(['a 200 abandoned', 'b 200 pending']);
  });

  it('ends at the deadline', async () => {
    const { bench, outcome } = await read(['hang'], { deadline: 5_000, stream: true });
    await bench.clock.advance(5_000);
    expect((await outcome).error).toBeInstanceOf(APIConnectionTimeoutError);
    expect(bench.endpoint('a').inFlight).toBe(0);
  });
});

describe('rate-limit headers of successes (row 32)', () => {
  const used = (reset: string, remaining = '0') => ({
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': reset,
  });

  it('exclude the model after three replies in a row that say so, until the reset', async () => {
    const bench = dispatchBench({ a: [{ ms: 0, headers: used('8s') }], b: ['ok'] });
    const serve = async () => {
      const call = bench.call();
      await bench.clock.advance(0);
      return call.told?.served;
    };
    expect([await serve(), await serve(), await serve(), await serve()]).toEqual(['a', 'a', 'a', 'b']);
    expect(bench.names('endpoint-cooldown')).toEqual([expect.objectContaining({ endpoint: 'a', model: 'gpt-5', ms: 8_000 })]);
    expect(bench.endpoint('a').state.failures).toBe(0);
    await bench.clock.advance(8_000);
    expect(await serve()).toBe('a');
  });

  it('count from the headers: what has passed when a long stream ends excludes nobody', async () => {
    const bench = dispatchBench({ a: ['ok'] });
    for (let i = 0; i < 3; i++) {
      const story = bench.dispatcher.open(aCall({ id: `long-${i}`, deadline: 9e9 }), async () => ({ status: 200, headers: new Headers(used('2s')) }));
      const attempt = await bench.dispatcher.head(story);
      await bench.clock.advance(30_000);
      bench.dispatcher.settle(story, attempt, { is: 'reply', status: 200, headers: new Headers(used('2s')) });
      bench.dispatcher.finish(story, true);
    }
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toBeUndefined();
  });
});
