// The loop over attempts on a clock turned by hand: who is tried, in which order, and what ends a call.
import { APIConnectionTimeoutError, APIUserAbortError, InternalServerError } from 'openai';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';
import { type BenchOptions, dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { aCall, apiError, connectionError, errorInside200 } from '../support/parts.ts';

const LIMITED = (ms: number) => apiError(429, {}, { 'retry-after-ms': String(ms) });
const REFUSED = connectionError('ECONNREFUSED');
const MINUTE = 60_000;

describe('failover', () => {
  it('is at once, and tells everybody in order', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] });
    expect(await bench.call().outcome).toMatchObject({
      served: 'b',
      attempts: ['a', 'b'],
      verdicts: ['server-error', 'ok'],
      at: 0,
    });
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
    expect(await bench.call({ maxAttempts: 1 }).outcome).toMatchObject({
      served: 'e',
      attempts: ['a', 'b', 'c', 'd', 'e'],
    });
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
    expect(await bench.call().outcome).toMatchObject({
      served: undefined,
      attempts: ['a'],
      verdicts: ['caller-error'],
    });
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

it('needs nobody to listen', async () => {
  const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }, { deaf: true });
  expect(await bench.call().outcome).toMatchObject({ served: 'b', attempts: ['a', 'b'] });
  expect(bench.events).toEqual([]);
});

it('numbers the attempts of a call for the port, and reports one as pending while it runs', async () => {
  const indexes: number[] = [];
  const note: Step = ({ index }) => {
    indexes.push(index);
    return Promise.reject(apiError(500));
  };
  const bench = dispatchBench({ a: [note], b: [note], c: ['hang'] });
  const call = bench.call();
  await bench.clock.advance(10);
  expect(indexes).toEqual([0, 1]);
  expect(call.story.attempts[2]!.report).toEqual({
    endpoint: 'c',
    model: 'gpt-5',
    verdict: 'pending',
    status: undefined,
    ms: 0,
    billed: 'maybe',
  });
});

describe('once more on the same endpoint', () => {
  const LOST = connectionError('ECONNRESET');

  it.each<[string, (bench: ReturnType<typeof dispatchBench>) => unknown]>([
    ['was drained', (bench) => bench.pool.drain(bench.endpoint('a'))],
    ['cools down', (bench) => bench.call().outcome],
  ])('goes elsewhere when that one %s in the meantime', async (_, meanwhile) => {
    const bench = dispatchBench({ a: ['ok', { ms: 100, fails: LOST }, LIMITED(5_000)], b: ['ok'] });
    await bench.call().outcome;
    const call = bench.call();
    await bench.clock.advance(50);
    await meanwhile(bench);
    await bench.clock.advance(50);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['a', 'b'] });
  });
});

describe('what the wire tells', () => {
  it('a connect that timed out was never sent: it costs no attempt', async () => {
    const late: Step = ({ wire }) => {
      wire.failed(Object.assign(new TypeError('fetch failed'), { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } }));
      return Promise.reject(new APIConnectionTimeoutError({}));
    };
    const bench = dispatchBench({ a: [late], b: [late], c: ['ok'] });
    expect(await bench.call({ maxAttempts: 1 }).outcome).toMatchObject({
      served: 'c',
      verdicts: ['connect-failed', 'connect-failed', 'ok'],
    });
  });

  it('another failure of the wire may have been sent', async () => {
    const broken: Step = ({ wire }) => {
      wire.failed(new TypeError('terminated'));
      return Promise.reject(new APIConnectionTimeoutError({}));
    };
    const bench = dispatchBench({ a: [broken], b: ['ok'] });
    expect((await bench.call().outcome).verdicts).toEqual(['timed-out', 'ok']);
  });

  it('an answer ends silence before the SDK has made a reply of it', async () => {
    const headersOnly: Step = ({ wire }) => {
      wire.answered();
      return new Promise(() => undefined);
    };
    const bench = dispatchBench({ a: ['hang', headersOnly, 'ok'] }, { settings: { rescue: false } });
    await bench.clock.advance(1);
    bench.call({ clientTimeout: 2_000 });
    await bench.clock.advance(1_001);
    bench.call();
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toBeUndefined();
    expect(await bench.call().outcome).toMatchObject({ served: 'a' });
  });
});

it('goes by a clock that moves on while it decides: no refusal without a reason', async () => {
  for (let step = 0; step < 40; step++) {
    const clock = manualClock();
    const bench = dispatchBench({ a: [apiError(429, {}, { 'retry-after-ms': '1000' }), 'ok'] }, { clock });
    await bench.call({ maxRetries: 0 }).outcome;
    await clock.advance(990);
    const { now } = clock;
    let ticks = 0;
    clock.now = () => now() + step * 0.3 + 0.1 * ticks++;
    const told = await bench.call({ maxRetries: 0 }).outcome;
    if (told.served === undefined) expect((told.error as Error).message).toContain('a cooling down');
  }
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
    expect(call.story.attempts[0]!.ending.aborted).toBe(true);
    expect([bench.endpoint('a').inFlight, bench.endpoint('a').state.failures, bench.sent.b]).toEqual([0, 0, 0]);
  });

  it('ends a waiting call at once', async () => {
    const bench = dispatchBench({ a: [LIMITED(30_000)] });
    const controller = new AbortController();
    const call = bench.call({ signal: controller.signal });
    await bench.clock.advance(100);
    controller.abort();
    expect((await call.outcome).error).toBeInstanceOf(APIUserAbortError);
    expect([bench.dispatcher.parts.room.waiting, bench.clock.pending]).toEqual([0, 0]);
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

it('a preferred endpoint is tried first, and left like any other', async () => {
  const bench = dispatchBench({ a: ['ok'], b: [apiError(429, {}, { 'retry-after': '5' }), 'ok'] });
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'a', attempts: ['a'] });
  await bench.clock.advance(6_000);
  expect(await bench.call({}, { prefer: 'b' }).outcome).toMatchObject({ served: 'b' });
});

describe('a body that is read here', () => {
  /** One call whose bodies do this in turn; each head is good at once. */
  async function read(
    bodies: Array<unknown>,
    changes: Parameters<typeof aCall>[0] = {},
    settings: BenchOptions['settings'] = {},
  ) {
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
    const { outcome, verdicts } = await read([new TypeError('terminated'), 'data'], {
      path: '/files',
      replay: 'create',
    });
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

  it('of a stream that would be cut too late is rescued as well', async () => {
    const { bench, outcome, verdicts } = await read(['hang', 'data'], { deadline: 300_000, stream: true });
    await bench.clock.advance(149_999);
    expect(bench.names('attempt-start')).toHaveLength(1);
    await bench.clock.advance(1);
    expect(await outcome).toMatchObject({ served: 'b', data: 'data' });
    expect(verdicts()).toEqual(['a 200 abandoned', 'b 200 pending']);
  });

  it('ends at the deadline', async () => {
    const { bench, outcome } = await read(['hang', 'hang'], { deadline: 5_000, stream: true });
    await bench.clock.advance(5_000);
    expect((await outcome).error).toBeInstanceOf(APIConnectionTimeoutError);
    expect(bench.endpoint('a').inFlight).toBe(0);
  });
});
