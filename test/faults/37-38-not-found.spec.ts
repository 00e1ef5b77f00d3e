// Rows 37 and 38: a 404 for a model, and one for an object.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, many, read, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;
const WELL = { breaker: 'closed', models: [], failures: 0, cooldowns: [], excluded: null, inFlight: 0 };

row(37, '404, model or deployment missing', 'fails over, neutral; that model is left alone there for 5 min', () => {
  it('OpenAI’s and Azure’s words for it: the next endpoint answers, other models still go to the first', async () => {
    for (const type of ['openai', 'azure'] as const) {
      const clock = manualClock();
      const own = { script: [], server: { models: ['gpt-5-mini'] }, ...(type === 'azure' && { type }) };
      await using stage = await openStage({ a: own, b: [] }, { clock });
      expect(attemptsOf(await chat(stage.client)), type).toMatchObject([
        { endpoint: 'a', verdict: 'model-missing', status: 404, billed: 'no' },
        { endpoint: 'b', verdict: 'ok' },
      ]);
      expect((await read(await chatStream(stage.client))).text).toBe('Hello from b.');
      expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' })), type).toBe('a');
      expect(stage.state('a')).toMatchObject({
        ...WELL,
        cooldowns: [{ model: 'gpt-5', reason: 'model not found', msLeft: 5 * MINUTE }],
      });
      await clock.advance(5 * MINUTE - 1);
      await chat(stage.client);
      expect(stage.servers.a.requests.map(({ model }) => model)).toEqual(['gpt-5', 'gpt-5-mini']);
      await clock.advance(1);
      await chat(stage.client);
      expect(stage.servers.a.calls).toBe(3);
    }
  });

  it('alone: NotFoundError at once, after one request', async () => {
    await scenario()
      .endpoints({ a: { script: [], server: { models: [] } } })
      .call('gpt-6')
      .expect(
        { error: { name: 'NotFoundError', status: 404, code: 'model_not_found' }, calls: { a: 1 }, withinMs: 100 },
        saying('gpt-6'),
      );
  });

  it('nowhere: each endpoint is asked once, then the last one’s NotFoundError', async () => {
    const none = { script: [], server: { models: ['gpt-5'] } };
    await using stage = await openStage({ a: none, b: none, c: none });
    const error = await failure(chat(stage.client, { model: 'gpt-6' }));
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'c']);
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it('made-up models, however many, keep nobody from a real one, and let nobody forget a sick one', async () => {
    const own = { script: [], server: { models: ['gpt-5'] } };
    await using stage = await openStage({ a: own, b: own });
    stage.servers.a.script(({ model }) => (model === 'sick' ? 500 : 'ok'));
    for (let call = 0; call < 5; call++)
      await chat(stage.client, { model: 'sick' }, { maxRetries: 0 }).catch(() => undefined);
    await many(FULL ? 2_000 : 250, 10, (index) =>
      chat(stage.client, { model: `made-up-${index}` }).catch(() => undefined),
    );
    stage.servers.a.reset();
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [{ model: 'sick', breaker: 'open' }] });
  });
});

row(38, '404 of an object (file, response, batch)', 'stays with the endpoint that made it, neutral', () => {
  it('an object made on one endpoint and deleted there: NotFoundError after one request there, none elsewhere', async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin' });
    const { client, servers } = stage;
    const { id } = await client.responses.create({ model: 'gpt-5', input: 'x' });
    const [owner, other] = servers.a.calls === 1 ? [servers.a, servers.b] : [servers.b, servers.a];
    expect((await client.responses.retrieve(id)).id).toBe(id);
    expect([owner.calls, other.calls]).toEqual([2, 0]);
    owner.script(404);
    for (const call of [
      () => client.responses.retrieve(id),
      () => client.responses.cancel(id),
      () => client.responses.create({ model: 'gpt-5', input: 'x', previous_response_id: id }),
    ]) {
      owner.reset();
      owner.script(404);
      const error = await failure(call());
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
      expect(attemptsOf(error)).toMatchObject([{ verdict: 'not-found', status: 404 }]);
      expect([owner.calls, other.calls]).toEqual([1, 0]);
    }
  });

  it('an id that nobody knows: everybody is asked once, then a write goes home for its NotFoundError', async () => {
    await using stage = await openStage({ a: [], b: [] });
    for (const call of [
      () => stage.client.files.retrieve('file-nobody'),
      () => stage.client.batches.cancel('batch_nobody'),
      () => stage.client.files.delete('file-nobody'),
    ])
      expect(await failure(call())).toBeInstanceOf(OpenAI.NotFoundError);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([5, 3]);
    expect(stage.servers.b.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
    expect([stage.state('a'), stage.state('b')]).toMatchObject([WELL, WELL]);
  });

  it('a hundred of them change nothing about the endpoint', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const reads = await many(100, 10, (index) => stage.client.files.retrieve(`file-${index}`));
    expect(reads.every(({ status }) => status === 'rejected')).toBe(true);
    expect([stage.state('a'), stage.state('b')]).toMatchObject([WELL, WELL]);
    expect(servedBy(await chat(stage.client))).toBe('a');
  });
});
