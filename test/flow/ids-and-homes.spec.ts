// The promise: what lives on one account is made on one account and found again: files and the like at home, ids lead back
// to the endpoint that gave them, and nothing is made twice.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { AffinityError, attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer, manualClock, type Step } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const file = () => new File(['{"line":1}'], 'data.jsonl');
const upload = ({ client }: Pick<Stage, 'client'>, options?: object) =>
  client.files.create({ file: file(), purpose: 'batch' }, options);
const routes = (stage: Stage) =>
  Object.fromEntries(
    Object.entries(stage.servers).map(([name, { requests }]) => [
      name,
      requests.map(({ method, route }) => `${method} ${route}`),
    ]),
  );
const rr = { strategy: 'round-robin' } as const;

describe('home', () => {
  it('files, batches, vector stores, assistants and fine-tunes are all made on the first endpoint', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, rr);
    const { client } = stage;
    for (let round = 0; round < 3; round++) {
      const { id } = await upload(stage);
      await client.batches.create({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' });
      await client.vectorStores.create({ file_ids: [id] });
      await client.fineTuning.jobs.create({ model: 'gpt-5', training_file: id });
      await client.files.retrieve(id);
      await (await client.files.content(id)).text();
      await client.files.delete(id);
    }
    await client.beta.assistants.create({ model: 'gpt-5' });
    await client.containers.create({ name: 'c' });
    expect(stage.servers.a.calls).toBe(23);
    expect([stage.servers.b.calls, stage.servers.c.calls]).toEqual([0, 0]);
  });

  it('affinity.home names another one', async () => {
    await using stage = await openStage({ a: [], b: [] }, { ...rr, affinity: { home: 'b' } });
    expect((await upload(stage)).id).toMatch(/^file-b/);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 1]);
  });

  it('affinity.spread lets the strategy choose, and every id leads back', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, { ...rr, affinity: { spread: true } });
    const ids: string[] = [];
    for (let round = 0; round < 6; round++) ids.push((await upload(stage)).id);
    expect(ids.map((id) => id[5]).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    for (const id of ids) expect((await stage.client.files.retrieve(id)).id).toBe(id);
  });

  it('the first endpoint that is used for it, when the home is not', async () => {
    await using stage = await openStage({ a: { script: [], operations: ['chat'] }, b: [], c: [] }, rr);
    expect((await upload(stage)).id).toMatch(/^file-b/);
  });

  it('takes in ids that nobody can look for, and a 404 there is the answer', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const error = await failure(stage.client.uploads.cancel('upload_b-1'));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(stage.events.of('affinity-missed')).toMatchObject([{ id: 'upload_b-1' }]);
    expect(routes(stage)).toEqual({ a: ['POST /uploads/upload_b-1/cancel'], b: [] });
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
  });
});

