// Groups: public model names, each with who serves it.
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

type Error404 = { error: { code: string; message: string } };

async function pair(groups: object, more: object = {}) {
  const a = await faultServer({ name: 'a', models: ['m-a'] });
  const b = await faultServer({ name: 'b', models: ['m-b', 'm-b2'] });
  const running = await gatewayWith({ endpoints: [endpointOf(a), endpointOf(b)], groups, ...more });
  const ask = async (model: string) => {
    const response = await running.get('/v1/chat/completions', chat(model));
    const body = (await response.json()) as { model?: string } & Partial<Error404>;
    return { status: response.status, endpoint: response.headers.get('x-endpoint'), model: body.model, body };
  };
  const close = async () => {
    await running[Symbol.asyncDispose]();
    await Promise.all([a.close(), b.close()]);
  };
  return { a, b, ask, running, [Symbol.asyncDispose]: close };
}

const MEMBERS = [
  { endpoint: 'a', model: 'm-a' },
  { endpoint: 'b', model: 'm-b' },
];

describe('a group', () => {
  it('spreads its calls by its own strategy, each endpoint under its own name of the model', async () => {
    await using all = await pair({
      even: { endpoints: MEMBERS },
      first: { strategy: 'priority', endpoints: [...MEMBERS].reverse() },
    });
    const even = [];
    for (let call = 0; call < 4; call++) even.push((await all.ask('even')).model);
    expect(even.sort()).toEqual(['m-a', 'm-a', 'm-b', 'm-b']);
    for (let call = 0; call < 3; call++) expect((await all.ask('first')).endpoint).toBe('b');
  });

  it('may hold one endpoint with several models', async () => {
    await using all = await pair({
      both: {
        endpoints: [
          { endpoint: 'b', model: 'm-b' },
          { endpoint: 'b', model: 'm-b2' },
        ],
      },
    });
    const served = [await all.ask('both'), await all.ask('both')];
    expect(served.map(({ model }) => model).sort()).toEqual(['m-b', 'm-b2']);
    expect(served.map(({ endpoint }) => endpoint)).toEqual(['b', 'b']);
    expect((await all.ask('both$2')).model).toBe('m-b2');
  });

  it('is pinned by place and by name, and no further than it goes', async () => {
    await using all = await pair({ even: { endpoints: MEMBERS } });
    for (const [model, endpoint] of [
      ['even$1', 'a'],
      ['even$2', 'b'],
      ['even$a', 'a'],
      ['even$b', 'b'],
    ] as const)
      expect((await all.ask(model)).endpoint).toBe(endpoint);
    for (const model of ['even$0', 'even$3', 'even$9', 'even$-1', 'even$c', 'even$', 'even$1$1', '$1', 'nope$1']) {
      const { status, body } = await all.ask(model);
      expect([model, status, body.error?.code]).toEqual([model, 404, 'model_not_found']);
    }
    all.a.script(503);
    // A pinned call goes nowhere else.
    expect(await all.ask('even$1')).toMatchObject({ status: 503, endpoint: 'a' });
  });

  it("hands over to another group when nobody of its own can serve, by that one's strategy", async () => {
    await using all = await pair({
      main: { endpoints: [MEMBERS[0]], fallback: ['spare'], maxRetries: 0 },
      spare: {
        strategy: 'priority',
        endpoints: [
          { endpoint: 'b', model: 'm-b2' },
          { endpoint: 'b', model: 'm-b' },
        ],
      },
    });
    expect((await all.ask('main')).model).toBe('m-a');
    await all.a.refuse();
    const response = await all.running.get('/v1/chat/completions', chat('main'));
    expect(response.status).toBe(200);
    expect(((await response.json()) as { model: string }).model).toBe('m-b2');
    expect(response.headers.get('x-endpoint')).toBe('b');
    expect(response.headers.get('x-fallback')).toBe('spare');
  });

  it('leaves out endpoints without a key, and says so', async () => {
    const a = await faultServer({ name: 'a', models: ['m-a'] });
    await using gateway = await gatewayWith({
      endpoints: [
        endpointOf(a),
        { name: 'b', apiKey: '', baseURL: 'http://127.0.0.1:9/v1' },
        { name: 'c', apiKeyEnv: 'NOBODY_SETS_THIS', baseURL: 'http://127.0.0.1:9/v1' },
      ],
      groups: {
        all: { endpoints: [{ endpoint: 'c' }, { endpoint: 'b' }, MEMBERS[0]] },
        none: { endpoints: [{ endpoint: 'b' }] },
      },
    });
    for (let call = 0; call < 3; call++)
      expect((await gateway.get('/v1/chat/completions', chat('all'))).status).toBe(200);
    expect((await gateway.get('/v1/chat/completions', chat('all$2'))).status).toBe(404);
    expect((await gateway.get('/v1/chat/completions', chat('none'))).status).toBe(503);
    await a.close();
  });

  it('shares the state of its endpoints with the other groups', async () => {
    await using all = await pair({
      one: { strategy: 'priority', endpoints: MEMBERS },
      two: { strategy: 'priority', endpoints: [MEMBERS[0], { endpoint: 'b', model: 'm-b2' }] },
    });
    all.a.script(401);
    expect((await all.ask('one')).endpoint).toBe('b');
    // What one group met, the other one does not have to meet.
    expect((await all.ask('two')).endpoint).toBe('b');
    expect(all.a.calls).toBe(1);
  });
});

describe('public names', () => {
  it('are the groups and the models named by endpoints; nothing else is known', async () => {
    await using all = await pair({ even: { endpoints: MEMBERS } });
    const client = all.running.client();
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['even']);
    expect((await client.models.retrieve('even')).owned_by).toBe('load-balanced-openai');
    await expect(client.models.retrieve('m-a')).rejects.toMatchObject({ status: 404 });
    for (const model of ['m-a', 'gpt-5', '../x', 'a\nb', 'x'.repeat(100_000), '__proto__', 'constructor'])
      expect((await all.ask(model)).status).toBe(404);
    expect(all.a.calls + all.b.calls).toBe(0);
  });

  it('may hold a slash, as the names of routing vendors do', async () => {
    await using all = await pair({ 'vendor/big': { endpoints: MEMBERS } });
    expect((await all.running.client().models.retrieve('vendor/big')).id).toBe('vendor/big');
    expect((await all.ask('vendor/big$1')).endpoint).toBe('a');
  });

  it('come from the endpoints where the configuration names none', async () => {
    await using a = await faultServer({ name: 'a', models: ['m-a', 'x'] });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    expect((await gateway.client().models.list()).data.map(({ id }) => id).sort()).toEqual(['m-a', 'x']);
    expect((await gateway.client().models.retrieve('x')).id).toBe('x');
  });

  it('may be patterns of endpoints beside the groups', async () => {
    await using a = await faultServer({ name: 'a', models: ['vendor/big'] });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a, { modelMap: { 'my-*': 'vendor/$1' }, models: ['my-*', 'exact'] })],
      groups: { g: { endpoints: [{ endpoint: 'a', model: 'vendor/big' }] } },
    });
    expect((await gateway.get('/v1/chat/completions', chat('my-big'))).status).toBe(200);
    expect(a.requests.at(-1)?.model).toBe('vendor/big');
    expect((await gateway.get('/v1/chat/completions', chat('vendor/big'))).status).toBe(404);
    expect((await gateway.client().models.list()).data.map(({ id }) => id)).toEqual(['g', 'exact']);
  });
});
