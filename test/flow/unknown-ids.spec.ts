// The promise: an id that this process did not see is found by itself: a read asks every endpoint once, a write finds out where
// its id belongs by GET first, and what was found is remembered.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import {
  AffinityError,
  attemptsOf,
  ConfigurationError,
  LoadBalancedOpenAI,
  memoryStore,
  type SharedStore,
} from '../../src/index.ts';
import { manualClock, type Script, type Step } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { openStage, type Stage, type StageOptions } from '../support/stage.ts';

type Name = 'a' | 'b' | 'c';

/** Of each server: file-x-1, file-x-2, vs_x-3, thread_x-4, batch_x-5, asst_x-6, resp_x-7. */
const objects = { files: 2, vector_stores: 1, threads: 1, batches: 1, assistants: 1, responses: 1 };
const server = { objects };

const three = (options: StageOptions = {}, scripts: Partial<Record<Name, Script>> = {}) =>
  openStage<Name>(
    {
      a: { script: scripts.a ?? [], server },
      b: { script: scripts.b ?? [], server },
      c: { script: scripts.c ?? [], server },
    },
    { strategy: 'round-robin', ...options },
  );
const routesAt = (stage: Stage, name: Name) =>
  stage.servers[name]!.requests.map(({ method, route }) => `${method} ${route}`);
const calls = (stage: Stage) => Object.values(stage.servers).map((each) => each.calls);
const writes = (stage: Stage) =>
  Object.values(stage.servers).flatMap(({ requests }) => requests.filter(({ method }) => method !== 'GET'));
const bound = (store: SharedStore): SharedStore => ({
  get: (key) => store.get(key),
  set: (key, value, ttl) => store.set(key, value, ttl),
  add: (key, n, ttl) => store.add(key, n, ttl),
  publish: (channel, message) => store.publish(channel, message),
  subscribe: (channel, listener) => store.subscribe(channel, listener),
});
const steps = (step: Step) => (typeof step === 'number' ? { status: step } : { step: step as 'html' });
const WELL = { failures: 0, cooldowns: [], excluded: null };