describe('ids lead back', () => {
  it('an assistant and a thread meet in a run, though they were made one by one', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const { assistants, threads } = stage.client.beta;
    for (let round = 0; round < 3; round++) {
      const { id: assistant_id } = await assistants.create({ model: 'gpt-5' });
      const { id } = await threads.create();
      expect((await threads.runs.create(id, { assistant_id })).thread_id).toBe(id);
    }
    expect(stage.servers.b.calls).toBe(0);
  });

  it('of two keys of one account both have what either made', async () => {
    const headers = { 'openai-organization': 'org', 'openai-project': 'proj' };
    await using account = await faultServer({ name: 'x', script: { repeat: [{ step: 'ok', headers }] } });
    await using elsewhere = await faultServer({ name: 'y' });
    const client = new LoadBalancedOpenAI(
      [
        { name: 'a', apiKey: 'one', baseURL: account.url },
        { name: 'b', apiKey: 'two', baseURL: account.url },
        { name: 'c', apiKey: 'three', baseURL: elsewhere.url },
      ],
      { affinity: { spread: true }, shareState: false },
    );
    const made = [await upload({ client }), await upload({ client }), await upload({ client })];
    const [one, other, stranger] = made.map(({ id }) => id) as [string, string, string];
    const use = (...ids: string[]) =>
      client.responses.create({
        model: 'gpt-5',
        input: [{ role: 'user', content: ids.map((file_id) => ({ type: 'input_file' as const, file_id })) }],
      });
    expect(attemptsOf(await use(one, other))).toMatchObject([{ endpoint: 'a', verdict: 'ok' }]);
    expect(await failure(use(one, stranger))).toBeInstanceOf(AffinityError);
  });

  it('threads, runs and messages stay together, while new threads spread where told to', async () => {
    await using stage = await openStage({ a: [], b: [] }, { ...rr, affinity: { spread: true } });
    const { threads } = stage.client.beta;
    const made = [await threads.create(), await threads.create()];
    expect(made.map(({ id }) => id[7]).sort()).toEqual(['a', 'b']);
    for (const { id } of made) {
      await threads.messages.create(id, { role: 'user', content: 'hi' });
      await threads.messages.list(id);
      const owner = id[7] as 'a' | 'b';
      expect(stage.servers[owner].requests.slice(-2).map(({ route }) => route)).toEqual(
        Array(2).fill(`/threads/${id}/messages`),
      );
    }
  });

  it('a response and what follows it, plain and streamed, also one left after its first event', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, rr);
    const { responses } = stage.client;
    for (let round = 0; round < 9; round++) {
      let id: string;
      if (round % 3 === 0) id = (await responses.create({ model: 'gpt-5', input: 'hi' })).id;
      else {
        id = '';
        for await (const event of await responses.create({ model: 'gpt-5', input: 'hi', stream: true })) {
          if (event.type === 'response.created') id = event.response.id;
          if (round % 3 === 2) break;
        }
      }
      const next = await responses.create({ model: 'gpt-5', input: 'and?', previous_response_id: id });
      expect(next.metadata).toMatchObject({ served_by: id.split('-')[0]?.replace('resp_', '') });
      expect((await responses.retrieve(next.id)).id).toBe(next.id);
    }
    expect(Math.min(...Object.values(stage.servers).map(({ calls }) => calls))).toBeGreaterThan(5);
  });

  it('conversations: by name in the body, by id in the path', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const { client } = stage;
    const made = [await client.conversations.create({}), await client.conversations.create({})];
    expect(new Set(made.map(({ id }) => id[5]))).toEqual(new Set(['a', 'b']));
    for (const { id } of made) {
      await client.responses.create({ model: 'gpt-5', input: 'hi', conversation: id });
      await client.responses.create({ model: 'gpt-5', input: 'hi', conversation: { id } });
      await client.conversations.items.list(id);
    }
  });

  it('ids deep in a call: content parts, attachments, tools', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const { client } = stage;
    const { id } = await upload({ client: client.balancer.pin('b') });
    const store = await client.balancer.pin('b').vectorStores.create({});
    const text = { type: 'input_text' as const, text: 'read' };
    for (let round = 0; round < 2; round++) {
      await client.responses.create({
        model: 'gpt-5',
        input: [{ role: 'user', content: [text, { type: 'input_file', file_id: id }] }],
      });
      await client.responses.create({
        model: 'gpt-5',
        input: 'x',
        tools: [{ type: 'file_search', vector_store_ids: [store.id] }],
      });
      await client.chat.completions.create({
        model: 'gpt-5',
        messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: id } }] }],
      });
      await client.beta.assistants.create({ model: 'gpt-5', tool_resources: { code_interpreter: { file_ids: [id] } } });
    }
    expect(stage.servers.a.calls).toBe(0);
  });

  it('what failed there does not go elsewhere; it is retried on the same endpoint', async () => {
    await using stage = await openStage({ a: [], b: [] }, { ...rr, maxRetries: 1 });
    const { client } = stage;
    const { id } = await client.balancer.pin('b').responses.create({ model: 'gpt-5', input: 'hi' });
    stage.servers.b.script([503]);
    const again = await client.responses.create({ model: 'gpt-5', input: 'and?', previous_response_id: id });
    expect(attemptsOf(again).map(({ endpoint }) => endpoint)).toEqual(['b', 'b']);
    stage.servers.b.script(503);
    const error = await failure(
      client.responses.create({ model: 'gpt-5', input: 'and?', previous_response_id: id }, { maxRetries: 0 }),
    );
    expect(error).toMatchObject({ status: 503 });
    expect(stage.servers.a.calls).toBe(0);
  });

  it('clones know what their client learned', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const { id } = await upload({ client: stage.client.balancer.pin('b') });
    expect((await stage.client.withOptions({ timeout: 5_000 }).files.retrieve(id)).id).toBe(id);
  });
});

