// The promise: with `pinnedModels` a model may name its endpoint, by position or by name; the call goes there, under the
// endpoint's own name of the model, and nowhere else. Without it, a `$` is part of the model's name.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { AffinityError, attemptsOf, ConfigurationError, type LoadBalancedOpenAI } from '../../src/index.ts';
import type { MultipartBody } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const open = () =>
  openStage(
    {
      a: [],
      'azure-eu': { script: [], type: 'azure', modelMap: { '*': 'my-$1' }, tags: ['eu'] },
      c: { script: [], modelMap: { 'gpt-5': 'vendor/gpt-5' } },
    },
    { pinnedModels: true },
  );
const audio = () => toFile(Buffer.from('RIFFxxxx'), 'a.wav');

describe('model$position and model$name', () => {
  it('pin the endpoint, which gets its own name for the model', async () => {
    await using stage = await open();
    const { client, servers } = stage;
    for (const [model, endpoint, sent] of [
      ['gpt-5$1', 'a', 'gpt-5'],
      ['gpt-5$2', 'azure-eu', 'my-gpt-5'],
      ['gpt-5$azure-eu', 'azure-eu', 'my-gpt-5'],
      ['gpt-5$3', 'c', 'vendor/gpt-5'],
      ['o3$c', 'c', 'o3'],
      ['gpt-5', 'a', 'gpt-5'],
    ] as const) {
      const answer = await chat(client, { model });
      expect(servedBy(answer)).toBe(endpoint);
      expect(attemptsOf(answer)).toMatchObject([{ endpoint, model: sent }]);
      expect(servers[endpoint].requests.at(-1)?.model).toBe(sent);
    }
  });

  it.each<[string, (client: LoadBalancedOpenAI, model: string) => Promise<unknown>]>([
    ['a stream', async (client, model) => read(await chatStream(client, { model }))],
    ['responses', (client, model) => client.responses.create({ model, input: 'hi' })],
    ['embeddings', (client, model) => client.embeddings.create({ model, input: 'hi' })],
    ['images', (client, model) => client.images.generate({ model, prompt: 'hi' })],
    ['speech', (client, model) => client.audio.speech.create({ model, input: 'hi', voice: 'alloy' })],
    ['completions', (client, model) => client.completions.create({ model, prompt: 'hi' })],
    ['moderations', (client, model) => client.moderations.create({ model, input: 'hi' })],
    ['a raw call', (client, model) => client.post('/chat/completions', { body: { model, messages: [] } })],
  ])('%s', async (_, call) => {
    await using stage = await open();
    await call(stage.client, 'gpt-5$c');
    expect(stage.servers.c.requests.map(({ model }) => model)).toEqual(['vendor/gpt-5']);
    expect(stage.servers.a.calls + stage.servers['azure-eu'].calls).toBe(0);
  });

  it('a form, the file of which may be a stream', async () => {
    await using stage = await open();
    const folder = mkdtempSync(join(tmpdir(), 'lbo-'));
    const path = join(folder, 'a.wav');
    writeFileSync(path, 'RIFFxxxx');
    for (const file of [await audio(), createReadStream(path)])
      await stage.client.audio.transcriptions.create({ file, model: 'gpt-5$3' });
    rmSync(folder, { recursive: true });
    for (const { body } of stage.servers.c.requests) {
      const { fields, files } = body as MultipartBody;
      expect([fields.model, files.map(({ size }) => size)]).toEqual(['vendor/gpt-5', [8]]);
    }
    expect(stage.servers.c.calls).toBe(2);
  });

  it('leave what the caller wrote alone, and never fail over', async () => {
    await using stage = await open();
    stage.servers.c.script([503, 503, 503]);
    const body = Object.freeze({ model: 'gpt-5$c', messages: [] });
    const error = await failure(stage.client.chat.completions.create(body, { maxRetries: 0 }));
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['c']);
    expect(body.model).toBe('gpt-5$c');
  });

  it('count for take as well', async () => {
    await using stage = await open();
    using taken = await stage.client.balancer.take({ model: 'gpt-5$azure-eu' });
    expect([taken.endpoint, taken.model]).toEqual(['azure-eu', 'my-gpt-5']);
  });

  it('and fetch', async () => {
    await using stage = await open();
    const { balancer } = stage.client;
    const response = await balancer.fetch('https://api.openai.com/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5$3', messages: [] }),
    });
    expect(response.status).toBe(200);
    expect(stage.servers.c.requests.map(({ model }) => model)).toEqual(['vendor/gpt-5']);
  });
});

describe('what cannot be meant', () => {
  it.each([
    ['gpt-5$4', "The model 'gpt-5$4' pins an endpoint '4' that does not exist: known are 1 (a), 2 (azure-eu), 3 (c)."],
    ['gpt-5$0', "pins an endpoint '0' that does not exist"],
    ['gpt-5$azure', "pins an endpoint 'azure' that does not exist"],
    ['gpt-5$', "The model 'gpt-5$' names no endpoint after the $: known are 1 (a)"],
    ['$2', "The model '$2' pins an endpoint but names no model."],
  ])('%s', async (model, message) => {
    await using stage = await open();
    const error = await failure(chat(stage.client, { model }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(message);
    expect(Object.values(stage.servers).map(({ calls }) => calls)).toEqual([0, 0, 0]);
  });

  it('two pins that differ, ids of another endpoint, tags that it lacks: each is named before anything is sent', async () => {
    await using stage = await open();
    const { client, servers } = stage;
    const { id } = await client.responses.create({ model: 'gpt-5', input: 'hi' });
    const twice = await failure(chat(client.balancer.pin('a'), { model: 'gpt-5$3' }));
    expect(twice).toBeInstanceOf(AffinityError);
    expect(twice.message).toBe("The model 'gpt-5$c' pins the endpoint 'c', but the call is pinned to 'a' already.");
    expect(servedBy(await chat(client.balancer.pin('c'), { model: 'gpt-5$3' }))).toBe('c');
    const foreign = await failure(client.responses.create({ model: 'gpt-5$3', input: 'hi', previous_response_id: id }));
    expect(foreign).toBeInstanceOf(AffinityError);
    expect(foreign.message).toContain(`'${id}' belongs to endpoint 'a', but the call is pinned to 'c'`);
    const lacking = await failure(chat(client.balancer.with({ tags: ['eu'] }), { model: 'gpt-5$3' }));
    expect(lacking.message).toContain("c has no tag 'eu' (tags)");
    expect([servers.a.calls, servers.c.calls]).toEqual([1, 1]);
  });

  it('a drained one', async () => {
    await using stage = await open();
    await stage.client.balancer.drain('c');
    expect((await failure(chat(stage.client, { model: 'gpt-5$3' }))).message).toContain('is drained');
  });
});

it('without the option, a $ is part of the name', async () => {
  await using stage = await openStage({ a: [], b: { script: [], modelMap: { 'gpt-5$1': 'own' } } });
  await chat(stage.client, { model: 'gpt-5$2' });
  await chat(stage.client.balancer.pin('b'), { model: 'gpt-5$1' });
  expect(stage.servers.a.requests.map(({ model }) => model)).toEqual(['gpt-5$2']);
  expect(stage.servers.b.requests.map(({ model }) => model)).toEqual(['own']);
});