describe('a read', () => {
  it('finds the id with one GET at each endpoint, and remembers who has it', async () => {
    await using stage = await three();
    const file = await stage.client.files.retrieve('file-b-1');
    expect(file.id).toBe('file-b-1');
    expect(calls(stage)).toEqual([1, 1, 1]);
    const attempts = attemptsOf(file);
    expect(attempts.map(({ endpoint }) => endpoint).sort()).toEqual(['a', 'b', 'c']);
    expect(attempts.at(-1)).toMatchObject({ endpoint: 'b', verdict: 'ok', beside: 'lookup' });
    await stage.client.files.retrieve('file-b-1');
    await stage.client.files.delete('file-b-1');
    expect(calls(stage)).toEqual([1, 3, 1]);
    expect(stage.events.of('affinity-missed')).toEqual([]);
    expect(stage.events.of('call-start')).toHaveLength(3);
  });

  it.each<[what: string, read: (client: OpenAI) => PromiseLike<unknown>]>([
    ['a batch', (client) => client.batches.retrieve('batch_b-5')],
    ['what a response was made of', (client) => client.responses.inputItems.list('resp_b-7')],
    ['a file’s bytes', async (client) => (await client.files.content('file-b-2')).text()],
    ['a vector store’s files', (client) => client.vectorStores.files.list('vs_b-3')],
    ['a thread’s messages', (client) => client.beta.threads.messages.list('thread_b-4')],
    ['the bare response', async (client) => (await client.files.retrieve('file-b-1').asResponse()).json()],
    ['both', async (client) => (await client.files.retrieve('file-b-1').withResponse()).data],
    ['a raw path', (client) => client.get('/files/file-b-1')],
  ])('finds %s, and goes straight there the second time', async (_, read) => {
    await using stage = await three();
    const first = await read(stage.client);
    expect(calls(stage)).toEqual([1, 1, 1]);
    expect(JSON.stringify(await read(stage.client))).toBe(JSON.stringify(first));
    expect(calls(stage)).toEqual([1, 2, 1]);
  });

  it('of a pool that is used as a fetch', async () => {
    await using stage = await three();
    const { fetch } = stage.client.balancer;
    const url = 'https://api.openai.com/v1/files/file-c-1';
    expect(await (await fetch(url)).json()).toMatchObject({ id: 'file-c-1' });
    expect(await (await fetch(url)).json()).toMatchObject({ id: 'file-c-1' });
    expect(calls(stage)).toEqual([1, 1, 2]);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200);
    expect(calls(stage)).toEqual([1, 1, 3]);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch('https://api.openai.com/v1/files/file-b-2', { method: 'DELETE' })).status).toBe(200);
    expect(calls(stage)).toEqual([2, 3, 5]);
    expect((await fetch('https://api.openai.com/v1/files/file-x')).status).toBe(404);
    expect(calls(stage)).toEqual([3, 4, 6]);
  });

  it('after a restart every id is found where it was made', async () => {
    await using stage = await three({ affinity: { spread: true } });
    const ids: string[] = [];
    for (let round = 0; round < 6; round++)
      ids.push((await stage.client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' })).id);
    const fresh = new LoadBalancedOpenAI(stage.options);
    for (const id of ids) expect((await fresh.files.retrieve(id)).id).toBe(id);
    for (const id of ids) expect((await fresh.files.delete(id)).deleted).toBe(true);
    expect(writes(stage)).toHaveLength(12);
    await fresh.close();
  });

  it('nobody has it: the SDK’s NotFoundError, and no endpoint is blamed', async () => {
    await using stage = await three();
    const error = await failure(stage.client.files.retrieve('file-x'));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(calls(stage)).toEqual([1, 1, 1]);
    expect(attemptsOf(error).map(({ verdict }) => verdict)).toEqual(['not-found', 'not-found', 'not-found']);
    for (const name of ['a', 'b', 'c'] as const) expect(stage.state(name)).toMatchObject(WELL);
  });

  it.each<[what: string, read: (client: OpenAI) => PromiseLike<unknown>, answer: Step]>([
    ['an object', (client) => client.files.retrieve('file-c-1'), { status: 200, body: { message: 'welcome' } }],
    ['an object', (client) => client.files.retrieve('file-c-1'), 'html'],
    ['bytes', async (client) => (await client.files.content('file-c-1')).text(), 'html'],
    ['a raw response', async (client) => (await client.files.retrieve('file-c-1').asResponse()).json(), 'html'],
  ])('of %s is not led astray by a server that has an answer to everything', async (_, read, answer) => {
    await using stage = await three({}, { a: { repeat: [answer] }, c: { repeat: [{ step: 'ok', delay: 50 }] } });
    const right = await read(stage.client.balancer.pin('c'));
    const fresh = new LoadBalancedOpenAI(stage.options);
    expect(JSON.stringify(await read(fresh))).toBe(JSON.stringify(right));
    expect((await fresh.files.delete('file-c-1')).deleted).toBe(true);
    expect(stage.state('a')).toMatchObject(WELL);
    await fresh.close();
  });

  it.each<[what: string, step: Step]>([
    ['wants other credentials for such paths', 401],
    ['fails at them', 500],
    ['is said to be overloaded by them', 503],
    ['has HTML for them', 'html'],
  ])('keeps nobody out of other calls who %s', async (_, step) => {
    await using stage = await three({ maxRetries: 0 }, { b: [{ ...steps(step), times: 8 }] });
    for (let count = 0; count < 8; count += 1) await failure(stage.client.files.retrieve('file-x'));
    expect(stage.state('b').failures).toBe(0);
    const ask = () => stage.client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    await Promise.all([ask(), ask(), ask()]);
    expect(calls(stage)).toEqual([9, 9, 9]);
  });

  it('one endpoint is down: its failure is told, since nobody knows; what others have is found', async () => {
    await using stage = await three({ maxRetries: 0 });
    await stage.servers.c.refuse();
    const error = await failure(stage.client.files.retrieve('file-x'));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
    expect((await stage.client.files.retrieve('file-b-1')).id).toBe('file-b-1');
  });

  it('awaited late, and cut on its way then: it is asked for again', async () => {
    const slow = { step: 'ok', delay: 300 } as const;
    await using stage = await three({ maxAttempts: 2 }, { a: [slow], b: ['cut-body', 'ok'], c: [slow] });
    const promise = stage.client.files.retrieve('file-b-1');
    await stage.servers.b.until((each) => each.calls === 1);
    await vi.waitFor(() => expect(stage.state('a').inFlight).toBe(0));
    expect((await promise).id).toBe('file-b-1');
  });

  it('cut on its way: it is asked for again where it was found, and nowhere else', async () => {
    await using stage = await three({}, { b: ['cut-body', 'ok'] });
    expect((await stage.client.files.retrieve('file-b-1')).id).toBe('file-b-1');
    expect(calls(stage)).toEqual([1, 2, 1]);
  });
});

