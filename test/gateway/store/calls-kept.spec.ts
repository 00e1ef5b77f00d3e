// What the gateway writes into its store: every call with its story, what it used and cost; and what it takes from there.
import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../../src/gateway/store/call-record.ts';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { faultServer, manualClock } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';

const as = (key: string, init: RequestInit): RequestInit => ({
  ...init,
  headers: { ...(init.headers as object), authorization: `Bearer ${key}` },
});

/** The newest call, once so many are there. */
async function kept({ store }: TestGateway, count: number): Promise<CallRecord> {
  await expect.poll(() => store.calls.page({}).calls.length).toBe(count);
  return store.calls.page({}).calls[0] as CallRecord;
}

const prices = { 'gpt-*': { input: 1, output: 10 } };

describe('a call', () => {
  it('is kept with its attempts, its decisions, its tokens and what it cost, without what was said', async () => {
    await using a = await faultServer({ name: 'a', script: [503, 'ok'] });
    await using b = await faultServer({ name: 'b' });
    const clientKeys = [{ name: 'app', key: 'ck-app' }];
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a), endpointOf(b)], prices, clientKeys });
    const before = Date.now();
    const response = await gateway.get('/v1/chat/completions?secret=1', as('ck-app', chat('gpt-5')));
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    const call = await kept(gateway, 1);
    const [input, output] = [usage.prompt_tokens, usage.completion_tokens];
    expect(call).toMatchObject({
      // The one by which a client asks what became of it.
      ...{ id: response.headers.get('x-request-id'), method: 'POST', path: '/v1/chat/completions', status: 200 },
      ...{ model: 'gpt-5', key: 'app', endpoint: 'b', stream: false, firstMs: undefined, code: undefined },
      ...{ tokens: { input, output, cached: 0 }, estimated: false, body: undefined },
      attempts: [
        { endpoint: 'a', status: 503 },
        { endpoint: 'b', status: 200 },
      ],
      decisions: [{ picked: 'a' }, { picked: 'b' }],
    });
    expect(call.cost).toBeCloseTo((input + 10 * output) / 1e6, 12);
    expect(call.at).toBeGreaterThanOrEqual(before - 1);
    expect(call.at + call.ms).toBeLessThanOrEqual(Date.now() + 1);
    expect(JSON.stringify(call)).not.toMatch(/ck-app|sk-upstream|secret|"hi"/);
    expect(gateway.gateway.store.calls.usage({ by: ['key', 'model'] })).toMatchObject([
      { key: 'app', model: 'gpt-5', calls: 1, failed: 0, tokensIn: input, tokensOut: output },
    ]);
  });

  it('that is refused is kept with the code of its refusal', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a, { models: ['gpt-5'] })],
      clientKeys: [{ name: 'app', key: 'ck-app' }],
    });
    await gateway.get('/v1/chat/completions', as('ck-wrong', chat('gpt-5')));
    expect(await kept(gateway, 1)).toMatchObject({ status: 401, code: 'invalid_api_key', key: undefined });
    await gateway.get('/v1/chat/completions', as('ck-app', chat('x'.repeat(5_000))));
    expect(await kept(gateway, 2)).toMatchObject({
      status: 404,
      code: 'model_not_found',
      key: 'app',
      tokens: undefined,
    });
    expect((await kept(gateway, 2)).model).toHaveLength(256);
    // Guesses by the hundred do not push out what others did.
    for (let guess = 0; guess < 120; guess += 1)
      await gateway.get('/v1/models', { headers: { 'x-api-key': `no-${guess}` } });
    await kept(gateway, 100);
    const { calls } = gateway.store.calls.page({ limit: 1_000 });
    expect(calls.map(({ code }) => code)).not.toContain('too_many_wrong_keys');
  });

  it('that is streamed says when its first piece came', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 3, gap: 30, delay: 60 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true })).then((response) => response.text());
    const { firstMs, ms, stream } = await kept(gateway, 1);
    expect(stream).toBe(true);
    expect(firstMs).toBeGreaterThanOrEqual(59);
    expect(ms).toBeGreaterThan(firstMs as number);
  });

  it.each([
    ['off', undefined, undefined],
    ['errors', undefined, 'hi'],
    ['all', 'hi', 'hi'],
  ])('has the body that log.bodies: %s wants', async (bodies, well, failed) => {
    await using a = await faultServer({ name: 'a', script: ['ok', 400] });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], log: { bodies } });
    for (const [count, text] of [well, failed].entries()) {
      await gateway.get('/v1/chat/completions', chat('gpt-5')).then((response) => response.text());
      const { body } = await kept(gateway, count + 1);
      if (text === undefined) expect(body).toBeUndefined();
      else expect(JSON.parse(body as string)).toMatchObject({ messages: [{ content: text }] });
    }
    if (bodies !== 'all') return;
    const long = `${'x'.repeat(16_322)}${'😀'.repeat(1_000)}`;
    await gateway.get('/v1/chat/completions', chat('gpt-5', { long })).then((response) => response.text());
    const { body } = await kept(gateway, 3);
    expect([16_383, 16_384]).toContain(body?.length);
    expect(body).not.toMatch(/[\ud800-\udbff]$/);
  });
});

