// The live figures, the log, the usage and the test call of the admin API.
import { describe, expect, it } from 'vitest';
import { faultServer, manualClock } from '../../../src/testing/index.ts';
import { ask, issuesIn } from '../../support/admin.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

describe('GET /admin/live', () => {
  it('tells calls by second, with who served them, and what is new since', async () => {
    const clock = manualClock();
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a), endpointOf(b)] }, { clock });
    const live = async (after: number) => (await ask(gateway, 'GET', `/admin/live?after=${after}`)).body;
    const stream = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
    await stream.text();
    await gateway.get('/v1/chat/completions', chat('gpt-5')).then((reply) => reply.text());
    await gateway.get('/v1/chat/completions', chat('x'.repeat(300))).then((reply) => reply.text());
    expect((await live(0)).seconds).toEqual([]);
    await clock.advance(1_000);
    const first = await live(0);
    expect(first).toMatchObject({ running: 0, waiting: 0, store: { is: 'well' }, version: '0.1.0' });
    expect(first.endpoints.map(({ name, source }: { name: string; source: string }) => [name, source])).toEqual([
      ['a', 'file'],
      ['b', 'file'],
    ]);
    expect(first.seconds).toHaveLength(1);
    expect(first.seconds[0]).toMatchObject({ calls: 3, failed: 0, callerErrors: 1, byEndpoint: { a: 1, b: 1 } });
    expect(first.seconds[0].ttft.p50).toBeGreaterThan(0);
    await clock.advance(2_000);
    const rest = await live(first.seconds[0].t);
    expect(rest.seconds.map(({ calls }: { calls: number }) => calls)).toEqual([0, 0]);
    expect(rest.now - first.now).toBe(2_000);
  });
});

describe('GET /admin/log and /admin/usage', () => {
  it('tell what was called, by whom, and what it used', async () => {
    await using a = await faultServer({ name: 'a', script: ['ok', 400, 'ok'] });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { g: { endpoints: [{ endpoint: 'a', model: 'm' }] } },
      clientKeys: [{ name: 'app', key: 'k1' }],
    });
    const call = chat('g');
    const keyed = { ...call, headers: { ...(call.headers as object), authorization: 'Bearer k1' } };
    for (let calls = 0; calls < 3; calls++)
      await gateway.get('/v1/chat/completions', keyed).then((reply) => reply.text());
    const page = async (query: string) => (await ask(gateway, 'GET', `/admin/log${query}`)).body;
    const all = await page('');
    expect(all.calls.map(({ status }: { status: number }) => status)).toEqual([200, 400, 200]);
    expect(all.calls[0]).toMatchObject({ model: 'g', key: 'app', endpoint: 'a', path: '/v1/chat/completions' });
    const first = await page('?limit=2');
    expect(first.calls).toEqual(all.calls.slice(0, 2));
    expect((await page(`?limit=2&before=${first.next}`)).calls).toEqual(all.calls.slice(2));
    expect((await page('?status=failed')).calls).toEqual([all.calls[1]]);
    expect((await page('?status=400&key=app&model=g&endpoint=a')).calls).toEqual([all.calls[1]]);
    expect((await page('?key=%27%20OR%201%3D1--')).calls).toEqual([]);
    expect((await ask(gateway, 'GET', '/admin/usage?by=key,model')).body.usage).toEqual([
      {
        key: 'app',
        model: 'g',
        calls: 3,
        failed: 0,
        callerErrors: 1,
        tokensIn: 16,
        tokensOut: 8,
        cachedIn: 0,
        cost: 0,
      },
    ]);
  });
});