describe('a write', () => {
  it('finds the owner of the id in its path by GET, and goes there', async () => {
    await using stage = await three();
    const gone = await stage.client.files.delete('file-c-1');
    expect(gone.deleted).toBe(true);
    expect(routesAt(stage, 'a')).toEqual(['GET /files/file-c-1']);
    expect(routesAt(stage, 'c')).toEqual(['GET /files/file-c-1', 'DELETE /files/file-c-1']);
    // All that it took is told, and seen.
    expect(attemptsOf(gone).map(({ beside }) => beside)).toEqual(['lookup', 'lookup', 'lookup', undefined]);
    expect(attemptsOf(gone).at(-1)).toMatchObject({ endpoint: 'c', verdict: 'ok' });
    expect(stage.events.of('attempt-start').filter(({ beside }) => beside === 'lookup')).toHaveLength(3);
  });

  it('finds ids in its body, and remembers them', async () => {
    await using stage = await three();
    const batch = () =>
      stage.client.batches.create({ input_file_id: 'file-b-1', endpoint: '/v1/responses', completion_window: '24h' });
    const first = await batch();
    expect(first.id).toMatch(/^batch_b/);
    await batch();
    expect(routesAt(stage, 'b')).toEqual(['GET /files/file-b-1', 'POST /batches', 'POST /batches']);
    expect(calls(stage)).toEqual([1, 3, 1]);
  });

  it('asks for a thread, not for each thing in it; shows what the API wants to hear', async () => {
    await using stage = await three();
    const { runs } = stage.client.beta.threads;
    await failure(runs.cancel('run_b-9', { thread_id: 'thread_b-4' }));
    expect(routesAt(stage, 'a')).toEqual(['GET /threads/thread_b-4']);
    expect(routesAt(stage, 'b')).toEqual(['GET /threads/thread_b-4', 'POST /threads/thread_b-4/runs/run_b-9/cancel']);
    await stage.client.responses.create({
      model: 'gpt-5',
      input: 'x',
      tools: [{ type: 'file_search', vector_store_ids: ['vs_c-3'] }],
    });
    const asked = stage.servers.a.requests.at(-1);
    expect(asked).toMatchObject({ method: 'GET', route: '/vector_stores/vs_c-3' });
    expect(asked?.headers['openai-beta']).toBe('assistants=v2');
    expect(routesAt(stage, 'c').at(-1)).toBe('POST /responses');
  });

  it('several ids of one endpoint: each is found; of two endpoints: nothing but GETs was sent', async () => {
    await using stage = await three();
    await stage.client.vectorStores.create({ file_ids: ['file-b-1', 'file-b-2'] });
    expect(writes(stage).map(({ route }) => route)).toEqual(['/vector_stores']);
    const error = await failure(stage.client.vectorStores.create({ file_ids: ['file-a-1', 'file-c-2'] }));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error.message).toBe(
      "The ids in this call belong to different endpoints: 'file-a-1' to 'a', 'file-c-2' to 'c'. One call cannot use both: make all of them on one endpoint, with a client pinned to it.",
    );
    expect(writes(stage)).toHaveLength(1);
  });

  it('nobody has the id: it goes home, where the API says so', async () => {
    await using stage = await three();
    const error = await failure(stage.client.files.delete('file-x'));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(routesAt(stage, 'a')).toEqual(['GET /files/file-x', 'DELETE /files/file-x']);
    expect(calls(stage)).toEqual([2, 1, 1]);
    expect(stage.events.of('affinity-missed')).toMatchObject([{ id: 'file-x' }]);
    const { callId } = stage.events.of('affinity-missed')[0]!;
    expect(stage.events.of('call-end').at(-1)).toMatchObject({ callId, ok: false });
  });

  it.each<[what: string, script: Script, failing: object]>([
    ['500', 500, { status: 500 }],
    ['429', { status: 429, retryAfterMs: 60_000 }, { status: 429 }],
    ['a reset', 'reset', { name: 'Error' }],
  ])('an endpoint answers a lookup with %s: that is the error, and nothing was written', async (_, step, failing) => {
    await using stage = await three({ maxRetries: 0 }, { c: { repeat: [step as never] } });
    const error = await failure(stage.client.files.delete('file-x'));
    expect(error).toMatchObject(failing);
    expect(writes(stage)).toEqual([]);
    expect(attemptsOf(error).map(({ beside }) => beside)).toContain('lookup');
    // What others have is found all the same.
    expect((await stage.client.files.delete('file-b-1')).deleted).toBe(true);
  });

  it('waits and asks again like any call', async () => {
    await using stage = await three({}, { c: [503, 'ok'] });
    expect((await stage.client.files.delete('file-c-1')).deleted).toBe(true);
    expect(routesAt(stage, 'c')).toEqual(['GET /files/file-c-1', 'GET /files/file-c-1', 'DELETE /files/file-c-1']);
    expect(calls(stage)).toEqual([1, 1, 3]);
  });

  it('fifty at once with one unknown id cost one GET at each endpoint', async () => {
    await using stage = await three();
    const made = await Promise.all(
      Array.from({ length: 50 }, () =>
        stage.client.batches.create({
          input_file_id: 'file-b-1',
          endpoint: '/v1/responses',
          completion_window: '24h',
        }),
      ),
    );
    expect(made.every(({ id }) => id.startsWith('batch_b'))).toBe(true);
    expect(calls(stage)).toEqual([1, 51, 1]);
  });

  it('asks the store before the endpoints, and once', async () => {
    const kept = memoryStore();
    let asked = 0;
    const store: SharedStore = {
      ...bound(kept),
      get(key) {
        // Other facts are looked up as well, in the background.
        if (key.startsWith('lbo:1:id:')) asked += 1;
        return kept.get(key);
      },
    };
    await using stage = await three({ store });
    await stage.client.files.delete('file-c-1');
    expect([asked, calls(stage)]).toEqual([1, [1, 1, 2]]);
    await stage.client.files.retrieve('file-b-1');
    const fresh = new LoadBalancedOpenAI(stage.options);
    asked = 0;
    await fresh.files.delete('file-b-1');
    expect([asked, calls(stage)]).toEqual([1, [2, 3, 3]]);
    await fresh.close();
  });

  it('is not led astray by a server that has an answer to everything', async () => {
    const anything: Step = { status: 200, body: { object: 'list', data: [], has_more: false } };
    await using stage = await three({}, { a: { repeat: [anything] }, c: [{ step: 'ok', delay: 50 }] });
    expect((await stage.client.files.delete('file-c-1')).deleted).toBe(true);
    expect(writes(stage)).toHaveLength(1);
    expect(stage.state('a')).toMatchObject(WELL);
  });

  it('under a path of a vendor’s own that names no object is led nowhere, and nobody is asked for it', async () => {
    await using stage = await three({ maxRetries: 0 });
    const send = () => stage.client.post('/embeddings/multimodal', { body: { model: 'm', input: [] } });
    await Promise.all([failure(send()), failure(send()), failure(send())]);
    expect(Object.values(stage.servers).flatMap(({ requests }) => requests.map(({ method }) => method))).not.toContain(
      'GET',
    );
    expect(stage.events.of('affinity-missed')).toEqual([]);
  });

  it.each([405, 501])('where nobody shows such objects (%i), it goes home', async (status) => {
    await using stage = await three({}, { a: [status, 'ok'], b: [status], c: [status] });
    expect((await stage.client.files.delete('file-a-1')).deleted).toBe(true);
    expect(stage.events.of('affinity-missed')).toHaveLength(1);
  });

  it('takes a client by an unknown id', async () => {
    await using stage = await three();
    const taken = await stage.client.balancer.take({ id: 'resp_c-7' });
    expect(taken.endpoint).toBe('c');
    taken.release();
    expect(writes(stage)).toEqual([]);
  });
});

