// The promise: what is the caller's own fault reaches the caller after exactly one upstream request, as the SDK's own error,
// and no number of such calls takes an endpoint out for others.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import type { Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

/** What other callers would notice of an endpoint. */
function health({ client }: Stage) {
  return client.balancer
    .snapshot()
    .endpoints.map(({ name, breaker, models, cooldowns, excluded, failures, inFlight }) => {
      return { name, breaker, models, cooldowns, excluded, failures, inFlight };
    });
}

const WELL = ['a', 'b', 'c'].map((name) => {
  return { name, breaker: 'closed', models: [], cooldowns: [], excluded: null, failures: 0, inFlight: 0 };
});

const requests = (stage: Stage) => Object.values(stage.servers).reduce((sum, { calls }) => sum + calls, 0);

interface Row {
  readonly what: string;
  readonly step: Step;
  readonly error: new (...args: never[]) => Error;
  readonly status: number;
  readonly code?: string;
}

const ROWS: readonly Row[] = [
  { what: '400', step: 400, error: OpenAI.BadRequestError, status: 400 },
  {
    what: '400 context_length_exceeded',
    step: { status: 400, code: 'context_length_exceeded' },
    error: OpenAI.BadRequestError,
    status: 400,
    code: 'context_length_exceeded',
  },
  {
    what: '400 content_filter',
    step: { status: 400, code: 'content_filter' },
    error: OpenAI.BadRequestError,
    status: 400,
    code: 'content_filter',
  },
  {
    what: '400 with x-should-retry: true',
    step: { status: 400, shouldRetry: true },
    error: OpenAI.BadRequestError,
    status: 400,
  },
  { what: '413', step: 413, error: OpenAI.APIError, status: 413 },
  { what: '415', step: 415, error: OpenAI.APIError, status: 415 },
  { what: '422', step: 422, error: OpenAI.UnprocessableEntityError, status: 422 },
  {
    what: '403 by moderation',
    step: {
      status: 403,
      body: { error: { message: 'flagged', metadata: { reasons: ['violence'], flagged_input: '…' } } },
    },
    error: OpenAI.PermissionDeniedError,
    status: 403,
  },
];

