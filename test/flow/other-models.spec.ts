// The promise: when no endpoint can serve the model a call names, the models of `fallbacks` are asked in its place, and it shows.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, explain, NoEndpointAvailableError } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, readAll, STREAMS } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

/** An endpoint where some models do what they are told, and the others are well. */
const models =
  (steps: Record<string, Step>) =>
  ({ body }: { body: unknown }): Step =>
    steps[(body as { model: string }).model] ?? 'ok';

const MINI = { 'gpt-5': ['gpt-5-mini'] };
const TOO_LONG = { status: 400, code: 'context_length_exceeded' } as const;
const NOT_FOUND = { status: 404, code: 'model_not_found' } as const;
const FILTERED = { status: 400, code: 'content_filter' } as const;

const asked = (thing: unknown) =>
  attemptsOf(thing).map(({ endpoint, model, fallback, verdict }) => [endpoint, model, fallback, verdict]);
const modelsAsked = (thing: unknown) => attemptsOf(thing).map(({ fallback }) => fallback ?? 'its own');

describe('a call whose model no endpoint can serve', () => {
  it.each<Step>([500, 429, NOT_FOUND, 403, 'reset', 'html'])(
    'asks the next model, after %o everywhere',
    async (step) => {
      const script = models({ 'gpt-5': step });
      await using stage = await openStage({ a: script, b: script }, { fallbacks: MINI, maxRetries: 0 });
      const promise = chat(stage.client);
      const answer = await promise;
      expect(asked(answer)).toEqual([
        ['a', 'gpt-5', undefined, expect.any(String)],
        ['b', 'gpt-5', undefined, expect.any(String)],
        [expect.stringMatching(/[ab]/), 'gpt-5-mini', 'gpt-5-mini', 'ok'],
      ]);
      expect(asked(promise)).toEqual(asked(answer));
      expect(explain(answer)).toMatch(/ → [ab] \('gpt-5-mini' instead\) 200 in /);
      const { servers } = stage;
      const last = [...servers.a.requests, ...servers.b.requests].find(({ model }) => model === 'gpt-5-mini');
      expect(last?.body).toMatchObject({ model: 'gpt-5-mini', messages: [{ content: 'hi' }] });
      expect(stage.events.of('fallback-start')).toMatchObject([
        { model: 'gpt-5-mini', from: 'gpt-5', reason: 'unserved' },
      ]);
      expect(stage.events.of('call-start')).toMatchObject([{ model: 'gpt-5' }]);
      expect(stage.events.of('attempt-start').at(-1)).toMatchObject({ model: 'gpt-5-mini', attempt: 3 });
    },
  );

  it('does not wait first, and asks nobody in vain who is out', async () => {
    const clock = manualClock();
    const script = models({ 'gpt-5': { status: 429, retryAfterMs: 5_000 } });
    await using stage = await openStage({ a: script, b: script }, { fallbacks: MINI, clock });
    expect(asked(await chat(stage.client))).toHaveLength(3);
    expect(asked(await chat(stage.client))).toEqual([['a', 'gpt-5-mini', 'gpt-5-mini', 'ok']]);
    await clock.advance(5_000);
    stage.servers.a.script([]);
    expect(asked(await chat(stage.client))).toEqual([['a', 'gpt-5', undefined, 'ok']]);
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it('nor is a model that was not found asked for again while another one serves', async () => {
    const script = models({ 'gpt-5': NOT_FOUND });
    await using stage = await openStage({ a: script, b: script }, { fallbacks: MINI });
    await chat(stage.client);
    expect(modelsAsked(await chat(stage.client))).toEqual(['gpt-5-mini']);
  });

  it('and one that no endpoint is configured for needs no attempt', async () => {
    await using stage = await openStage({ a: { script: [], models: ['gpt-5-mini'] } }, { fallbacks: MINI });
    expect(asked(await chat(stage.client))).toEqual([['a', 'gpt-5-mini', 'gpt-5-mini', 'ok']]);
  });

  it('asks several in their order, the lists of those included, each by its name on the endpoint', async () => {
    const script = models({ 'gpt-5': 500, 'my-mini': 503, 'o3-gpt-5-mini': 400 });
    await using stage = await openStage(
      { a: { script, modelMap: { 'gpt-5-*': 'my-$1' } } },
      { fallbacks: { 'gpt-5': ['gpt-5-mini', 'gpt-4.1'], 'gpt-5-*': ['o3-gpt-5-$1'] }, maxRetries: 0 },
    );
    expect(asked(await chat(stage.client))).toEqual([
      ['a', 'gpt-5', undefined, 'server-error'],
      ['a', 'my-mini', 'gpt-5-mini', 'overloaded'],
      ['a', 'o3-gpt-5-mini', 'o3-gpt-5-mini', 'caller-error'],
      ['a', 'gpt-4.1', 'gpt-4.1', 'ok'],
    ]);
  });

  it.each(STREAMS)('as a $kind stream, before its content', async (kind) => {
    const steps: Step[] = [503, 'sse-error', { stream: 5, cutAfter: 'headers' }, { stream: 5, cutAfter: 0 }];
    for (const step of steps) {
      await using stage = await openStage({ a: models({ 'gpt-5': step }) }, { fallbacks: MINI, maxRetries: 0 });
      const stream = await kind.open(stage.client);
      expect((await readAll(stream, kind)).error).toBeUndefined();
      expect(modelsAsked(stream)).toEqual(['its own', 'gpt-5-mini']);
    }
  });

  it('but not once a stream has handed out content', async () => {
    const script = models({ 'gpt-5': { stream: 5, cutAfter: 2 } });
    await using stage = await openStage({ a: script }, { fallbacks: MINI });
    const { chunks, error } = await read(await chatStream(stage.client));
    expect([chunks.length > 0, error instanceof OpenAI.OpenAIError]).toEqual([true, true]);
    expect(stage.servers.a.calls).toBe(1);
  });

  it('through every kind of call that names a model: responses, embeddings, uploads', async () => {
    const script = models({ 'gpt-5': 503 });
    await using stage = await openStage({ a: script }, { fallbacks: { '*': ['other'] }, maxRetries: 0 });
    const { client } = stage;
    const tries = [
      client.responses.create({ model: 'gpt-5', input: 'hi' }),
      client.embeddings.create({ model: 'gpt-5', input: 'hi' }),
      client.responses.create({ model: 'gpt-5', input: 'hi', background: true }),
    ];
    for (const made of tries) expect(modelsAsked(await made)).toEqual(['its own', 'other']);
  });

  it('an upload names the other model in its form', async () => {
    const script = ({ model }: { model: string | undefined }): Step => (model === 'whisper-1' ? 503 : 'ok');
    await using stage = await openStage({ a: script }, { fallbacks: { '*': ['other'] }, maxRetries: 0 });
    const file = new File(['sound'], 'a.mp3');
    const spoken = await stage.client.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(modelsAsked(spoken)).toEqual(['its own', 'other']);
    expect(stage.servers.a.requests.map(({ model }) => model)).toEqual(['whisper-1', 'other']);
  });
});

describe('an outage of one model on every endpoint', () => {
  it.each([500, 503, 'html', 'truncated-json'] as const)(
    'of %s loses no call, and soon costs no attempt',
    async (step) => {
      const script = models({ 'gpt-5': step });
      await using stage = await openStage(
        { a: script, b: script, c: script },
        { fallbacks: MINI, strategy: 'round-robin', maxRetries: 0 },
      );
      const results = await many(300, 10, () => chat(stage.client));
      const answers = results.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      expect(answers).toHaveLength(300);
      expect(new Set(answers.map((answer) => attemptsOf(answer).at(-1)?.fallback))).toEqual(new Set(['gpt-5-mini']));
      const late = answers.slice(-100).map((answer) => attemptsOf(answer).length);
      // A probe now and then.
      expect(late.filter((attempts) => attempts > 1).length).toBeLessThan(10);
    },
  );

  it('ends by itself: the model that calls name is probed, and takes them back', async () => {
    const clock = manualClock();
    const script = models({ 'gpt-5': 500 });
    await using stage = await openStage({ a: script, b: script }, { fallbacks: MINI, clock, slowStart: false });
    for (let call = 0; call < 20; call++) await chat(stage.client);
    expect(modelsAsked(await chat(stage.client))).toEqual(['gpt-5-mini']);
    for (const server of Object.values(stage.servers)) server.script([]);
    await clock.advance(5_000);
    await chat(stage.client);
    for (let call = 0; call < 5; call++) expect(modelsAsked(await chat(stage.client))).toEqual(['its own']);
  });
});

describe('when nobody can serve any of them', () => {
  it('the caller gets the error of the model that was named', async () => {
    const script = models({
      'gpt-5': { status: 503, message: 'mine' },
      'gpt-5-mini': { status: 400, message: 'other' },
    });
    await using stage = await openStage({ a: script, b: script }, { fallbacks: MINI, maxRetries: 0 });
    const thrown = await failure(chat(stage.client));
    expect(thrown).toMatchObject({ status: 503, message: expect.stringContaining('mine') });
    expect(modelsAsked(thrown)).toEqual(['its own', 'gpt-5-mini', 'its own']);
  });

  it('or, where that was not even asked, of the other one', async () => {
    const script = models({ 'gpt-5-mini': 500 });
    await using stage = await openStage({ a: { script, models: ['gpt-5-mini'] } }, { fallbacks: MINI, maxRetries: 0 });
    expect(await failure(chat(stage.client))).toMatchObject({ status: 500 });
    const full = { status: 429, retryAfterMs: 60_000 } as const;
    await using busy = await openStage({ a: full }, { fallbacks: MINI, maxRetries: 0 });
    for (let call = 0; call < 2; call++) await failure(chat(busy.client));
    const refused = await failure(chat(busy.client));
    expect(refused).toBeInstanceOf(NoEndpointAvailableError);
    expect(refused.message).toMatch(
      /^No endpoint can take 'gpt-5' \(chat\), nor 'gpt-5-mini' in its place: a cooling /,
    );
    const nobody = await failure(chat(stage.client, { model: 'o3' }));
    expect(nobody).toBeInstanceOf(NoEndpointAvailableError);
    expect(attemptsOf(nobody)).toEqual([]);
  });

  it('the deadline bounds them all', async () => {
    const script = models({ 'gpt-5': 503, 'gpt-5-mini': 'black-hole' });
    await using stage = await openStage({ a: script }, { fallbacks: MINI, timeout: 150, rescue: false });
    const thrown = await failure(chat(stage.client));
    expect(thrown).toMatchObject({ status: 503 });
    expect(attemptsOf(thrown).map(({ verdict }) => verdict)).toEqual(['timed-out', 'overloaded']);
  });

  it('and the retry budget bounds them over all calls', async () => {
    const script = models({ 'gpt-5': 500, 'gpt-5-mini': 500 });
    await using stage = await openStage(
      { a: script, b: script },
      { fallbacks: MINI, maxRetries: 0, retryBudget: { ratio: 0, minPerSecond: 0.1 }, breaker: false },
    );
    for (let call = 0; call < 20; call++) await failure(chat(stage.client));
    // Each call's first failover is free only where the next endpoint is well; one more is in the budget.
    expect(stage.servers.a.calls + stage.servers.b.calls).toBeLessThanOrEqual(20 + 3);
  });
});

describe('a call that a model refuses', () => {
  const LISTS = { 'gpt-5': ['any'], contextLength: { 'gpt-5': ['long'] }, contentFilter: { 'gpt-*': ['lenient'] } };

  it.each([
    ['context-length', TOO_LONG, 'long'],
    ['content-filter', FILTERED, 'lenient'],
    ['content-filter', { ...FILTERED, status: 403, code: 'content_policy_violation' }, 'lenient'],
  ] as const)('for its %s goes to the list for that', async (reason, step, other) => {
    await using stage = await openStage({ a: models({ 'gpt-5': step }), b: [] }, { fallbacks: LISTS });
    for (const make of [chat, chatStream]) {
      const answer = await make(stage.client);
      if (Symbol.asyncIterator in answer) await read(answer);
      expect(modelsAsked(answer)).toEqual(['its own', other]);
      expect(stage.servers.b.calls).toBe(0);
    }
    expect(stage.events.of('fallback-start')).toMatchObject([{ reason, model: other }, { reason }]);
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' });
  });

  it('for anything else is the caller’s, as is one without a list', async () => {
    const script = models({ 'gpt-5': 400, 'gpt-4': TOO_LONG, o3: FILTERED });
    await using stage = await openStage({ a: script }, { fallbacks: { '*': ['any'], ...LISTS } });
    for (const model of ['gpt-5', 'gpt-4', 'o3']) {
      expect(await failure(chat(stage.client, { model }))).toMatchObject({ status: 400 });
    }
    expect(stage.servers.a.calls).toBe(3);
  });

  it('goes to other endpoints first where failoverOn says so', async () => {
    const script = models({ 'gpt-5': TOO_LONG });
    await using stage = await openStage({ a: script, b: script }, { fallbacks: LISTS, failoverOn: ['context-length'] });
    expect(asked(await chat(stage.client))).toMatchObject([
      ['a', 'gpt-5', undefined, 'not-supported'],
      ['b', 'gpt-5', undefined, 'not-supported'],
      ['a', 'long', 'long', 'ok'],
    ]);
  });

  it('gets the refusal when all of them refuse', async () => {
    const script = models({ 'gpt-5': TOO_LONG, long: TOO_LONG });
    await using stage = await openStage({ a: script }, { fallbacks: LISTS });
    expect(await failure(chat(stage.client))).toMatchObject({ code: 'context_length_exceeded' });
    expect(stage.servers.a.calls).toBe(2);
  });
});

describe('an answer that a content filter cut off', () => {
  const CUT = { step: 'ok', text: 'Once upon', finishReason: 'content_filter' } as const;
  const LISTS = { contentFilter: { 'gpt-5': ['lenient', 'last'] } };
  const reasonOf = (answer: { choices: { finish_reason: string }[] }) => answer.choices[0]?.finish_reason;

  it('goes to the list for that, and to other endpoints where failoverOn says so', async () => {
    const script = models({ 'gpt-5': CUT, lenient: CUT });
    await using stage = await openStage({ a: script, b: [] }, { fallbacks: LISTS });
    const answer = await chat(stage.client);
    expect([modelsAsked(answer), reasonOf(answer)]).toEqual([['its own', 'lenient', 'last'], 'stop']);
    expect(attemptsOf(answer).map(({ billed }) => billed)).toEqual(['yes', 'yes', 'yes']);
    await using other = await openStage({ a: script, b: [] }, { failoverOn: ['content-filter'] });
    expect(asked(await chat(other.client))).toEqual([
      ['a', 'gpt-5', undefined, 'not-supported'],
      ['b', 'gpt-5', undefined, 'ok'],
    ]);
    expect(other.state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' });
  });

  it('is what the caller gets when the others do no better: the one of the model that was named', async () => {
    const script = models({ 'gpt-5': CUT, lenient: CUT, last: 500 });
    await using stage = await openStage({ a: script }, { fallbacks: LISTS, maxRetries: 0 });
    const answer = await chat(stage.client);
    expect([reasonOf(answer), answer.choices[0]?.message.content]).toEqual(['content_filter', 'Once upon']);
    expect(asked(answer).at(-1)).toEqual(['a', 'gpt-5', undefined, 'ok']);
    expect(modelsAsked(answer).sort()).toEqual(['its own', 'last', 'lenient']);
    expect(stage.events.of('call-end')).toMatchObject([{ ok: true }]);
    expect(stage.state('a').inFlight).toBe(0);
  });

  it('stays where nothing says that it shall move', async () => {
    const script = models({ 'gpt-5': CUT });
    await using stage = await openStage({ a: script, b: [] }, { fallbacks: { '*': ['any'] } });
    expect(modelsAsked(await chat(stage.client))).toEqual(['its own']);
  });

  it('an aborted call is aborted, whatever was kept for it', async () => {
    const script = models({ 'gpt-5': CUT, lenient: 'black-hole' });
    await using stage = await openStage({ a: script }, { fallbacks: LISTS });
    const controller = new AbortController();
    const call = failure(chat(stage.client, {}, { signal: controller.signal }));
    await stage.servers.a.until(({ requests }) => requests.some(({ model }) => model === 'lenient'));
    controller.abort();
    expect(await call).toBeInstanceOf(OpenAI.APIUserAbortError);
  });
});

describe('calls that are meant as they say keep their model', () => {
  it('those pinned to an endpoint', async () => {
    await using stage = await openStage({ a: models({ 'gpt-5': 503 }), b: [] }, { fallbacks: MINI, maxRetries: 0 });
    expect(await failure(chat(stage.client.balancer.pin('a')))).toMatchObject({ status: 503 });
    expect(stage.servers.a.calls).toBe(1);
  });

  it('those that make an object of that model', async () => {
    await using stage = await openStage({ a: { repeat: [503] } }, { fallbacks: { '*': ['other'] }, maxRetries: 0 });
    const made = stage.client.fineTuning.jobs.create({ model: 'gpt-5', training_file: 'file-1' });
    expect(await failure(made)).toMatchObject({ status: 503 });
    expect(stage.servers.a.calls).toBe(1);
  });

  it('a background response that may exist; one that was turned away may ask another', async () => {
    const script = models({ broken: 500, full: 503 });
    await using stage = await openStage({ a: script }, { fallbacks: { '*': ['other'] }, maxRetries: 0 });
    const create = (model: string) => stage.client.responses.create({ model, input: 'hi', background: true });
    expect(await failure(create('broken'))).toMatchObject({ status: 500, maybeExecuted: true });
    expect(modelsAsked(await create('full'))).toEqual(['its own', 'other']);
  });

  it('an answer to a stored one stays with its owner, by another model there', async () => {
    const script = models({ 'gpt-5': 503 });
    await using stage = await openStage({ a: script, b: [] }, { fallbacks: MINI, maxRetries: 0 });
    const first = await stage.client.responses.create({ model: 'o3', input: 'hi' });
    const next = await stage.client.responses.create({ model: 'gpt-5', input: 'on', previous_response_id: first.id });
    expect(asked(next)).toMatchObject([
      ['a', 'gpt-5', undefined, 'overloaded'],
      ['a', 'gpt-5-mini', 'gpt-5-mini', 'ok'],
    ]);
  });
});

it('a fine-tuned model stays where it was made; what stands in for it may be asked anywhere', async () => {
  const job = { id: 'ftjob-1', fine_tuned_model: 'ft:gpt-5:o::1' };
  const fallbacks = { 'ft:*': ['gpt-5-mini'] };
  await using stage = await openStage(
    { a: [{ status: 200, body: job }, { repeat: [503] }], b: [] },
    { fallbacks, maxRetries: 0 },
  );
  await stage.client.balancer.pin('a').fineTuning.jobs.retrieve('ftjob-1');
  expect(asked(await chat(stage.client, { model: 'ft:gpt-5:o::1' }))).toMatchObject([
    ['a', 'ft:gpt-5:o::1', undefined, 'overloaded'],
    ['a', 'gpt-5-mini', 'gpt-5-mini', 'overloaded'],
    ['b', 'gpt-5-mini', 'gpt-5-mini', 'ok'],
  ]);
});