describe('who waits for a lookup', () => {
  it('may leave without ending it for the others; when all have left, it ends', async () => {
    await using stage = await three({}, { c: 'black-hole' });
    const aborts = [new AbortController(), new AbortController()];
    const lost = aborts.map(({ signal }) => failure(stage.client.files.delete('file-c-1', { signal })));
    await stage.servers.c.until((each) => each.calls === 1);
    aborts[0]!.abort();
    expect(await lost[0]).toBeInstanceOf(OpenAI.APIUserAbortError);
    const inFlight = () => stage.client.balancer.snapshot().endpoints.map((each) => each.inFlight);
    await vi.waitFor(() => expect(inFlight()).toEqual([0, 0, 1]));
    aborts[1]!.abort();
    expect(await lost[1]).toBeInstanceOf(OpenAI.APIUserAbortError);
    await vi.waitFor(() => expect(inFlight()).toEqual([0, 0, 0]));
    expect(calls(stage)).toEqual([1, 1, 1]);
    expect(writes(stage)).toEqual([]);
  });

  it('has its own time, and no more', async () => {
    const clock = manualClock();
    await using stage = await three({ clock }, { c: 'black-hole' });
    const short = failure(stage.client.files.delete('file-x', { timeout: 5_000 }));
    const long = failure(stage.client.files.delete('file-x', { timeout: 20_000 }));
    await stage.servers.c.until((each) => each.calls === 1);
    await clock.advance(5_000);
    expect(await short).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await clock.advance(15_000);
    expect(await long).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(writes(stage)).toEqual([]);
    expect(stage.servers.c.calls).toBe(1);
  });

  it('sends its own credentials along, and shares with nobody then', async () => {
    await using stage = await three();
    const headers = { 'x-project': 'mine', authorization: `Bearer ${stage.keys.a}` };
    await Promise.all([
      failure(stage.client.files.delete('file-x', { headers })),
      failure(stage.client.files.delete('file-x', { headers })),
    ]);
    const reads = stage.servers.a.requests.filter(({ method }) => method === 'GET');
    expect(reads).toHaveLength(2);
    expect(reads.every((each) => each.headers['x-project'] === 'mine')).toBe(true);
  });
});