describe('a bad call', () => {
  it.each(ROWS)(
    '$what: one upstream request, the error as it came, nobody is to blame',
    async ({ step, error, status, code }) => {
      const script = { repeat: [step] };
      await using stage = await openStage(
        { a: script, b: script, c: script },
        { strategy: 'round-robin', maxRetries: 5 },
      );
      for (const call of [chat, chatStream]) {
        for (const server of Object.values(stage.servers)) server.reset();
        const thrown = await failure(call(stage.client));
        expect(thrown).toBeInstanceOf(error);
        expect(thrown).toMatchObject({ status, ...(code && { code }) });
        expect(thrown.requestID).toMatch(/^req_[abc]_\d+$/);
        expect(requests(stage)).toBe(1);
        expect(attemptsOf(thrown)).toMatchObject([{ verdict: 'caller-error', status, billed: 'no' }]);
      }
      expect(stage.events.of('call-waiting')).toEqual([]);
      // However often it comes.
      const results = await many(100, 8, () => chat(stage.client));
      expect(results.every((result) => result.status === 'rejected')).toBe(true);
      expect(requests(stage)).toBe(101);
      expect(health(stage)).toEqual(WELL);
    },
  );

  it('the message of the error is the server’s own', async () => {
    await using stage = await openStage({
      a: { status: 400, message: 'max_tokens is too large', code: 'invalid_value' },
    });
    const thrown = await failure(chat(stage.client));
    expect(thrown.message).toContain('max_tokens is too large');
    expect(thrown.error).toMatchObject({ message: 'max_tokens is too large', code: 'invalid_value' });
  });

  it('one refused in words about a model that was just served goes elsewhere; the model stays for the others', async () => {
    const words = { status: 400, body: { error: { message: 'The audio model file could not be found' } } };
    await using stage = await openStage({ a: [], b: [] });
    expect(servedBy(await chat(stage.client))).toBe('a');
    stage.servers.a.script([words]);
    expect(attemptsOf(await chat(stage.client))).toMatchObject([
      { endpoint: 'a', verdict: 'model-missing', status: 400 },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    expect(stage.state('a')).toMatchObject({ excluded: null, cooldowns: [], failures: 0 });
    expect(servedBy(await chat(stage.client))).toBe('a');
  });

  it('aborts by the caller, before and after the request was sent, are nobody’s fault', async () => {
    await using stage = await openStage(
      { a: { script: 'black-hole' }, b: { script: 'black-hole' }, c: { script: 'black-hole' } },
      { strategy: 'round-robin' },
    );
    for (let call = 0; call < 40; call++) {
      const controller = new AbortController();
      const promise = chat(stage.client, {}, { signal: controller.signal });
      if (call % 2)
        await stage.servers[(['a', 'b', 'c'] as const)[((call - 1) / 2) % 3]!].until(({ inFlight }) => inFlight > 0);
      controller.abort();
      expect(await failure(promise)).toBeInstanceOf(OpenAI.APIUserAbortError);
      await Promise.all(Object.values(stage.servers).map((server) => server.until(({ inFlight }) => inFlight === 0)));
    }
    expect(health(stage)).toEqual(WELL);
  });

  it('a caller’s tiny timeout takes nobody out', async () => {
    const script = () => ({ step: 'ok', delay: 500 }) as const;
    await using stage = await openStage({ a: script, b: script, c: script }, { strategy: 'round-robin' });
    const results = await many(60, 8, () => chat(stage.client, {}, { timeout: 1 }));
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    }
    expect(health(stage)).toEqual(WELL);
    await chat(stage.client);
  });

  it('nor does it blame an endpoint that another one outran', async () => {
    // Slower than the caller would wait, and well: 600 ms. Its rescue after half of the timeout answers at once.
    await using stage = await openStage({ a: { step: 'ok', delay: 600 }, b: [], c: [] });
    for (let call = 0; call < 3; call++) await chat(stage.client, {}, { timeout: 400 });
    expect(health(stage)).toEqual(WELL);
    expect(servedBy(await chat(stage.client))).toBe('a');
  });

  it('a body that cannot be written as JSON: the error is the caller’s, and nothing is sent', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
    const messages = [{ role: 'user', content: 'hi' }] as { role: string; content: unknown }[];
    messages.push({ role: 'user', content: messages });
    for (let call = 0; call < 10; call++) {
      const thrown = await failure(chat(stage.client, { messages }));
      expect(thrown).toBeInstanceOf(TypeError);
      expect(attemptsOf(thrown)).toHaveLength(1);
    }
    expect(requests(stage)).toBe(0);
    expect(health(stage)).toEqual(WELL);
  });

  it('one that fails everywhere with 500 is not held against endpoints where other calls succeed', async () => {
    const script = ({ body }: { body: unknown }) => ((body as { user?: string }).user === 'poison' ? 500 : 'ok');
    await using stage = await openStage({ a: script, b: script, c: script }, { strategy: 'round-robin' });
    // The first endpoint each poison call meets counts; the others know better.
    for (let call = 0; call < 12; call++) {
      await many(9, 3, () => chat(stage.client));
      expect(await failure(chat(stage.client, { user: 'poison' }, { maxRetries: 0 }))).toMatchObject({ status: 500 });
    }
    const after = health(stage);
    expect(after.map(({ breaker }) => breaker)).toEqual(['closed', 'closed', 'closed']);
    expect(after.reduce((sum, { failures }) => sum + failures, 0)).toBe(12);
  });

  it.each([
    ['context-length', { status: 400, code: 'context_length_exceeded' }],
    ['content-filter', { status: 400, code: 'content_filter' }],
    ['unsupported-parameter', { status: 400, code: 'unsupported_parameter' }],
  ] as const)(
    'failoverOn: %s moves chat, streams, responses and embeddings, once to each endpoint',
    async (reason, step) => {
      const script = { repeat: [step] };
      await using stage = await openStage({ a: script, b: script, c: [] }, { failoverOn: [reason] });
      const { client } = stage;
      const made = [
        chat(client),
        chatStream(client),
        client.responses.create({ model: 'gpt-5', input: 'hi' }),
        client.responses.create({ model: 'gpt-5', input: 'hi', stream: true }),
        client.embeddings.create({ model: 'gpt-5', input: 'hi' }),
      ];
      for (const call of made) {
        const answer = await call;
        expect(attemptsOf(answer).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
          ['a', 'not-supported'],
          ['b', 'not-supported'],
          ['c', expect.stringMatching(/ok|pending/)],
        ]);
        if (Symbol.asyncIterator in answer) for await (const _ of answer as AsyncIterable<unknown>);
      }
      expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' });
    },
  );

  it('failoverOn makes the kinds it names move, and no others', async () => {
    const context = { status: 400, code: 'context_length_exceeded' } as const;
    await using stage = await openStage({ a: [context, 400], b: [] }, { failoverOn: ['context-length'] });
    expect(await chat(stage.client)).toMatchObject({ system_fingerprint: 'b' });
    expect(await failure(chat(stage.client))).toMatchObject({ status: 400 });
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
  });
});
