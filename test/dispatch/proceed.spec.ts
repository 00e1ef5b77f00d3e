// The same endpoint once more, what must not be sent twice, pins, and who pays for extra attempts.
import { ConflictError } from 'openai';
import { describe, expect, it } from 'vitest';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError, connectionError } from '../support/parts.ts';

const LIMITED = (ms: number) => apiError(429, {}, { 'retry-after-ms': String(ms) });
const REFUSED = connectionError('ECONNREFUSED');
const MINUTE = 60_000;

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
    expect(bench.names('endpoint-cooldown')).toEqual([
      expect.objectContaining({ endpoint: 'a', reason: '401', ms: 5 * MINUTE }),
    ]);
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
    const bench = dispatchBench({ a: ['ok', { ms: 100, fails: error }, ...fails, 'ok'], b: ['ok'] }, options);
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
    const moves = dispatchBench({
      a: [apiError(503)],
      b: [REFUSED],
      c: [apiError(404, { code: 'model_not_found' })],
      d: ['ok'],
    });
    expect(await moves.call(create).outcome).toMatchObject({ served: 'd' });
    const stays = dispatchBench({ a: [apiError(500)], b: ['ok'] });
    const told = await stays.call(create).outcome;
    expect(told).toMatchObject({ attempts: ['a'], error: { status: 500, maybeExecuted: true } });
    expect(Object.keys(told.error as object)).toContain('maybeExecuted');
    expect((await stays.call().outcome).error).toBeUndefined();
  });

  it('leaves the errors of calls that may be sent twice as they are', async () => {
    const error = apiError(500);
    const bench = dispatchBench({ a: [error] });
    expect((await bench.call({ maxRetries: 0 }).outcome).error).toBe(error);
    expect('maybeExecuted' in error).toBe(false);
    const refused = apiError(429);
    const create = dispatchBench({ a: [refused] }).call({ maxRetries: 0, replay: 'create' });
    expect((await create.outcome).error).toBe(refused);
    expect('maybeExecuted' in refused).toBe(false);
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
    expect(bench.sent.a).toBe(0);
  });

  it('to an endpoint that cannot take it says why', async () => {
    const bench = dispatchBench({ a: ['ok'], b: ['ok'] }, { endpoints: { b: { models: ['x'] } } });
    const told = await bench.call({}, { only: 'b' }).outcome;
    expect(told.error).toMatchObject({
      status: 503,
      endpoints: [{ name: 'b', reason: "has no model 'gpt-5' (models)" }],
    });
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
    const bench = dispatchBench(
      { a: [apiError(500)], b: [apiError(500), ...Array.from({ length: 8 }, () => 'ok' as const)] },
      poor,
    );
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

  it('pays for a second try on a connection that broke', async () => {
    const bench = dispatchBench({ a: ['ok', connectionError('ECONNRESET', { bytesRead: 9 }), 'ok'] }, poor);
    await bench.call().outcome;
    expect((await bench.call({ maxRetries: 0 }).outcome).attempts).toEqual(['a']);
  });

  it('pays for a panic after a failure', async () => {
    const fails = Array.from({ length: 9 }, () => REFUSED);
    const bench = dispatchBench({ a: fails }, poor);
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
    await bench.clock.advance(1_200);
    const call = bench.call({ maxRetries: 3, maxAttempts: 9 });
    await bench.clock.advance(MINUTE);
    expect(call.told).toMatchObject({ error: REFUSED, attempts: ['a'] });
  });

  it('may be switched off', async () => {
    const bench = dispatchBench(
      { a: [apiError(500)], b: [apiError(500)], c: ['ok'] },
      { settings: { retryBudget: false } },
    );
    expect(await bench.call().outcome).toMatchObject({ served: 'c' });
  });
});

it('a socket that this machine did not have costs no attempt, once per endpoint, and no budget, also after a wait', async () => {
  const none = connectionError('EMFILE');
  const settings = { retryBudget: { ratio: 0, minPerSecond: 0 } };
  const bench = dispatchBench({ a: [none, none, 'ok'], b: [none] }, { settings });
  const call = bench.call({ maxAttempts: 1 });
  await bench.clock.advance(MINUTE);
  expect(call.told).toMatchObject({ attempts: ['a', 'b', 'a'], error: none });
  const again = dispatchBench({ a: [none, 'ok'] }, { settings });
  const served = again.call({ maxAttempts: 1 });
  await again.clock.advance(MINUTE);
  expect(served.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
  expect(again.names('budget-exhausted')).toEqual([]);
});