describe('who is asked', () => {
  it('not those that are drained, that are used for other things, or that lack the tags', async () => {
    await using stage = await openStage<'a' | 'b' | 'c' | 'd' | 'e'>(
      {
        a: { script: [], server, tags: ['eu'] },
        b: { script: [], server, tags: ['eu'] },
        c: { script: [], server, tags: ['eu'], operations: ['chat'] },
        d: { script: [], server },
        e: { script: [], server, tags: ['eu'] },
      },
      { strategy: 'round-robin' },
    );
    await stage.client.balancer.drain('e');
    const eu = stage.client.balancer.with({ tags: ['eu'] });
    expect(await failure(eu.files.retrieve('file-d-1'))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(calls(stage)).toEqual([1, 1, 0, 0, 0]);
    expect(await failure(eu.files.delete('file-d-1'))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(calls(stage)).toEqual([3, 2, 0, 0, 0]);
    expect((await stage.client.files.retrieve('file-d-1')).id).toBe('file-d-1');
    expect(calls(stage)).toEqual([4, 3, 0, 1, 0]);
  });

  it('nobody where one endpoint alone can take the call: it goes there', async () => {
    await using one = await openStage({ a: [] }, {});
    await failure(one.client.files.delete('file-x'));
    expect(one.servers.a.requests.map(({ method }) => method)).toEqual(['DELETE']);
    expect(one.events.of('affinity-missed')).toHaveLength(1);
    await using two = await openStage({ a: { script: [], operations: ['chat'] }, b: [] }, {});
    await failure(two.client.files.retrieve('file-x'));
    expect([two.servers.a.calls, two.servers.b.calls]).toEqual([0, 1]);
  });

  it('the pinned one alone', async () => {
    await using stage = await three();
    await failure(stage.client.balancer.pin('b').files.retrieve('file-c-1'));
    await failure(stage.client.balancer.pin('b').files.delete('file-c-1'));
    expect(calls(stage)).toEqual([0, 2, 0]);
  });

  it('home alone for the account’s administration: other keys would be refused, and their endpoints left out', async () => {
    await using stage = await three();
    const path = '/fine_tuning/checkpoints/ft:gpt-5:x/permissions';
    const asked = [
      stage.client.get('/organization/users/user-1'),
      stage.client.get(path),
      stage.client.delete(`${path}/cp_1`),
    ];
    await Promise.allSettled(asked);
    expect(calls(stage)).toEqual([3, 0, 0]);
  });

  it('nobody by a chat call', async () => {
    await using stage = await three();
    await stage.client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] });
    expect(calls(stage)).toEqual([1, 0, 0]);
  });
});

