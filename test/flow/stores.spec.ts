// The promise: with a store, ids outlive a restart and are known to every process that has the same one; and a store that fails
// costs no call.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APIConnectionTimeoutError, APIUserAbortError } from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { fileStore } from '../../examples/file-store.ts';
import { AffinityError, attemptsOf, LoadBalancedOpenAI, memoryStore, type SharedStore } from '../../src/index.ts';
import { manualClock, recordEvents } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'stores-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A client over the stage's endpoints that shares nothing with the stage's own but the store: another process, but for the memory. */
const another = (stage: Stage, options: object = {}) =>
  new LoadBalancedOpenAI({ ...stage.options, shareState: false, ...options });
const calls = ({ servers }: Pick<Stage, 'servers'>) => Object.values(servers).map((server) => server.calls);
const file = () => new File(['{"line":1}'], 'data.jsonl');
const rr = { strategy: 'round-robin' } as const;
const servedBy = (result: unknown) => attemptsOf(result).map(({ endpoint }) => endpoint);

/** A store that does something else now and then, and counts what it is asked about ids. */
const isId = (key: string) => key.startsWith('lbo:1:id:');
function watched(inner: SharedStore, broken: { get?: () => unknown; set?: () => unknown } = {}) {
  const asked = { get: 0, set: 0 };
  const store: SharedStore = {
    ...inner,
    get(key) {
      if (isId(key)) asked.get += 1;
      return (broken.get ? broken.get() : inner.get(key)) as never;
    },
    set(key, value, ttl) {
      if (isId(key)) asked.set += 1;
      return (broken.set ? broken.set() : inner.set(key, value, ttl)) as never;
    },
  };
  return { store, asked, broken };
}

it('a slow store keeps no call from ending when its caller gives it up, or its time is over', async () => {
  const { store } = watched(memoryStore(), { get: () => new Promise(() => undefined) });
  await using stage = await openStage({ a: [], b: [] }, { ...rr, store, maxRetries: 0 });
  const begun = performance.now();
  expect(await failure(stage.client.files.delete('file-x', { timeout: 20 }))).toBeInstanceOf(APIConnectionTimeoutError);
  const signal = AbortSignal.timeout(20);
  expect(await failure(stage.client.files.delete('file-y', { signal }))).toBeInstanceOf(APIUserAbortError);
  expect(performance.now() - begun).toBeLessThan(200);
  expect(calls(stage)).toEqual([0, 0]);
});

describe('two clients at once over one store', () => {
  it('what one makes, the other one finds, without asking around', async () => {
    const store = memoryStore();
    await using stage = await openStage({ a: [], b: [], c: [] }, { ...rr, store, affinity: { spread: true } });
    await using other = another(stage);
    for (let round = 0; round < 6; round++) {
      const { id } = await stage.client.files.create({ file: file(), purpose: 'batch' });
      const owner = id[5] as string;
      const found = await other.files.retrieve(id);
      expect([found.id, servedBy(found)]).toEqual([id, [owner]]);
      const batch = await other.batches.create({
        input_file_id: id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
      expect(servedBy(batch)).toEqual([owner]);
      expect(servedBy(await stage.client.batches.cancel(batch.id))).toEqual([owner]);
      await other.files.delete(id);
    }
    // The upload, its reading, its batch, that one's cancelling, its deletion: nobody was asked for anything else.
    expect(calls(stage)).toEqual([10, 10, 10]);
  });

  it('also what is learnt from a list, and from a stream that is left after its first event', async () => {
    const store = memoryStore();
    const objects = { script: [], server: { objects: { files: 3 } } };
    await using stage = await openStage({ a: [], b: objects }, { ...rr, store });
    await using other = another(stage);
    for await (const { id } of stage.client.balancer.pin('b').files.list()) {
      const found = await other.files.retrieve(id);
      expect([found.id, servedBy(found)]).toEqual([id, ['b']]);
    }
    for (let round = 0; round < 4; round++) {
      const stream = await stage.client.responses.create({ model: 'gpt-5', input: 'hi', stream: true });
      let id = '';
      for await (const event of stream) {
        if (event.type !== 'response.created') continue;
        id = event.response.id;
        break;
      }
      expect(servedBy(await other.responses.retrieve(id))).toEqual([id.slice(5, 6)]);
    }
  });

  it('what a clone of one makes as well; an endpoint that the other calls otherwise is looked up', async () => {
    const store = memoryStore();
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store });
    const clone = stage.client.withOptions({ timeout: 5_000 }).balancer.pin('b');
    const { id } = await clone.files.create({ file: file(), purpose: 'batch' });
    await using same = another(stage);
    expect(servedBy(await same.files.retrieve(id))).toEqual(['b']);
    const renamed = (stage.options.endpoints ?? []).map((endpoint) => ({ ...endpoint, name: `my-${endpoint.name}` }));
    await using other = another(stage, { endpoints: renamed });
    const found = await other.files.retrieve(id);
    expect([found.id, servedBy(found).sort()]).toEqual([id, ['my-a', 'my-b']]);
  });
});