describe('a call that its client leaves', () => {
  const clientKeys = [{ name: 'app', key: 'ck-app', limits: { budget: 0.000_01 } }];

  it('is charged by estimate while it streams', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 1_000, gap: 10 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], prices, clientKeys });
    const leave = new AbortController();
    const init = { ...as('ck-app', chat('gpt-5', { stream: true })), signal: leave.signal };
    const reader = (await gateway.get('/v1/chat/completions', init)).body?.getReader();
    for (let piece = 0; piece < 5; piece += 1) await reader?.read();
    leave.abort();
    const call = await kept(gateway, 1);
    expect(call).toMatchObject({ status: 499, estimated: true });
    expect(call.tokens?.input).toBeGreaterThan(10);
    expect(call.tokens?.output).toBeGreaterThanOrEqual(4);
    expect(call.cost).toBeGreaterThan(0.000_05);
    const next = await gateway.get('/v1/chat/completions', as('ck-app', chat('gpt-5')));
    expect([next.status, await next.json()]).toMatchObject([429, { error: { code: 'insufficient_quota' } }]);
  });

  it('is charged for what went in, when nothing came yet', async () => {
    await using a = await faultServer({ name: 'a', script: 'black-hole' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], prices, clientKeys });
    const leave = new AbortController();
    const left = gateway.get('/v1/chat/completions', { ...as('ck-app', chat('gpt-5')), signal: leave.signal });
    await a.until(({ inFlight }) => inFlight === 1);
    leave.abort();
    await expect(left).rejects.toThrow();
    expect(await kept(gateway, 1)).toMatchObject({ status: 499, estimated: true, tokens: { output: 0 } });
    expect((await kept(gateway, 1)).cost).toBeGreaterThan(0.000_01);
  });
});

describe('keys of the store', () => {
  const wish = { name: 'team', limits: {} };

  it('open the gateway from the moment they are added, as their groups and limits say, until they are revoked', async () => {
    await using a = await faultServer({ name: 'a' });
    const clock = manualClock({ date: Date.now() });
    const store = memoryGatewayStore();
    const groups = { fast: { endpoints: [{ endpoint: 'a', model: 'm' }] }, slow: { endpoints: [{ endpoint: 'a' }] } };
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], groups }, { store });
    const status = async (key: string, model: string) =>
      (await gateway.get('/v1/chat/completions', as(key, chat(model)))).status;
    expect(await status('anything', 'slow')).toBe(200);
    const { key, stored } = newClientKey({ ...wish, groups: ['fast'], limits: { requestsPerMinute: 3 } }, clock);
    store.keys.add(stored);
    // With one key there, others are none.
    expect(await status('anything', 'fast')).toBe(401);
    expect([await status(key, 'fast'), await status(key, 'slow'), await status(key, 'fast')]).toEqual([200, 404, 200]);
    expect(await status(key, 'fast')).toBe(429);
    const other = newClientKey({ name: 'other', limits: {}, expiresAt: Date.now() - 1 }, clock);
    store.keys.add(other.stored);
    expect(await status(other.key, 'fast')).toBe(401);
    store.keys.delete(stored.id);
    expect(await status(key, 'fast')).toBe(401);
  });

  it('are none where the configuration has a key of the same name', async () => {
    await using a = await faultServer({ name: 'a' });
    const store = memoryGatewayStore();
    const { key, stored } = newClientKey(wish, manualClock());
    store.keys.add(stored);
    const clientKeys = [{ name: 'team', key: 'ck-file' }];
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], clientKeys }, { store });
    expect((await gateway.get('/v1/models', { headers: { 'x-api-key': key } })).status).toBe(401);
    expect((await gateway.get('/v1/models', { headers: { 'x-api-key': 'ck-file' } })).status).toBe(200);
    expect(JSON.stringify(gateway.lines)).toContain('Client key team of the store is not used');
  });

  it('let it start where others reach it, and the last one revoked opens it to nobody', async () => {
    await using a = await faultServer({ name: 'a' });
    const store = memoryGatewayStore();
    await expect(gatewayWith({ endpoints: [endpointOf(a)] }, { store, host: '0.0.0.0' })).rejects.toThrow(
      'keys create',
    );
    const { stored } = newClientKey(wish, manualClock());
    store.keys.add(stored);
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] }, { store, host: '0.0.0.0' });
    store.keys.delete(stored.id);
    const url = gateway.url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${url}/v1/models`, { headers: { 'x-api-key': 'any' } })).status).toBe(401);
  });
});

describe('a budget', () => {
  const budget = { amount: 0.000_1, per: 'month' };
  const configuration = (server: object, more: object = {}) => ({
    ...{ endpoints: [server], prices },
    clientKeys: [{ name: 'app', key: 'ck-app', limits: { budget, ...more } }],
  });

  it('is not given back by a restart, nor by other limits beside it; the next month brings another', async () => {
    await using a = await faultServer({ name: 'a' });
    const clock = manualClock({ date: Date.UTC(2030, 0, 31, 23, 59) });
    const kept = memoryGatewayStore(clock);
    const store = {
      ...kept,
      calls: kept.calls,
      config: kept.config,
      keys: kept.keys,
      watch: () => () => undefined,
      close: () => undefined,
    };
    const call = async (gateway: TestGateway) =>
      (await gateway.get('/v1/chat/completions', as('ck-app', chat('gpt-5')))).status;
    {
      await using gateway = await gatewayWith(configuration(endpointOf(a)), { clock, store });
      let spent = 0;
      while ((await call(gateway)) === 200) spent += 1;
      expect(spent).toBeGreaterThan(0);
    }
    await using gateway = await gatewayWith(configuration(endpointOf(a), { requestsPerMinute: 9 }), { clock, store });
    expect(await call(gateway)).toBe(429);
    clock.jump(120_000);
    expect(await call(gateway)).toBe(200);
  });
});
