// The promise: one call, written once, is served by OpenAI, Azure or any compatible vendor: each gets its own name for the
// model, in the JSON body, in a form, or in the path, and is asked only for what it serves.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI, NoEndpointAvailableError } from '../../src/index.ts';
import { faultServer, type MultipartBody } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const azure = { type: 'azure' } as const;
const audio = () => toFile(Buffer.from('RIFFxxxx'), 'a.wav');

describe('model maps', () => {
  it('JSON body: each endpoint’s own name, the caller’s body untouched', async () => {
    await using stage = await openStage({
      a: {
        script: [503, 503],
        modelMap: { 'gpt-5': 'vendor/gpt-5-large' },
        server: { models: ['vendor/gpt-5-large'] },
      },
      b: { script: [], modelMap: { 'gpt-*': 'openai/gpt-$1' }, server: { models: ['openai/gpt-5'] } },
    });
    const body = Object.freeze({ model: 'gpt-5', messages: Object.freeze([{ role: 'user' as const, content: 'hi' }]) });
    const answer = await stage.client.chat.completions.create(body as never as { model: string; messages: [] });
    expect(stage.servers.a.requests.map(({ body }) => body)).toEqual([{ ...body, model: 'vendor/gpt-5-large' }]);
    expect(stage.servers.b.requests.map(({ body }) => body)).toEqual([{ ...body, model: 'openai/gpt-5' }]);
    expect(attemptsOf(answer).map(({ model }) => model)).toEqual(['vendor/gpt-5-large', 'openai/gpt-5']);
    // Replies are not rewritten.
    expect(answer.model).toBe('openai/gpt-5');
    expect((await read(await chatStream(stage.client))).chunks[0]?.model).toBe('openai/gpt-5');
  });

  it('exact before prefix, the longer prefix before the shorter, * last; unmapped names pass through', async () => {
    const modelMap = { 'gpt-5': 'exact', 'gpt-5*': 'long$1', 'gpt-*': 'short-$1', '*': 'any/$1' };
    await using stage = await openStage({
      a: { script: [], modelMap, server: { models: ['exact', 'long-mini', 'short-4o', 'any/x'] } },
      b: [],
    });
    for (const model of ['gpt-5', 'gpt-5-mini', 'gpt-4o', 'x'])
      expect(servedBy(await chat(stage.client, { model }))).toBe('a');
    expect(stage.servers.a.requests.map(({ model }) => model)).toEqual(['exact', 'long-mini', 'short-4o', 'any/x']);
    await chat(stage.client.balancer.pin('b'), { model: 'gpt-5-mini' });
    expect(stage.servers.b.requests.map(({ model }) => model)).toEqual(['gpt-5-mini']);
  });

  it('{ model, body, omit }: fields set and left out on that endpoint alone', async () => {
    const modelMap = {
      'gpt-5': { model: 'own', body: { provider: { order: ['x'] }, temperature: 0 }, omit: ['service_tier'] },
    };
    await using stage = await openStage({ a: { script: [503], modelMap, server: { models: ['own'] } }, b: [] });
    await chat(stage.client, { temperature: 1, service_tier: 'flex', seed: 7 });
    expect(stage.servers.a.requests[0]?.body).toMatchObject({
      model: 'own',
      provider: { order: ['x'] },
      temperature: 0,
      seed: 7,
    });
    expect(stage.servers.a.requests[0]?.body).not.toHaveProperty('service_tier');
    expect(stage.servers.b.requests[0]?.body).toMatchObject({
      model: 'gpt-5',
      temperature: 1,
      service_tier: 'flex',
      seed: 7,
    });
    expect(stage.servers.b.requests[0]?.body).not.toHaveProperty('provider');
  });

  it('a form: the model field, the file as it is, on every attempt', async () => {
    await using stage = await openStage({
      a: { script: [503], modelMap: { whisper: 'whisper-large-v3' } },
      b: { script: [], modelMap: { whisper: 'whisper-1' }, server: { models: ['whisper-1'] } },
    });
    const { text } = await stage.client.audio.transcriptions.create({
      file: await audio(),
      model: 'whisper',
      language: 'de',
    });
    expect(text).toContain('b');
    const bodies = [stage.servers.a, stage.servers.b].map(({ requests }) => requests[0]!.body as MultipartBody);
    for (const { fields, files } of bodies) {
      expect(fields.language).toBe('de');
      expect(files).toMatchObject([{ field: 'file', filename: 'a.wav', size: 8 }]);
    }
    expect(bodies.map(({ fields }) => fields.model)).toEqual(['whisper-large-v3', 'whisper-1']);
  });

  it('a form whose file is a stream: whole on every attempt', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lbo-upload-'));
    try {
      const path = join(folder, 'speech.wav');
      writeFileSync(path, Buffer.alloc(200_000, 7));
      await using stage = await openStage({
        a: { script: ['reset'], modelMap: { w: 'one' } },
        b: { script: [], modelMap: { w: 'two' }, server: { models: ['two'] } },
      });
      await stage.client.audio.transcriptions.create({ file: createReadStream(path), model: 'w' });
      const body = stage.servers.b.requests[0]?.body as MultipartBody;
      expect(body.files).toMatchObject([{ filename: 'speech.wav', size: 200_000 }]);
      expect(body.fields.model).toBe('two');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('Azure beside OpenAI', () => {
  it('the deployment stands in the path, the key in api-key, the version in the query', async () => {
    await using stage = await openStage({
      azure: { ...azure, script: [], modelMap: { 'gpt-5': 'prod-gpt5' }, server: { models: ['prod-gpt5'] } },
      openai: [],
    });
    const answer = await chat(stage.client);
    expect(servedBy(answer)).toBe('azure');
    const [request] = stage.servers.azure.requests;
    expect(request?.path).toBe('/openai/deployments/prod-gpt5/chat/completions');
    expect(request?.query).toEqual({ 'api-version': '2024-10-21' });
    expect(request?.headers['api-key']).toBe(stage.keys.azure);
    expect(request?.headers.authorization).toBeUndefined();
    expect(attemptsOf(answer)).toMatchObject([{ endpoint: 'azure', model: 'prod-gpt5' }]);
  });

  it('failover in both directions, for plain calls, streams, embeddings and forms', async () => {
    await using stage = await openStage({
      openai: 503,
      azure: {
        ...azure,
        script: [],
        modelMap: { 'gpt-5': 'chat', emb: 'vectors', w: 'speech' },
        server: { models: ['chat', 'vectors', 'speech'] },
      },
    });
    const { client, servers } = stage;
    expect(servedBy(await chat(client))).toBe('azure');
    expect((await read(await chatStream(client))).text).toBe('Hello from azure.');
    await client.embeddings.create({ model: 'emb', input: 'x' });
    await client.audio.transcriptions.create({ model: 'w', file: await audio() });
    const paths = ['chat', 'chat', 'vectors', 'speech'].map((name) =>
      expect.stringContaining(`/openai/deployments/${name}/`),
    );
    expect(servers.azure.requests.map(({ path }) => path)).toEqual(paths);
    expect(servers.openai.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
      '/v1/embeddings',
      '/v1/audio/transcriptions',
    ]);
    servers.openai.script([]);
    servers.azure.script(503);
    expect(servedBy(await chat(client.withOptions({ maxRetries: 3 }), { model: 'gpt-5-mini' }))).toBe('openai');
  });

  it('modelMaps: one map for all Azure endpoints; an endpoint’s own entry wins', async () => {
    await using stage = await openStage(
      {
        a: { ...azure, script: 503, modelMap: { 'gpt-5': 'a-own' } },
        b: { ...azure, script: 503 },
        openai: [],
      },
      { modelMaps: { azure: { 'gpt-5': 'gpt5', 'gpt-4': 'gpt4' } } },
    );
    const answer = await chat(stage.client);
    expect(attemptsOf(answer).map(({ endpoint, model }) => [endpoint, model])).toEqual([
      ['a', 'a-own'],
      ['b', 'gpt5'],
      ['openai', 'gpt-5'],
    ]);
    expect(stage.servers.a.requests[0]?.path).toContain('/deployments/a-own/');
    expect(stage.servers.b.requests[0]?.path).toContain('/deployments/gpt5/');
  });

  it('a token provider is asked for each attempt; what it throws is that endpoint’s affair', async () => {
    await using server = await faultServer({ name: 'azure' });
    await using other = await faultServer({ name: 'openai' });
    let asked = 0;
    const client = new LoadBalancedOpenAI(
      [
        {
          ...azure,
          name: 'azure',
          endpoint: server.origin,
          apiVersion: '2024-10-21',
          azureADTokenProvider: async () => {
            asked += 1;
            if (asked === 3) throw new Error('no token');
            return `token-${asked}`;
          },
        },
        { name: 'openai', baseURL: other.url, apiKey: 'k' },
      ],
      { strategy: 'priority', logLevel: 'off' },
    );
    for (const expected of ['azure', 'azure', 'openai']) expect(servedBy(await chat(client))).toBe(expected);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(client.balancer.snapshot().endpoints[0]).toMatchObject({
      breaker: 'closed',
      failures: 0,
      excluded: 'cooling down (no credential)',
    });
    await client.close();
  });

  it('a 401 with a key that is a function: one more try on the same endpoint with a fresh one', async () => {
    await using server = await faultServer({ name: 'a', script: [401, 'ok', 401, 401] });
    await using other = await faultServer({ name: 'b' });
    let asked = 0;
    const client = new LoadBalancedOpenAI(
      [
        { name: 'a', baseURL: server.url, apiKey: async () => `token-${++asked}` },
        { name: 'b', baseURL: other.url, apiKey: 'k' },
      ],
      { strategy: 'priority', logLevel: 'off' },
    );
    expect(attemptsOf(await chat(client)).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['a', 'credentials-refused'],
      ['a', 'ok'],
    ]);
    expect(server.requests.map(({ apiKey }) => apiKey)).toEqual(['token-1', 'token-2']);
    expect(attemptsOf(await chat(client)).map(({ endpoint }) => endpoint)).toEqual(['a', 'a', 'b']);
    expect(client.balancer.snapshot().endpoints[0]).toMatchObject({
      excluded: 'cooling down (401)',
      breaker: 'closed',
    });
    await client.close();
  });

  it('clients of one’s own: OpenAI and AzureOpenAI, with their own hooks, model map applied', async () => {
    await using server = await faultServer({ name: 'own', models: ['mapped'] });
    await using azureServer = await faultServer({ name: 'azure', models: ['deployed'], script: [503] });
    class Signed extends OpenAI {
      protected override async prepareRequest(request: RequestInit): Promise<void> {
        (request.headers as Headers).set('x-signed', 'yes');
      }
    }
    const client = new LoadBalancedOpenAI(
      [
        {
          client: new AzureOpenAI({ endpoint: azureServer.origin, apiVersion: '2024-10-21', apiKey: 'az' }),
          modelMap: { 'gpt-5': 'deployed' },
        },
        {
          client: new Signed({ baseURL: server.url, apiKey: 'own-key', maxRetries: 5 }),
          modelMap: { 'gpt-5': 'mapped' },
        },
      ],
      { strategy: 'priority', logLevel: 'off' },
    );
    const answer = await chat(client);
    expect(attemptsOf(answer).map(({ endpoint }) => endpoint)).toEqual(['azure-1', 'openai-1']);
    expect(azureServer.requests.map(({ path }) => path)).toEqual(['/openai/deployments/deployed/chat/completions']);
    expect(server.requests).toMatchObject([{ model: 'mapped', apiKey: 'own-key', headers: { 'x-signed': 'yes' } }]);
    // The pool retries, not the client: its own maxRetries is ignored.
    server.script(500);
    azureServer.script(500);
    await failure(chat(client, {}, { maxRetries: 0 }));
    expect(server.calls).toBe(2);
    await client.close();
  });
});

describe('models and operations limit what an endpoint is asked for', () => {
  it('models: exact names and prefix*, by the public name', async () => {
    await using stage = await openStage(
      {
        a: {
          script: [],
          models: ['gpt-5', 'o4*'],
          modelMap: { 'gpt-5': 'x', 'o4-mini': 'x' },
          server: { models: ['x'] },
        },
        b: { script: [], server: { models: ['gpt-5', 'gpt-5-mini', 'o4-mini', 'x'] } },
      },
      { strategy: 'priority' },
    );
    const servers: (string | undefined)[] = [];
    for (const model of ['gpt-5', 'o4-mini', 'gpt-5-mini', 'x'])
      servers.push(servedBy(await chat(stage.client, { model })));
    expect(servers).toEqual(['a', 'a', 'b', 'b']);
  });

  it('nobody serves it: NoEndpointAvailableError that says what to add, and nothing is sent', async () => {
    await using stage = await openStage({
      a: { script: [], models: ['gpt-4'] },
      b: { script: [], models: ['o*'], operations: ['chat'] },
    });
    const error = await failure(chat(stage.client));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({ status: 503, retryAfterMs: undefined });
    expect(error.message).toMatch(
      /'gpt-5'.*a has no model 'gpt-5' \(models\); b has no model 'gpt-5' \(models\).*Add 'gpt-5' to `models`/,
    );
    const other = await failure(stage.client.balancer.pin('b').embeddings.create({ model: 'o1', input: 'x' }));
    expect(other.message).toContain('b is not used for embeddings (operations)');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 0]);
  });

  it('operations: chat here, embeddings there', async () => {
    await using stage = await openStage(
      { a: { script: [], operations: ['chat'] }, b: { script: [], operations: ['embeddings', 'files'] } },
      { strategy: 'round-robin' },
    );
    await many(6, 1, () => chat(stage.client));
    await many(6, 1, () => stage.client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' }));
    await stage.client.files.list();
    expect(new Set(stage.servers.a.requests.map(({ route }) => route))).toEqual(new Set(['/chat/completions']));
    expect(new Set(stage.servers.b.requests.map(({ route }) => route))).toEqual(new Set(['/embeddings', '/files']));
  });

  it('a model that an endpoint turns out not to have: on to the next, and left out there for five minutes', async () => {
    await using stage = await openStage({
      a: { script: [], server: { models: ['gpt-4'] } },
      b: [],
      z: { ...azure, script: [], server: { models: ['other'] }, weight: 0 },
    });
    expect(attemptsOf(await chat(stage.client))).toMatchObject([
      { endpoint: 'a', verdict: 'model-missing', status: 404 },
      { endpoint: 'b' },
    ]);
    expect(stage.state('a').cooldowns).toMatchObject([{ model: 'gpt-5', reason: 'model not found' }]);
    expect(attemptsOf(await chat(stage.client)).map(({ endpoint }) => endpoint)).toEqual(['b']);
    expect(servedBy(await chat(stage.client, { model: 'gpt-4' }))).toBe('a');
    // An Azure deployment that does not exist says it in its own words.
    const error = await failure(chat(stage.client.balancer.pin('z')));
    expect(error).toMatchObject({ status: 404, code: 'DeploymentNotFound' });
    expect(attemptsOf(error)).toMatchObject([{ verdict: 'model-missing' }]);
  });

  it('nobody has the model: the server’s own 404, at once', async () => {
    const server = { models: ['gpt-5'] };
    await using stage = await openStage({ a: { script: [], server }, b: { script: [], server } });
    const error = await failure(chat(stage.client, { model: 'no-such' }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found' });
    expect(stage.events.of('call-waiting')).toEqual([]);
    // And again: asked once more, so that the error is the real one and not ours.
    expect(await failure(chat(stage.client, { model: 'no-such' }))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('an operation that an endpoint turns out not to have: on to the next', async () => {
    await using stage = await openStage({ a: { script: { status: 404, body: { detail: 'Not Found' } } }, b: [] });
    await stage.client.responses.create({ model: 'gpt-5', input: 'x' });
    expect(stage.state('a').cooldowns).toMatchObject([{ model: '(post responses)', reason: 'operation not found' }]);
    stage.servers.a.script([]);
    // Chat is another operation.
    expect(servedBy(await chat(stage.client))).toBe('a');
    await stage.client.responses.create({ model: 'gpt-5', input: 'x' });
    expect(stage.servers.a.requests.map(({ route }) => route)).toEqual(['/responses', '/chat/completions']);
  });
});
