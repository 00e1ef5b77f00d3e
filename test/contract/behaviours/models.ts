// Model maps and the kinds of endpoints: OpenAI-compatible, Azure with key or token, a client that was brought along.
import { expect } from 'vitest';
import { ANSWER, ASK, type Bench, behaviour, MANY, POOLS, SDK_AND_POOLS } from '../support/bench.ts';
import { apiError } from '../support/wire.ts';

const CHAT = '/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21';
const sound = (bench: Bench) => bench.sdk.toFile(Buffer.from('RIFF....'), 'speech.wav', { type: 'audio/wav' });

/** Model maps and endpoint types. */
export const models = [
  behaviour('a model map renames the model on its endpoint only', MANY, async (bench) => {
    const client = bench.client({}, (i) => (i === 0 ? { modelMap: { 'gpt-5': 'vendor/gpt-5' } } : {}));
    for (let n = 0; n < bench.upstreams.length; n++) await client.chat.completions.create(ASK);
    const names = Object.fromEntries(bench.seen.map(({ name, json }) => [name, json.model]));
    expect(names).toMatchObject({ e1: 'vendor/gpt-5', e2: 'gpt-5' });
    expect(bench.seen[0]?.json.messages).toEqual(ASK.messages);
  }),

  behaviour('a model map follows the call on failover: each endpoint gets its own name', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('once') });
    const client = bench.client({}, (i) => ({ modelMap: { 'gpt-*': `e${i + 1}/gpt-$1` } }));
    await client.chat.completions.create(ASK);
    for (const { name, json } of bench.seen) expect(json.model).toBe(`${name}/gpt-5`);
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('a model map may set and omit fields of the body', POOLS, async (bench) => {
    const rule = { model: 'mapped', body: { temperature: 0 }, omit: ['user'] };
    const body = { ...ASK, user: 'u' };
    await bench.client({}, () => ({ modelMap: { 'gpt-5': rule } })).chat.completions.create(body);
    expect(bench.seen[0]?.json).toEqual({ ...ASK, model: 'mapped', temperature: 0 });
    expect(body).toEqual({ ...ASK, user: 'u' });
  }),

  behaviour('a model map reaches streams, responses, embeddings and multipart fields', POOLS, async (bench) => {
    const client = bench.client({}, () => ({ modelMap: { '*': 'mapped' } }));
    for await (const _ of await client.chat.completions.create({ ...ASK, stream: true }));
    await client.responses.create({ model: 'gpt-5', input: 'x' });
    await client.embeddings.create({ model: 'embed', input: 'x' });
    expect(bench.seen.map(({ json }) => json.model)).toEqual(['mapped', 'mapped', 'mapped']);
    const text = await client.audio.transcriptions.create({ model: 'whisper-1', file: await sound(bench) });
    expect(text).toMatchObject({ received: { model: 'mapped' } });
  }),

  behaviour(
    'Azure with a key: api-key header, api-version, the deployment in the path',
    SDK_AND_POOLS,
    async (bench) => {
      const answer = await bench.azure().chat.completions.create(ASK);
      expect(answer.choices[0]?.message.content).toBe(ANSWER);
      const [request] = bench.seen;
      expect(request?.url).toBe(CHAT);
      expect(request?.headers['api-key']).toBe(bench.key(request?.upstream ?? 0));
      expect(request?.headers.authorization).toBeUndefined();
    },
  ),

  behaviour('Azure with azureADTokenProvider: a bearer token, asked for per request', SDK_AND_POOLS, async (bench) => {
    let asked = 0;
    const client = bench.azure({}, () => ({ apiKey: undefined, azureADTokenProvider: async () => `token-${++asked}` }));
    await client.chat.completions.create(ASK);
    await client.chat.completions.create(ASK);
    expect(bench.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(bench.seen[0]?.headers['api-key']).toBeUndefined();
  }),

  behaviour('Azure failover: every endpoint gets its own deployment path', MANY, async (bench) => {
    bench.failFirst({ status: 404, json: apiError('no deployment', { code: 'DeploymentNotFound' }) });
    const client = bench.azure({}, (i) => ({ modelMap: { 'gpt-5': `deploy-${i + 1}` } }));
    await client.chat.completions.create(ASK);
    expect(bench.seen.map(({ name, path }) => [name, path])).toEqual([
      ['e1', '/openai/deployments/deploy-1/chat/completions'],
      ['e2', '/openai/deployments/deploy-2/chat/completions'],
    ]);
  }),

  behaviour('Azure: paths without a deployment keep the model in the body, mapped', POOLS, async (bench) => {
    await bench.azure({}, () => ({ modelMap: { 'gpt-5': 'deploy' } })).responses.create({ model: 'gpt-5', input: 'x' });
    expect(bench.seen[0]).toMatchObject({ path: '/openai/responses', json: { model: 'deploy' } });
  }),

  behaviour('transcription over Azure: the mapped model in the path and in the form', SDK_AND_POOLS, async (bench) => {
    const client = bench.azure({}, () => (bench.poolSize === 'sdk' ? {} : { modelMap: { 'whisper-1': 'my-whisper' } }));
    const text = await client.audio.transcriptions.create({ model: 'whisper-1', file: await sound(bench) });
    const model = bench.poolSize === 'sdk' ? 'whisper-1' : 'my-whisper';
    expect(bench.seen[0]?.path).toBe(`/openai/deployments/${model}/audio/transcriptions`);
    expect(text).toMatchObject({ text: ANSWER, received: { model, file: { name: 'speech.wav', bytes: 8 } } });
  }),

  behaviour('modelMaps maps for every endpoint of a type, an own entry wins', POOLS, async (bench) => {
    const own = (i: number) => (i === 0 ? { modelMap: { 'gpt-5': 'own' } } : {});
    const client = bench.azure({ modelMaps: { azure: { 'gpt-5': 'shared' } } }, own);
    for (let n = 0; n < bench.upstreams.length; n++) await client.chat.completions.create(ASK);
    const paths = bench.seen.map(({ path }) => path.split('/')[3]);
    expect(paths).toEqual(['own', 'shared', 'shared'].slice(0, bench.upstreams.length));
  }),

  behaviour('a brought OpenAI client is used as it is', POOLS, async (bench) => {
    const client = bench.client({}, (i) => ({
      client: new bench.sdk.OpenAI({
        apiKey: bench.key(i),
        baseURL: bench.upstreams[i]?.url,
        defaultHeaders: { 'x-brought': `e${i + 1}` },
      }),
    }));
    for (let n = 0; n < bench.upstreams.length; n++) await client.chat.completions.create(ASK);
    for (const { name, headers } of bench.seen) expect(headers['x-brought']).toBe(name);
    expect(new Set(bench.seen.map(({ name }) => name)).size).toBe(bench.upstreams.length);
  }),

  behaviour('a brought AzureOpenAI client is used as it is, also with changed options', POOLS, async (bench) => {
    const client = bench.client({}, (i) => ({
      client: new bench.sdk.AzureOpenAI({
        apiKey: bench.key(i),
        endpoint: bench.upstreams[i]?.origin,
        apiVersion: '2024-10-21',
      }),
      modelMap: { 'gpt-5': 'brought' },
    }));
    await client.chat.completions.create(ASK);
    await client.withOptions({ maxRetries: 0 }).chat.completions.create(ASK);
    for (const { url } of bench.seen) expect(url).toBe(CHAT.replace('gpt-5', 'brought'));
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('a brought client may be of another subclass, its own overrides work', POOLS, async (bench) => {
    class Signed extends bench.sdk.OpenAI {
      protected override async prepareRequest(request: RequestInit): Promise<void> {
        (request.headers as Headers).set('x-signed', 'yes');
      }
    }
    const own = (i: number) => ({ client: new Signed({ apiKey: bench.key(i), baseURL: bench.upstreams[i]?.url }) });
    await bench.client({}, own).chat.completions.create(ASK);
    expect(bench.seen[0]?.headers['x-signed']).toBe('yes');
  }),

  behaviour('OpenAI and Azure in one pool: failover from one kind to the other', MANY, async (bench) => {
    bench.failFirst({ status: 429, json: apiError('busy') });
    const azure = (i: number) => ({
      type: 'azure',
      endpoint: bench.upstreams[i]?.origin,
      apiVersion: '2024-10-21',
      apiKey: bench.key(i),
    });
    const client = bench.client({}, (i) => (i === 0 ? azure(i) : {}));
    await client.chat.completions.create(ASK);
    expect(bench.seen.map(({ url }) => url)).toEqual([CHAT, '/v1/chat/completions']);
    expect(bench.seen[1]?.headers['api-key']).toBeUndefined();
  }),
];
