// Rows 39 to 41, 43 and 44: what the caller alone can mend.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage, type StageOptions } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const WELL = { breaker: 'closed', models: [], failures: 0, cooldowns: [], excluded: null, inFlight: 0 };

/** Played plain and as a stream: one request, the error as it came, nobody else asked, nothing remembered. */
async function isTheCallers(
  step: Step,
  error: Readonly<Record<string, unknown>>,
  options: StageOptions = {},
): Promise<void> {
  for (const stream of [false, true])
    await scenario()
      .endpoints({ a: { repeat: [step] }, b: [] })
      .options({ maxRetries: 5, ...options })
      .call('gpt-5', { stream })
      .expect(
        { served: null, verdicts: ['caller-error'], error, calls: { a: 1, b: 0 }, withinMs: 100 },
        (stage, outcome) => {
          expect(stage.state('a')).toMatchObject(WELL);
          expect(outcome.attempts).toMatchObject([{ billed: 'no' }]);
          expect(stage.events.of('call-waiting')).toEqual([]);
          saying()(stage, outcome);
        },
      );
}

/** However often it comes, the endpoint stays first choice. */
async function staysFirst(step: Step): Promise<void> {
  await using stage = await openStage({
    a: ({ body }) => ((body as { user?: string }).user === 'bad' ? step : 'ok'),
    b: [],
  });
  await many(100, 10, () => chat(stage.client, { user: 'bad' }).catch(() => undefined));
  expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([100, 0]);
  expect(stage.state('a')).toMatchObject(WELL);
  expect(servedBy(await chat(stage.client))).toBe('a');
}

row(39, '400, invalid request', 'no failover, neutral', () => {
  it('BadRequestError as it came, after one request', () =>
    isTheCallers(
      { status: 400, message: 'max_tokens is too large', code: 'invalid_value' },
      { name: 'BadRequestError', status: 400, code: 'invalid_value', message: '400 max_tokens is too large' },
    ));

  it('a hundred of them change nothing about the endpoint', () => staysFirst(400));

  it('nor does a 400 that repeats what the caller wrote, whatever that was', async () => {
    for (const words of ['credit balance', 'insufficient_quota', 'invalid api key', 'model not found', 'api-version'])
      for (const quote of ["'", '"', '`'])
        await isTheCallers(
          { status: 400, message: `Invalid value: ${quote}${words}${quote}.`, code: 'invalid_value' },
          { name: 'BadRequestError' },
        );
  });
});

row(40, '400 context_length_exceeded', 'no failover, neutral; fails over where failoverOn says so', () => {
  const tooLong = { status: 400, code: 'context_length_exceeded', message: 'Too long.' } as const;

  it('BadRequestError as it came, after one request', () =>
    isTheCallers(tooLong, { name: 'BadRequestError', status: 400, code: 'context_length_exceeded' }));

  it('a hundred of them change nothing about the endpoint', () => staysFirst(tooLong));

  it('failoverOn: context-length moves it, once to each endpoint, without blame', async () => {
    await scenario()
      .endpoints({ a: tooLong, b: [] })
      .options({ failoverOn: ['context-length'] })
      .call('gpt-5')
      .expect({ served: 'b', verdicts: ['not-supported', 'ok'], calls: { a: 1, b: 1 } }, ({ state }) =>
        expect(state('a')).toMatchObject(WELL),
      );
    await scenario()
      .endpoints({ a: tooLong, b: tooLong })
      .options({ failoverOn: ['context-length'] })
      .call('gpt-5')
      .expect({ error: { name: 'BadRequestError', code: 'context_length_exceeded' }, calls: { a: 1, b: 1 } });
  });

  it('failoverOn for something else does not', () =>
    isTheCallers(tooLong, { name: 'BadRequestError' }, { failoverOn: ['content-filter', 'unsupported-parameter'] }));
});