describe('pages', () => {
  it('a list below an id comes from the id’s owner, page after page', async () => {
    await using stage = await openStage({ a: [], b: [] }, { ...rr, affinity: { spread: true } });
    const { threads } = stage.client.beta;
    for (const { id } of [await threads.create(), await threads.create()]) {
      for (let n = 0; n < 5; n++) await threads.messages.create(id, { role: 'user', content: 'hi' });
      const ids: string[] = [];
      for await (const message of threads.messages.list(id, { limit: 2 })) ids.push(message.id);
      expect(new Set(ids).size).toBe(5);
      const owner = id[7] as 'a' | 'b';
      expect(stage.servers[owner].calls).toBe(9);
    }
  });

  it('a pinned client lists its endpoint alone', async () => {
    const server = { objects: { files: 25 } };
    await using stage = await openStage({ a: { script: [], server }, b: { script: [], server } }, rr);
    const ids: string[] = [];
    for await (const { id } of stage.client.balancer.pin('b').files.list({ limit: 10 })) ids.push(id);
    expect(ids).toHaveLength(25);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 3]);
  });
});

describe('what leaves an object behind is made once', () => {
  it.each<[what: string, step: Step | 'refused']>([
    ['a refused connection', 'refused'],
    ['401', 401],
    ['403', 403],
    ['404 of the operation', { status: 404, body: { detail: 'Not Found' } }],
    ['405', 405],
    ['429', { status: 429, retryAfterMs: 1 }],
    ['503', 503],
  ])('%s: nothing can exist, so it moves', async (_, step) => {
    await using stage = await openStage({ a: step === 'refused' ? [] : { repeat: [step] }, b: [] }, { maxRetries: 0 });
    if (step === 'refused') await stage.servers.a.refuse();
    const made = await upload(stage);
    expect(made.id).toMatch(/^file-b/);
    // And it is found where it was made.
    expect((await stage.client.files.retrieve(made.id)).id).toBe(made.id);
    expect(stage.servers.b.calls).toBe(2);
  });

  it.each<[what: string, step: Step]>([
    ['500', 500],
    ['502', 502],
    ['504', 504],
    ['408', 408],
    ['a reset', 'reset'],
    ['a close', 'close'],
    ['cut JSON', 'truncated-json'],
    ['a cut body', 'cut-body'],
    ['a web page', 'html'],
  ])('%s: it may exist, so the error surfaces at once and says so', async (_, step) => {
    await using stage = await openStage({ a: { repeat: [step] }, b: [] });
    const error = await failure(upload(stage));
    expect(error).toBeInstanceOf(OpenAI.OpenAIError);
    expect(error.maybeExecuted).toBe(true);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
    expect(attemptsOf(error)).toMatchObject([{ endpoint: 'a', billed: 'maybe' }]);
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it.each(['deadline', 'attemptTimeout', 'abort'])('a %s: the same', async (how) => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: 'black-hole', b: [] },
      { clock, timeout: 30_000, ...(how === 'attemptTimeout' && { attemptTimeout: 10_000 }) },
    );
    const abort = new AbortController();
    const failed = failure(upload(stage, { signal: abort.signal }));
    await stage.servers.a.until(({ calls }) => calls === 1);
    if (how === 'abort') abort.abort();
    else await clock.advance(30_000);
    const error = await failed;
    expect(error).toBeInstanceOf(how === 'abort' ? OpenAI.APIUserAbortError : OpenAI.APIConnectionTimeoutError);
    if (how !== 'abort') expect(error.maybeExecuted).toBe(true);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
  });

  it('400 surfaces, and does not say that anything exists', async () => {
    await using stage = await openStage({ a: 400, b: [] });
    const error = await failure(upload(stage));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.maybeExecuted).toBeUndefined();
    expect(stage.servers.b.calls).toBe(0);
  });

  it('threads and conversations as well; with background, responses too', async () => {
    await using stage = await openStage({ a: { repeat: [500] }, b: [] });
    const { client } = stage;
    const calls = [
      () => client.beta.threads.create(),
      () => client.conversations.create({}),
      () => client.responses.create({ model: 'gpt-5', input: 'x', background: true }),
    ];
    for (const call of calls) expect(await failure(call())).toMatchObject({ status: 500, maybeExecuted: true });
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([3, 0]);
  });

  it('chat, also stored, and plain responses move like any call', async () => {
    await using stage = await openStage({ a: [500, 'reset'], b: [] });
    await stage.client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'x' }],
      store: true,
    });
    const { id } = await stage.client.responses.create({ model: 'gpt-5', input: 'x' });
    expect(id).toMatch(/^resp_b/);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([2, 2]);
  });

  it('acting on an object is no creating: cancelling is retried', async () => {
    await using stage = await openStage({ a: [] }, { maxRetries: 1 });
    const { id } = await stage.client.batches.create({
      input_file_id: (await upload(stage)).id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    });
    stage.servers.a.script([500]);
    expect((await stage.client.batches.cancel(id)).status).toBe('cancelled');
    expect(routes(stage).a?.filter((route) => route.endsWith('/cancel'))).toHaveLength(2);
  });
});

