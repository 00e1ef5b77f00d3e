// What a gateway says of itself, to people, to orchestrators and to Prometheus.
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

describe('the pages', () => {
  it('say what runs, in the words that tools look for', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: [500] });
    const configuration = {
      strategy: 'priority',
      endpoints: [
        endpointOf(b),
        endpointOf(a),
        { type: 'anthropic', apiKey: 'sk-ant-1', baseURL: 'http://127.0.0.1:9' },
      ],
    };
    await using gateway = await gatewayWith(configuration);
    await gateway.get('/v1/chat/completions', chat('gpt-5'));
    const json = async (path: string) => {
      const response = await gateway.get(path);
      return [response.status, await response.json()];
    };
    expect(await json('/')).toMatchObject([
      200,
      { status: 'running', load_balancer: { openai_keys: 2, anthropic_keys: 1 } },
    ]);
    expect(await json('/health')).toMatchObject([
      200,
      { status: 'healthy', load_balancer: { openai_keys_configured: 2, anthropic_keys_configured: 1 } },
    ]);
    expect(await json('/health/live')).toEqual([200, { status: 'live' }]);
    expect(await json('/health/ready')).toEqual([200, { status: 'ready' }]);
    expect(await json('/stats')).toMatchObject([
      200,
      {
        load_balancer_stats: {
          openai: { keys_count: 2, endpoints: [b.url, a.url] },
          anthropic: { keys_count: 1, endpoints: ['http://127.0.0.1:9/v1'] },
        },
        calls: { calls: 1, ok: 1, failed: 0, running: 0, failovers: 1 },
        endpoints: [{ name: 'b', failures: 1 }, { name: 'a', successes: 1 }, { name: 'anthropic-1' }],
      },
    ]);
    expect((await gateway.get('/nothing')).status).toBe(404);
    expect((await gateway.get('/health', { method: 'POST' })).status).toBe(405);
    for (const path of ['/', '/health', '/stats', '/metrics'])
      expect(await (await gateway.get(path)).text()).not.toMatch(/sk-upstream|sk-ant/);
  });

  it('count what callers got wrong apart from failures, all alike', async () => {
    const script = ['ok', 400, 500, 'ok'] as const;
    await using a = await faultServer({ name: 'a', script: [...script] });
    await using gateway = await gatewayWith({
      ...{ maxRetries: 0, endpoints: [endpointOf(a)], groups: { g: { endpoints: [{ endpoint: 'a' }] } } },
      clientKeys: [{ name: 'app', key: 'k1' }],
    });
    const call = (model: string, key = 'k1') => {
      const { headers, ...rest } = chat(model);
      return gateway.get('/v1/chat/completions', {
        ...{ ...rest, headers: { ...headers, authorization: `Bearer ${key}` } },
      });
    };
    for (const _ of script) await (await call('g')).text();
    await (await call('unknown')).text();
    await (await call('g', 'wrong')).text();
    const counts = { calls: 6, failed: 1, callerErrors: 3 };
    const { calls } = (await (await gateway.get('/stats')).json()) as { calls: object };
    expect(calls).toMatchObject({ ...counts, ok: 2 });
    expect(gateway.store.calls.usage({ by: [] })).toMatchObject([counts]);
    const text = await (await gateway.get('/metrics')).text();
    expect(text).toContain('load_balanced_openai_failed_calls_total{by="caller"} 3\n');
    expect(text).toContain('load_balanced_openai_failed_calls_total{by="gateway"} 1\n');
  });

  it('answer HEAD as GET without the body, and what does not read with the methods that do', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { g: { endpoints: [{ endpoint: 'a' }] } },
    });
    const own = ['/', '/health', '/health/live', '/stats', '/metrics', '/dashboard', '/admin/groups'];
    for (const path of [...own, '/v1/models', '/v1/models/g']) {
      const [get, head, options] = await Promise.all(
        ['GET', 'HEAD', 'OPTIONS'].map((method) => gateway.get(path, { method })),
      );
      const facts = (reply: Response | undefined) => [path, reply?.status, reply?.headers.get('content-type')];
      expect(facts(head)).toEqual(facts(get));
      expect(await head?.text()).toBe('');
      expect([path, options?.status]).toEqual([path, 405]);
      expect([path, options?.headers.get('allow')]).toEqual([path, expect.stringMatching(/^(DELETE, )?GET/)]);
    }
    const length = async (path: string, method: string) =>
      (await gateway.get(path, { method })).headers.get('content-length');
    expect(await length('/v1/models', 'HEAD')).toBe(await length('/v1/models', 'GET'));
    expect((await gateway.get('/v1/models/nope', { method: 'HEAD' })).status).toBe(404);
    expect(a.calls).toBe(0);
  });

  it('are not ready when nobody takes calls', async () => {
    await using a = await faultServer({ name: 'a', script: 401 });
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [endpointOf(a)] });
    expect((await gateway.get('/health/ready')).status).toBe(200);
    await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect((await gateway.get('/health/ready')).status).toBe(503);
    expect((await gateway.get('/health')).status).toBe(503);
    expect((await gateway.get('/health/live')).status).toBe(200);
  });

  it('measure in the format of Prometheus, with labels of the configuration only', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a, { models: ['gpt-5', 'any-*'] })] });
    for (let call = 0; call < 3; call++) await gateway.get('/v1/chat/completions', chat('gpt-5'));
    for (let call = 0; call < 50; call++) await gateway.get('/v1/chat/completions', chat(`any-${call}"}\n`));
    const response = await gateway.get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [\d.e+-]+)$/);
    expect(text).toContain('load_balanced_openai_calls_total{model="gpt-5",status="200"} 3\n');
    expect(text.match(/^load_balanced_openai_calls_total\{model="other"/gm)?.length).toBeLessThanOrEqual(2);
    expect(text).toContain('load_balanced_openai_endpoint_eligible{endpoint="a"} 1\n');
    expect(text).toMatch(/^load_balanced_openai_call_duration_seconds_bucket\{le="\+Inf"\} 53$/m);
    expect(text).not.toContain('any-');
  });
});

describe('the log', () => {
  it('has a line for each call, without what was said and without keys', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a)], clientKeys: [{ name: 'app', key: 'ck-1' }] },
      { level: 'info' },
    );
    const init = chat('gpt-5', { messages: [{ role: 'user', content: 'my secret prompt' }] });
    await gateway.get('/v1/chat/completions', { ...init, headers: { ...init.headers, authorization: 'Bearer ck-1' } });
    expect(gateway.lines).toHaveLength(1);
    expect(gateway.lines[0]).toMatchObject({
      level: 'info',
      message: 'POST /v1/chat/completions 200',
      model: 'gpt-5',
      endpoint: 'a',
      attempts: 1,
      key: 'app',
    });
    expect(JSON.stringify(gateway.lines)).not.toMatch(/secret prompt|ck-1|sk-upstream/);
  });

  it('keeps its lines, whatever callers and endpoints write into them', async () => {
    const odd = 'a\r\n{"level":"error"}\x1b[31m\u2028';
    await using a = await faultServer({
      name: 'a',
      script: { status: 400, message: odd, headers: { 'x-request-id': 'req[31m<b>' } },
    });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    await gateway.get('/v1/chat/completions', chat(odd));
    // Each is one object: else it could not have been read.
    for (const line of gateway.lines) expect(line.level).not.toBe('error');
    expect(gateway.lines.some(({ model }) => model === odd)).toBe(true);
  });
});