row(
  41,
  '400 or 200 content_filter',
  '400: no failover, neutral; 200: an answer, served; fails over where failoverOn says so',
  () => {
    const filtered = {
      status: 400,
      body: {
        error: {
          ...{ message: 'The prompt was filtered.', type: null, param: 'prompt', code: 'content_filter', status: 400 },
          innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true } } },
        },
      },
    } as const;

    it('400: BadRequestError as it came, after one request', () =>
      isTheCallers(filtered, { name: 'BadRequestError', status: 400, code: 'content_filter' }));

    it('a hundred of them change nothing about the endpoint', () => staysFirst(filtered));

    it('200 with finish_reason content_filter, even without text: the answer, plain and streamed', async () => {
      const steps = [{ step: 'ok', text: '', finishReason: 'content_filter' } as const];
      await using stage = await openStage({ a: { repeat: steps }, b: [] });
      const answer = await chat(stage.client);
      expect([servedBy(answer), answer.choices[0]?.finish_reason]).toEqual(['a', 'content_filter']);
      const { chunks, error } = await read(await chatStream(stage.client));
      expect([chunks.at(-1)?.choices[0]?.finish_reason, error]).toEqual(['content_filter', undefined]);
      expect(stage.state('a')).toMatchObject({ ...WELL, successes: 2 });
      expect(stage.servers.b.calls).toBe(0);
    });

    it('failoverOn: content-filter moves that 200, when nobody does better it is the answer; a stream stays', async () => {
      const steps = [{ step: 'ok', text: '', finishReason: 'content_filter' } as const];
      await using stage = await openStage({ a: { repeat: steps }, b: [] }, { failoverOn: ['content-filter'] });
      expect(servedBy(await chat(stage.client))).toBe('b');
      stage.servers.b.script({ repeat: steps });
      const answer = await chat(stage.client);
      expect([answer.choices[0]?.finish_reason, attemptsOf(answer).length]).toEqual(['content_filter', 2]);
      const { chunks } = await read(await chatStream(stage.client));
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('content_filter');
      for (const name of ['a', 'b'] as const) expect(stage.state(name)).toMatchObject(WELL);
    });

    it('failoverOn: content-filter moves the 400, without blame', async () => {
      await scenario()
        .endpoints({ a: filtered, b: [] })
        .options({ failoverOn: ['content-filter'] })
        .call('gpt-5')
        .expect({ served: 'b', verdicts: ['not-supported', 'ok'], calls: { a: 1, b: 1 } }, ({ state }) =>
          expect(state('a')).toMatchObject(WELL),
        );
    });
  },
);

row(43, '409, a lock', 'once more on the same endpoint after a moment, neutral; no failover', () => {
  it('the second try answers, after the backoff', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [409, 'ok'], b: [] }, { clock });
    const call = chat(stage.client);
    const { ms } = await stage.events.until('call-waiting');
    expect(ms).toBeGreaterThanOrEqual(250);
    expect(ms).toBeLessThanOrEqual(500);
    await clock.advance(550);
    expect(attemptsOf(await call).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['a', 'conflict'],
      ['a', 'ok'],
    ]);
    expect(stage.state('a')).toMatchObject(WELL);
    expect(stage.servers.b.calls).toBe(0);
  });

  it('locked for good: ConflictError after two requests, none elsewhere', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 409, b: [] }, { clock, maxRetries: 5 });
    const call = failure(chat(stage.client));
    await stage.events.until('call-waiting');
    await clock.advance(550);
    const error = await call;
    expect(error).toBeInstanceOf(OpenAI.ConflictError);
    expect(error).toMatchObject({ status: 409 });
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([2, 0]);
    expect(stage.state('a')).toMatchObject(WELL);
  });

  it('without retries, or with x-should-retry: false: ConflictError at once, after one request', async () => {
    for (const [step, maxRetries] of [
      [409, 0],
      [{ status: 409, shouldRetry: false }, 2],
    ] as const)
      await scenario()
        .endpoints({ a: { repeat: [step] }, b: [] })
        .options({ maxRetries })
        .call('gpt-5')
        .expect(
          { error: { name: 'ConflictError', status: 409 }, calls: { a: 1, b: 0 }, withinMs: 100 },
          saying('locked'),
        );
  });
});

row(44, '413 or 422', 'no failover, neutral', () => {
  it('413: the error as it came, after one request', () => isTheCallers(413, { name: 'APIError', status: 413 }));

  it('422: UnprocessableEntityError as it came, after one request', () =>
    isTheCallers(422, { name: 'UnprocessableEntityError', status: 422 }));

  it('a hundred of them change nothing about the endpoint', async () => {
    await staysFirst(413);
    await staysFirst({ status: 413, code: 'rate_limit_exceeded', message: 'Request too large' });
    await staysFirst(422);
  });
});