describe('what cannot be', () => {
  it('two ids of two endpoints in one call: said before anything is sent', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const { client } = stage;
    const [x, y] = [
      await upload({ client: client.balancer.pin('a') }),
      await upload({ client: client.balancer.pin('b') }),
    ];
    const error = await failure(client.vectorStores.create({ file_ids: [x.id, y.id] }));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error).toBeInstanceOf(OpenAI.OpenAIError);
    expect(error).toMatchObject({ code: 'affinity', name: 'AffinityError' });
    expect(error.message).toBe(
      `The ids in this call belong to different endpoints: '${x.id}' to 'a', '${y.id}' to 'b'. One call cannot use both: make all of them on one endpoint, with a client pinned to it.`,
    );
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    expect(attemptsOf(error)).toEqual([]);
  });

  it('a pinned client and another endpoint’s id', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const { id } = await upload(stage);
    const error = await failure(stage.client.balancer.pin('b').files.retrieve(id));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error.message).toBe(
      `The id '${id}' belongs to endpoint 'a', but the call is pinned to 'b'. Use a client pinned to 'a', or one without a pin.`,
    );
    expect(stage.servers.b.calls).toBe(0);
  });

  it('an owner that was drained', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const { id } = await upload(stage);
    const pinned = stage.client.balancer.pin('a');
    await stage.client.balancer.drain('a');
    const error = await failure(stage.client.files.retrieve(id));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error.message).toBe(
      `The id '${id}' belongs to endpoint 'a', which is drained. To go on, make what the id stands for anew on another endpoint ('b').`,
    );
    expect((await failure(pinned.models.list())).message).toBe(
      "The endpoint 'a' this call is pinned to is drained. Pin it to one that takes calls ('b'), or make it without a pin.",
    );
    // What needs no owner goes on; account objects have another home.
    expect((await upload(stage)).id).toMatch(/^file-b/);
  });
});