describe('what only the store knows', () => {
  it('binds like what this process knows: two owners in one call are an AffinityError, and nothing is sent', async () => {
    const store = memoryStore();
    await using stage = await openStage({ a: [], b: [], c: [] }, { ...rr, store });
    await using other = another(stage);
    const ids: string[] = [];
    for (const name of ['a', 'b'])
      ids.push((await stage.client.balancer.pin(name).files.create({ file: file(), purpose: 'batch' })).id);
    const before = calls(stage);
    const error = await failure(other.vectorStores.create({ file_ids: ids }));
    expect(error).toBeInstanceOf(AffinityError);
    for (const text of [...ids, "'a'", "'b'"]) expect(error.message).toContain(text);
    expect(calls(stage)).toEqual(before);
  });

  it('leads to nobody else when its owner is drained', async () => {
    const store = memoryStore();
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store });
    await using other = another(stage);
    const { id } = await stage.client.balancer.pin('b').files.create({ file: file(), purpose: 'batch' });
    await other.balancer.drain('b');
    const before = calls(stage);
    const error = await failure(other.files.retrieve(id));
    expect([error instanceof AffinityError, error.message]).toEqual([
      true,
      expect.stringContaining("'b', which is drained"),
    ]);
    expect(calls(stage)).toEqual(before);
  });

  it('is found for a call through the fetch of the pool as well', async () => {
    const store = memoryStore();
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store });
    await using other = another(stage);
    const base = stage.servers.a.url;
    const sent = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":"gpt-5","input":"hi"}',
    };
    const { id } = (await (await stage.client.balancer.fetch(`${base}/responses`, sent)).json()) as { id: string };
    const before = calls(stage);
    const reply = await other.balancer.fetch(`${base}/responses/${id}`);
    expect([reply.status, ((await reply.json()) as { id: string }).id]).toEqual([200, id]);
    const owner = id.slice(5, 6) === 'a' ? 0 : 1;
    expect(calls(stage).map((count, index) => count - before[index]!)).toEqual([1 - owner, owner]);
  });
});

describe('a restart', () => {
  it('the file has neither ids nor keys nor prompts', async () => {
    const path = join(folder, 'secrets');
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store: fileStore(path) });
    const made = await stage.client.responses.create({ model: 'gpt-5', input: 'the prompt of it' });
    const { id } = await stage.client.files.create({ file: file(), purpose: 'batch' });
    await stage.client.close();
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n').length).toBeGreaterThan(2);
    for (const secret of [made.id, id, made.output[0]?.id ?? '-', 'prompt', ...Object.values(stage.keys)])
      expect(text).not.toContain(secret);
  });
});

