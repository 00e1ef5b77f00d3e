// What is learned from an attempt: blame, the user's own word, the bill, rate-limit headers; and who hears of it.
import { describe, expect, it } from 'vitest';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { aCall, apiError, breakerSettings, connectionError } from '../support/parts.ts';

const REFUSED = connectionError('ECONNREFUSED');

describe('blame', () => {
  /** Twenty quick answers, so that a second is far beyond what is usual. */
  async function quick(then: Parameters<typeof dispatchBench>[0]['a']) {
    const bench = dispatchBench({ a: [...Array.from({ length: 20 }, () => 'ok' as const), ...then!] });
    for (let i = 0; i < 20; i++) await bench.call().outcome;
    await bench.clock.advance(1);
    return bench;
  }

  it('is laid for a call that ran out of time far beyond what is usual', async () => {
    const bench = await quick(['hang']);
    bench.call({ deadline: bench.clock.now() + 1_000 });
    await bench.clock.advance(1_000);
    expect(bench.endpoint('a').state.failures).toBe(1);
  });

  it('is not laid for one that is not far beyond what is usual', async () => {
    const slow = Array.from({ length: 20 }, () => ({ ms: 5_000 }));
    const bench = dispatchBench({ a: [...slow, 'hang'] });
    for (let i = 0; i < 20; i++) {
      bench.call();
      await bench.clock.advance(5_000);
    }
    bench.call({ deadline: bench.clock.now() + 1_000 });
    await bench.clock.advance(1_000);
    expect(bench.endpoint('a').state.failures).toBe(0);
  });

  it('is not laid where others were answered in the meantime', async () => {
    const bench = await quick(['hang', 'ok']);
    bench.call({ deadline: bench.clock.now() + 1_000 });
    await bench.clock.advance(500);
    await bench.call().outcome;
    await bench.clock.advance(500);
    expect(bench.endpoint('a').state.failures).toBe(0);
  });

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
    const bench = dispatchBench(
      { a: [apiError(400, { code: 'tenant_paused' })], b: ['ok'] },
      {
        settings: {
          classify: (outcome) => (outcome.is === 'error' ? { next: 'another', health: 'neutral' } : undefined),
        },
      },
    );
    expect(await bench.call().outcome).toMatchObject({ served: 'b', verdicts: ['caller-error', 'ok'] });
  });

  it('may say nothing, and may throw', async () => {
    for (const classify of [() => undefined, () => expect.fail('mine') as never]) {
      const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }, { settings: { classify } });
      expect(await bench.call().outcome).toMatchObject({ served: 'b', verdicts: ['server-error', 'ok'] });
    }
  });
});

it('how long it took and what came of it is told alike to the report, to listeners and to the log', async () => {
  const bench = dispatchBench({ a: [{ ms: 30, fails: apiError(500) }], b: [{ ms: 70 }] });
  await bench.clock.advance(1_000);
  const call = bench.call();
  await bench.clock.advance(100);
  expect(call.story.reports).toMatchObject([
    { endpoint: 'a', model: 'gpt-5', verdict: 'server-error', status: 500, ms: 30 },
    { endpoint: 'b', model: 'gpt-5', verdict: 'ok', status: 200, ms: 70 },
  ]);
  expect(bench.names('attempt-end')).toMatchObject([
    { endpoint: 'a', verdict: 'server-error', status: 500, ms: 30, at: bench.clock.date() - 70 },
    { endpoint: 'b', verdict: 'ok', status: 200, ms: 70 },
  ]);
  expect(bench.names('call-end')).toMatchObject([{ ok: true, ms: 100, attempts: call.story.reports }]);
  expect(bench.lines.filter((line) => line.startsWith('debug'))).toEqual([
    'debug: [load-balanced-openai] a 500 server error in 30 ms',
    'debug: [load-balanced-openai] b 200 in 70 ms',
  ]);
});

it('the model is reported as the endpoint knows it', async () => {
  const bench = dispatchBench({ a: ['ok'] }, { endpoints: { a: { modelMap: { 'gpt-*': 'openai/gpt-$1' } } } });
  const call = bench.call();
  await call.outcome;
  expect(call.story.reports[0]!.model).toBe('openai/gpt-5');
  expect(bench.names('attempt-start')).toMatchObject([{ model: 'openai/gpt-5', attempt: 1 }]);
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
    expect(bench.names('endpoint-cooldown')).toEqual([
      expect.objectContaining({ endpoint: 'a', model: 'gpt-5', ms: 8_000 }),
    ]);
    expect(bench.endpoint('a').state.failures).toBe(0);
    await bench.clock.advance(8_000);
    expect(await serve()).toBe('a');
  });

  it('count from the headers: what has passed when a long stream ends excludes nobody', async () => {
    const bench = dispatchBench({ a: ['ok'] });
    for (let i = 0; i < 3; i++) {
      const story = bench.dispatcher.open(aCall({ id: `long-${i}`, deadline: 9e9 }), async () => ({
        status: 200,
        headers: new Headers(used('2s')),
      }));
      const attempt = await bench.dispatcher.head(story);
      await bench.clock.advance(30_000);
      bench.dispatcher.settle(story, attempt, { is: 'reply', status: 200, headers: new Headers(used('2s')) });
      bench.dispatcher.finish(story, true);
    }
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toBeUndefined();
  });
});

it('nothing, of a reply for which nothing was sent', async () => {
  const bench = dispatchBench({ a: [async () => ({ status: 200, headers: new Headers(), sent: false })] });
  expect(await bench.call().outcome).toMatchObject({ served: 'a', verdicts: ['ok'] });
  expect(bench.endpoint('a').state).toMatchObject({ successes: 0, failures: 0, inFlight: 0 });
});