describe('POST /admin/test', () => {
  it('makes a real, small call where calls of clients go, and tells how it went', async () => {
    await using a = await faultServer({ name: 'a', script: [500] });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({
      strategy: 'priority',
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: { g: { endpoints: [{ endpoint: 'a' }, { endpoint: 'b', model: 'real' }] } },
    });
    const { status, body } = await ask(gateway, 'POST', '/admin/test', { model: 'g' });
    expect([status, body.ok, body.status, body.endpoint]).toEqual([200, true, 200, 'b']);
    expect(
      body.attempts.map(({ endpoint, status: got }: { endpoint: string; status: number }) => [endpoint, got]),
    ).toEqual([
      ['a', 500],
      ['b', 200],
    ]);
    expect(body.decisions[0]).toMatchObject({ eligible: ['a', 'b'], picked: 'a' });
    expect(body.ms).toBeGreaterThanOrEqual(0);
    // It stands in the log as what it was, and in no figure of what clients used.
    const [logged, ...others] = (await ask(gateway, 'GET', '/admin/log')).body.calls;
    expect(logged).toMatchObject({ test: true, model: 'g', endpoint: 'b', status: 200, path: '/v1/chat/completions' });
    expect([logged.attempts, logged.decisions, others]).toEqual([body.attempts, body.decisions, []]);
    expect(logged.tokens).toMatchObject({ input: 10, output: 4 });
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({ message: 'test call POST /v1/chat/completions 200', endpoint: 'b', attempts: 2 }),
    );
    expect((await ask(gateway, 'GET', '/admin/usage?by=model')).body.usage).toEqual([]);
    expect(await (await gateway.get('/stats')).json()).toMatchObject({ calls: { calls: 0, ok: 0, failed: 0 } });
    expect(b.requests[0]?.body).toEqual({
      model: 'real',
      messages: [{ role: 'user', content: 'Say OK.' }],
      max_completion_tokens: 16,
    });
    // A pinned one alone.
    expect((await ask(gateway, 'POST', '/admin/test', { model: 'g$b' })).body).toMatchObject({
      ok: true,
      endpoint: 'b',
    });
  });

  it('tells what the endpoint said, without its key', async () => {
    await using a = await faultServer({ name: 'a', script: { status: 404, message: 'No model m for sk-upstream-a' } });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { g: { endpoints: [{ endpoint: 'a', model: 'm' }] } },
    });
    const { status, body, text } = await ask(gateway, 'POST', '/admin/test', { model: 'g' });
    expect([status, body.ok, body.status]).toEqual([200, false, 404]);
    expect(body.error).toMatch(/No model m/);
    expect(text).not.toContain('sk-upstream-a');
  });

  it('tells an unknown model as clients are told', async () => {
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
      groups: { g: { endpoints: [{ endpoint: 'a' }] } },
    });
    const { status, body } = await ask(gateway, 'POST', '/admin/test', { model: 'gg' });
    expect([status, body.ok, body.status, body.endpoint, body.attempts]).toEqual([200, false, 404, null, []]);
    expect(body.error).toMatch(/does not exist/);
  });

  it.each([
    [{ model: 'g', litellm_params: { api_base: 'http://evil.com', command: 'id' } }],
    [{ model: 'g', api_base: 'http://evil.com' }],
    [{ model: 'g', base_url: 'http://evil.com', api_key: 'x' }],
    [{ model: 'g', endpoint: 'https://evil.com' }],
    [{ model: 'g', command: ['sh', '-c', 'id'] }],
    [{ model: 'g', transport: 'stdio', args: [] }],
    [{ model: { name: 'g' } }],
    [{ model: ['g'] }],
    [{ model: '' }],
    [{ model: 'g'.repeat(257) }],
    [{}],
    [[]],
    ['g'],
  ])('asks nobody for %j (CVE-2026-42271): of what is sent, the name of a model counts', async (wish) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { g: { endpoints: [{ endpoint: 'a' }] } },
    });
    const refused = await ask(gateway, 'POST', '/admin/test', wish);
    expect(refused.status).toBe(422);
    expect(issuesIn(refused).length).toBeGreaterThan(0);
    expect(a.calls).toBe(0);
  });
});

describe('POST /admin/reload', () => {
  it('takes the file as it is now, or says what is wrong with it and goes on', async () => {
    await using a = await faultServer({ name: 'a' });
    let value: object = { endpoints: [endpointOf(a)] };
    await using gateway = await gatewayWith({}, { find: () => ({ source: 'test', value }) });
    value = { endpoints: [endpointOf(a)], groups: { g: { endpoints: [{ endpoint: 'a' }] } } };
    expect((await ask(gateway, 'POST', '/admin/reload', {})).body).toEqual({
      ...{ endpoints: 1, groups: 1, clientKeys: 0, warnings: [] },
    });
    value = { endpoints: [endpointOf(a)], groups: { g: { endpoints: [{ endpoint: 'b' }] } } };
    const refused = await ask(gateway, 'POST', '/admin/reload');
    expect([refused.status, refused.body.error.code]).toEqual([422, 'invalid_configuration']);
    expect(issuesIn(refused)).toEqual([
      expect.stringMatching(/^groups\.g\.endpoints\[0\]\.endpoint: names no endpoint/),
    ]);
    expect((await gateway.get('/v1/chat/completions', chat('g'))).status).toBe(200);
    expect((await ask(gateway, 'POST', '/admin/reload', { config: '/etc/passwd' })).status).toBe(422);
  });
});