describe('a call without ids', () => {
  it('neither asks the store nor tells it anything', async () => {
    const { store, asked } = watched(memoryStore());
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store });
    for (let i = 0; i < 5; i++) {
      await stage.client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] });
      await stage.client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' });
    }
    expect(asked).toEqual({ get: 0, set: 0 });
  });

  it('of whose reply an id is learnt does not wait for the store', async () => {
    const { store, asked } = watched(memoryStore(), { set: () => new Promise(() => undefined) });
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store });
    const { id } = await stage.client.responses.create({ model: 'gpt-5', input: 'hi' });
    expect(servedBy(await stage.client.responses.retrieve(id))).toHaveLength(1);
    expect(asked.get).toBe(0);
    expect(asked.set).toBeGreaterThan(0);
    // Now closing gives up after 2 s.
    const from = performance.now();
    await stage.client.close();
    expect(performance.now() - from).toBeLessThan(6_000);
  });
});

describe('a store that fails', () => {
  const never = () => new Promise(() => undefined);
  it.each<[string, () => unknown, reason: RegExp | undefined]>([
    [
      'throws',
      () => {
        throw new Error('gone');
      },
      /^read: gone$/,
    ],
    ['rejects', () => Promise.reject(new Error('gone')), /^read: gone$/],
    ['hangs', never, /^read: no answer within 50 ms$/],
    ['answers with objects', () => ({ owner: 'a' }), /object/],
    ['names endpoints nobody has', () => 'nobody', undefined],
    ['answers with endless texts', async () => 'x'.repeat(100_000), /100000 letters/],
  ])('%s: every call is served, unknown ids are looked up, and it is not waited for twice', async (_, get, reason) => {
    await using stage = await openStage({ a: [], b: [], c: [] }, { ...rr });
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c'])
      ids.push((await stage.client.balancer.pin(name).files.create({ file: file(), purpose: 'batch' })).id);
    const { store, asked } = watched(memoryStore(), { get });
    await using other = another(stage, { store });
    const events = recordEvents(other);
    for (const id of ids) expect((await other.files.retrieve(id)).id).toBe(id);
    const { id } = await other.balancer.pin('c').responses.create({ model: 'gpt-5', input: 'hi' });
    expect(servedBy(await other.responses.retrieve(id))).toEqual(['c']);
    const wanted = reason ? [{ reason: expect.stringMatching(reason) }] : [];
    expect(events.of('store-degraded')).toMatchObject(wanted);
    // After its first failure it is left alone for 2 s; that may have been in the background.
    if (reason) expect(asked.get).toBeLessThanOrEqual(1);
    else expect(asked.get).toBe(3);
  });

  it('is found to work again, and gets what it missed', async () => {
    const clock = manualClock();
    const inner = memoryStore();
    const { store, broken } = watched(inner, {
      set: () => {
        throw new Error('full');
      },
    });
    await using stage = await openStage({ a: [], b: [] }, { ...rr, store, clock });
    const { id } = await stage.client.balancer.pin('b').files.create({ file: file(), purpose: 'batch' });
    expect((await stage.events.until('store-degraded')).reason).toBe('write: full');
    await clock.advance(60_000);
    expect(stage.events.of('store-degraded')).toHaveLength(1);
    delete broken.set;
    await clock.advance(5_000);
    expect(stage.events.of('store-recovered')).toMatchObject([{ lost: 0 }]);
    await using other = another(stage, { store: inner });
    await stage.client.close();
    expect(servedBy(await other.files.retrieve(id))).toEqual(['b']);
  });
});

it('close() writes what is not written yet, and leaves the store to its owner', async () => {
  const inner = memoryStore();
  const { store } = watched(inner, {});
  const slow: SharedStore = {
    ...store,
    set: async (key, value, ttl) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await store.set(key, value, ttl);
    },
  };
  await using stage = await openStage({ a: [], b: [] }, { ...rr, store: slow });
  const { id } = await stage.client.balancer.pin('b').files.create({ file: file(), purpose: 'batch' });
  await stage.client.close();
  await using other = another(stage, { store: slow });
  expect(servedBy(await other.files.retrieve(id))).toEqual(['b']);
  await slow.set('mine', 'x', 1_000);
  expect(await slow.get('mine')).toBe('x');
});