describe('bad input says who, and what to do', () => {
  it('a pin that names nobody', async () => {
    await using stage = await three();
    const wrong = () => stage.client.balancer.pin('bb');
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow("There is no endpoint 'bb': known are a, b, c.");
  });

  it('a pin whose endpoint has left', async () => {
    await using stage = await three();
    const pinned = stage.client.balancer.pin('c');
    await stage.client.balancer.drain('c');
    const error = await failure(pinned.files.retrieve('file-c-1'));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error.message).toBe(
      "The endpoint 'c' this call is pinned to is drained. Pin it to one that takes calls ('a', 'b'), or make it without a pin.",
    );
  });

  it('tags that nobody has', async () => {
    await using stage = await openStage({ a: { script: [], tags: ['eu'] }, b: [] }, {});
    const wrong = () => stage.client.balancer.with({ tags: ['ue'] });
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(/names a tag that no endpoint has.*known are eu/);
  });

  it('an id of an endpoint that has left', async () => {
    await using stage = await three();
    await stage.client.files.retrieve('file-c-1');
    await stage.client.balancer.drain('c');
    const error = await failure(stage.client.files.delete('file-c-1'));
    expect(error).toBeInstanceOf(AffinityError);
    expect(error.message).toBe(
      "The id 'file-c-1' belongs to endpoint 'c', which is drained. To go on, make what the id stands for anew on another endpoint ('a', 'b').",
    );
    expect(writes(stage)).toEqual([]);
  });
});
