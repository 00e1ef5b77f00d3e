// A read that nobody is known to have: everybody is asked at once, the first who has it answers, and "not here" is an answer
// only when all could say so.
import { APIConnectionTimeoutError, APIUserAbortError, AuthenticationError, NotFoundError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { defaults } from '../../src/config/defaults.ts';
import { NoEndpointAvailableError } from '../../src/errors.ts';
import { type BenchOptions, dispatchBench, type Made, type Step } from '../support/dispatch-bench.ts';
import { apiError, connectionError } from '../support/parts.ts';

const GONE = apiError(404, { message: "No such File object: 'file-1'", param: 'id' });
const REFUSED = connectionError('ECONNREFUSED');
const RESET = connectionError('ECONNRESET', { bytesRead: 400 });
const read = { path: '/files/file-1', method: 'get', model: undefined } as const;

function bench(scripts: Record<string, readonly Step[]>, options: BenchOptions = {}) {
  const made = dispatchBench(scripts, options);
  return { ...made, look: (change: Partial<Call> = {}): Made => made.call({ ...read, ...change }, { lookup: true }) };
}

/** All that a lookup may have changed about an endpoint that only said it has nothing. */
const untouched = ({ endpoint }: ReturnType<typeof bench>, name: string) => {
  const { state } = endpoint(name);
  return [endpoint(name).inFlight, state.failures, state.breakerState, state.exclusion('(files)', 'get files')];
};
const WELL = [0, 0, 'closed', undefined];

describe('everybody is asked at once', () => {
  it('and the first who has it answers; the others are let go', async () => {
    const pool = bench({ a: [{ ms: 20, fails: GONE }], b: [{ ms: 50 }], c: ['hang'] });
    const call = pool.look();
    expect(pool.sent).toEqual({ a: 1, b: 1, c: 1 });
    await pool.clock.advance(50);
    expect(call.told).toMatchObject({
      served: 'b',
      attempts: ['a', 'c', 'b'],
      verdicts: ['not-found', 'abandoned', 'ok'],
      at: 50,
    });
    expect(call.story.reports.map(({ beside }) => beside)).toEqual(['lookup', 'lookup', 'lookup']);
    expect(pool.names('attempt-start')).toMatchObject([
      { endpoint: 'a', attempt: 1, beside: 'lookup' },
      { endpoint: 'b', attempt: 2, beside: 'lookup' },
      { endpoint: 'c', attempt: 3, beside: 'lookup' },
    ]);
    expect(pool.names('failover-start')).toEqual([]);
    expect(call.story.attempts.every(({ ending }, index) => ending.aborted === (index !== 1))).toBe(true);
    for (const name of ['a', 'b', 'c']) expect(untouched(pool, name)).toEqual(WELL);
    expect(pool.clock.pending).toBe(0);
  });

  it('it costs no attempts and no retry budget', async () => {
    const scripts = Object.fromEntries('abcdefgh'.split('').map((name) => [name, [GONE]]));
    const pool = bench({ ...scripts, i: ['ok'] }, { settings: { retryBudget: { ratio: 0, minPerSecond: 0 } } });
    expect(await pool.look({ maxAttempts: 1, maxRetries: 0 }).outcome).toMatchObject({ served: 'i' });
    expect(pool.names('budget-exhausted')).toEqual([]);
  });

  it('nobody has it: the 404, each asked once, nobody blamed', async () => {
    const pool = bench({ a: [GONE], b: [{ ms: 300, fails: GONE }], c: [GONE] });
    const call = pool.look();
    await pool.clock.advance(300);
    expect(call.told?.error).toBeInstanceOf(NotFoundError);
    expect(call.told?.at).toBe(300);
    expect(pool.sent).toEqual({ a: 1, b: 1, c: 1 });
    for (const name of ['a', 'b', 'c']) expect(untouched(pool, name)).toEqual(WELL);
    expect([pool.names('call-waiting'), pool.clock.pending]).toEqual([[], 0]);
  });

  it.each<[what: string, said: Error]>([
    ['a 404 that speaks of a model', apiError(404, { code: 'model_not_found', message: 'The model does not exist' })],
    ['a deployment that is not there', apiError(404, { code: 'DeploymentNotFound', message: 'No such deployment' })],
    ['a path it does not have', apiError(405)],
    ['501', apiError(501)],
    ['an id that is none there', apiError(400, { message: "Invalid 'file_id': expected an ID that begins with 'x'." })],
    ['422', apiError(422)],
    ['a redirect to somewhere else', apiError(302)],
    ['a router without anybody behind it', apiError(404, { message: 'No endpoints found for this' })],
  ])('%s is "not here" as well: it ends nothing, and keeps nobody away from the endpoint', async (_, said) => {
    const pool = bench({ a: [said], b: [{ ms: 10 }] });
    const found = pool.look();
    await pool.clock.advance(10);
    expect(found.told?.served).toBe('b');
    expect(untouched(pool, 'a')).toEqual(WELL);
    const nowhere = bench({ a: [said], b: [said], c: [GONE] });
    expect((await nowhere.look().outcome).error).toBe(GONE);
    expect(nowhere.sent).toEqual({ a: 1, b: 1, c: 1 });
  });

  it('its own code threw before anything was sent: the others are asked all the same', async () => {
    const pool = bench({ a: [new Error('Could not resolve authentication method.')], b: [{ ms: 5 }] });
    const call = pool.look();
    await pool.clock.advance(5);
    expect(call.told?.served).toBe('b');
  });

  it('one that is full or out now is left alone while somebody has it', async () => {
    const settings = { breaker: { ...defaults.breaker, consecutiveFailures: 1, resetTimeout: 60_000 } };
    const pool = bench({ a: [apiError(500), 'ok'], b: ['ok'] }, { settings });
    expect((await pool.call({ ...read, maxRetries: 0 }, { only: 'a' }).outcome).error).toBeDefined();
    expect(await pool.look().outcome).toMatchObject({ served: 'b', attempts: ['b'] });
    expect(pool.sent.a).toBe(1);
  });
});

describe('somebody could not say', () => {
  it.each<[what: string, failure: Error]>([
    ['500', apiError(500)],
    ['503', apiError(503)],
    ['429', apiError(429, {}, { 'retry-after': '600' })],
    ['a connection that nobody takes', REFUSED],
  ])('%s outweighs the 404s of the others, whoever answers last', async (_, failure) => {
    for (const late of ['a', 'b'] as const) {
      const ms = { a: 10, b: 10, [late]: 20 };
      const pool = bench({ a: [{ ms: ms.a, fails: GONE }], b: [{ ms: ms.b, fails: failure }] });
      const call = pool.look({ maxRetries: 0 });
      await pool.clock.advance(20);
      expect(call.told?.error).toBe(failure);
      expect(pool.sent).toEqual({ a: 1, b: 1 });
    }
  });

  it('is asked again after a wait, those that said 404 are not', async () => {
    const pool = bench({ a: [GONE], b: [apiError(500), apiError(500), 'ok'], c: [GONE] });
    const call = pool.look();
    await pool.clock.advance(5_000);
    expect(call.told).toMatchObject({ served: 'b' });
    expect(pool.sent).toEqual({ a: 1, b: 3, c: 1 });
    expect(pool.names('call-waiting')).toHaveLength(2);
  });

  it('and says at last that it does not have it: then nobody has', async () => {
    const pool = bench({ a: [GONE], b: [apiError(500), GONE] });
    const call = pool.look();
    await pool.clock.advance(5_000);
    expect(call.told?.error).toBe(GONE);
    expect(pool.sent).toEqual({ a: 1, b: 2 });
  });

  it('several: all of them are asked again at once, as often as the call may wait', async () => {
    const pool = bench({ a: [GONE], b: [apiError(500)], c: [apiError(502)] });
    const call = pool.look();
    await pool.clock.advance(20_000);
    expect(call.told?.error).toMatchObject({ status: expect.any(Number) });
    expect(pool.sent).toEqual({ a: 1, b: 3, c: 3 });
    expect(pool.clock.pending).toBe(0);
  });

  it('nobody is asked again without a budget for it', async () => {
    const pool = bench({ a: [GONE], b: [apiError(500)] }, { settings: { retryBudget: { ratio: 0, minPerSecond: 0 } } });
    const call = pool.look();
    await pool.clock.advance(5_000);
    expect(call.told?.error).toMatchObject({ status: 500 });
    expect(pool.sent).toEqual({ a: 1, b: 1 });
    expect(pool.names('budget-exhausted')).toHaveLength(1);
  });

  it('all that are asked at once count as one attempt of the call', async () => {
    const pool = bench({ a: [GONE], b: [apiError(500)], c: [apiError(500)] });
    const call = pool.look({ maxAttempts: 2, maxRetries: 5 });
    await pool.clock.advance(60_000);
    expect(call.told?.error).toMatchObject({ status: 500 });
    expect(pool.sent).toEqual({ a: 1, b: 2, c: 2 });
  });

  it('one that has no place any more makes nobody be asked twice', async () => {
    const pool = bench({ a: ['ok'], b: [GONE], c: [GONE] });
    pool.endpoint('a').begin = () => undefined;
    // Nobody knows whether that one has it.
    expect((await pool.look().outcome).error).toBeInstanceOf(NoEndpointAvailableError);
    expect(pool.sent).toEqual({ a: 0, b: 1, c: 1 });
  });

  it('who lets nobody in as a rule is asked before anything is waited for', async () => {
    const pool = bench({ a: [GONE], b: [apiError(429, { code: 'insufficient_quota' }), 'ok'], c: [apiError(500)] });
    await pool.call({ ...read, maxRetries: 0 }, { only: 'b' }).outcome;
    expect(await pool.look().outcome).toMatchObject({ served: 'b' });
    expect([pool.sent, pool.names('call-waiting')]).toEqual([{ a: 1, b: 2, c: 1 }, []]);
  });

  it('a stale connection is replaced at once, beside the others', async () => {
    const pool = bench({ a: ['ok', { ms: 30, fails: GONE }], b: ['ok', RESET, { ms: 10 }] });
    for (const only of ['a', 'b']) await pool.call(read, { only }).outcome;
    const call = pool.look();
    await pool.clock.advance(10);
    expect(call.told).toMatchObject({ served: 'b', at: 10, verdicts: ['abandoned', 'connection-lost', 'ok'].sort() });
    expect(pool.sent).toEqual({ a: 2, b: 3 });
  });

  it('the one asked last had a stale connection, and has nothing: nobody has it', async () => {
    const pool = bench({ a: ['ok', GONE], b: ['ok', { ms: 10, fails: RESET }, GONE] });
    for (const only of ['a', 'b']) await pool.call(read, { only }).outcome;
    const call = pool.look();
    await pool.clock.advance(10);
    expect(call.told?.error).toBe(GONE);
    expect(pool.sent).toEqual({ a: 2, b: 3 });
  });

  it('takes until the deadline: then time is up, whatever the others said', async () => {
    const pool = bench({ a: [GONE], b: ['hang'] });
    const call = pool.look({ deadline: 30_000 });
    await pool.clock.advance(29_999);
    expect(call.told).toBeUndefined();
    await pool.clock.advance(1);
    expect(call.told?.error).toBeInstanceOf(APIConnectionTimeoutError);
    expect(pool.sent).toEqual({ a: 1, b: 1 });
    expect(pool.endpoint('b').inFlight).toBe(0);
  });

  it('nothing is hedged or rescued beside it: everybody is asked already', async () => {
    const settings = { hedge: defaults.hedge, rescue: { after: 100, factor: 1 } };
    const pool = bench({ a: [GONE], b: ['hang'] }, { settings });
    const call = pool.look();
    await pool.clock.advance(599_999);
    expect([call.told, pool.sent]).toEqual([undefined, { a: 1, b: 1 }]);
  });

  it('the caller gives up: all of them are let go', async () => {
    const pool = bench({ a: [GONE], b: ['hang'], c: ['hang'] });
    const abort = new AbortController();
    const call = pool.look({ signal: abort.signal });
    await pool.clock.advance(10);
    abort.abort();
    await pool.clock.advance(0);
    expect(call.told?.error).toBeInstanceOf(APIUserAbortError);
    expect(call.story.attempts.slice(1).every(({ ending }) => ending.aborted)).toBe(true);
    expect([pool.endpoint('b').inFlight, pool.endpoint('c').inFlight, pool.clock.pending]).toEqual([0, 0, 0]);
  });
});

describe('who is out now', () => {
  const cooled = async (header: Record<string, string>, options: BenchOptions = {}) => {
    const pool = bench({ a: [GONE], b: [apiError(429, {}, header), 'ok'] }, options);
    await pool.call({ ...read, maxRetries: 0 }, { only: 'b' }).outcome;
    return pool;
  };

  it('is waited for while it cools down, and asked then', async () => {
    const pool = await cooled({ 'retry-after': '5' });
    const call = pool.look();
    await pool.clock.advance(4_999);
    expect([call.told, pool.sent]).toEqual([undefined, { a: 1, b: 1 }]);
    await pool.clock.advance(2_000);
    expect(call.told).toMatchObject({ served: 'b' });
    expect(pool.sent).toEqual({ a: 1, b: 2 });
  });

  it('for longer than anybody waits: the error names it, and tells that nobody knows', async () => {
    const pool = await cooled({ 'retry-after': '300' });
    const { error } = await pool.look().outcome;
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 300_000 });
    expect((error as Error).message).toBe(
      'No endpoint can take this files call: a does not have it; b cooling down (429), for 5 min. Try again in 5 min.',
    );
    expect(pool.lines.filter((line) => line.includes('no endpoint can take calls'))).toEqual([]);
  });

  it('and comes back while another one hangs: it is asked beside that one', async () => {
    const pool = bench({ a: [GONE], b: [apiError(429, {}, { 'retry-after': '5' }), 'ok'], c: ['hang'] });
    await pool.call({ ...read, maxRetries: 0 }, { only: 'b' }).outcome;
    const call = pool.look({ deadline: 60_000 });
    await pool.clock.advance(30_000);
    expect(call.told).toMatchObject({ served: 'b' });
    expect(call.story.reports.at(-1)).toMatchObject({ endpoint: 'b', beside: 'rescue' });
  });

  it('because it was ejected: a probe may ask it', async () => {
    const settings = { breaker: { ...defaults.breaker, consecutiveFailures: 1, resetTimeout: 60_000 } };
    const pool = bench({ a: [GONE], b: [REFUSED, 'ok'] }, { settings });
    await pool.call({ ...read, maxRetries: 0 }, { only: 'b' }).outcome;
    expect(pool.endpoint('b').state.breakerState).toBe('open');
    const call = pool.look();
    await pool.clock.advance(10_000);
    expect(call.told).toMatchObject({ served: 'b' });
    expect(pool.sent).toEqual({ a: 1, b: 2 });
  });

  it.each<[what: string, said: Error]>([
    ['without credit', apiError(429, { code: 'insufficient_quota' })],
    ['with a key that was refused', apiError(401)],
  ])('because it lets nobody in, %s: it is asked when nobody else has it', async (_, said) => {
    const pool = bench({ a: [GONE], b: [said, 'ok'], c: [said, 'ok'] });
    for (const only of ['b', 'c']) await pool.call({ ...read, maxRetries: 0 }, { only }).outcome;
    expect(await pool.look().outcome).toMatchObject({ served: 'b' });
    expect(pool.sent).toEqual({ a: 1, b: 2, c: 2 });
  });

  it('and still does not: the 404 of those who could say is the answer', async () => {
    const said = apiError(401);
    const pool = bench({ a: [GONE], b: [said] });
    expect((await pool.look().outcome).error).toBe(GONE);
    expect((await pool.look().outcome).error).toBe(GONE);
    expect(pool.sent).toEqual({ a: 2, b: 2 });
    const nobody = bench({ a: [said], b: [said] });
    expect((await nobody.look().outcome).error).toBeInstanceOf(AuthenticationError);
  });
});

describe('where the bounds of a call hold', () => {
  it('an attempt is cut at a bound that the user named, and asked again', async () => {
    const pool = bench({ a: [GONE], b: ['hang', 'ok'] }, { settings: { attemptTimeout: 1_000 } });
    const call = pool.look();
    await pool.clock.advance(1_000);
    expect(pool.sent.b).toBe(1);
    await pool.clock.advance(1_000);
    expect(call.told).toMatchObject({ served: 'b' });
  });

  it('one that may not fail over asks everybody all the same', async () => {
    const pool = bench({ a: [GONE], b: [{ ms: 5 }], c: [GONE] }, { settings: { failover: false } });
    const call = pool.look();
    await pool.clock.advance(5);
    expect(call.told).toMatchObject({ served: 'b' });
  });

  it('only those with the tags are asked', async () => {
    const endpoints = { a: { tags: ['eu'] }, b: { tags: [] }, c: { tags: ['eu'] } };
    const pool = bench({ a: [GONE], b: ['ok'], c: [GONE] }, { endpoints });
    expect((await pool.look({ tags: ['eu'] }).outcome).error).toBe(GONE);
    expect(pool.sent).toEqual({ a: 1, b: 0, c: 1 });
  });
});
