// Several gateways on one Redis, as its users see them: what is done at one holds at all.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { GatewayStore } from '../../../src/gateway/store/gateway-store.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { redisGatewayStore } from '../../../src/gateway/store/redis/redis-gateway-store.ts';
import { type FaultServer, faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';
import { freePort, type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';

const env = { LBO_ENCRYPTION_KEY: 'b'.repeat(64) };
const prices = { 'gpt-*': { input: 1_000_000, output: 0 } };

const as = (key: string, init: RequestInit = chat('gpt-5')): RequestInit => ({
  ...init,
  headers: { ...(init.headers as object), authorization: `Bearer ${key}` },
});

const call = async ({ get }: TestGateway, key: string) => {
  const response = await get('/v1/chat/completions', as(key));
  await response.text();
  return response.status;
};

/** Puts and posts as the dashboard does. */
async function admin({ get }: TestGateway, method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const response = await get(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

describe.skipIf(redisMissing !== undefined)(redisMissing ?? 'gateways on one Redis', () => {
  let redis: RedisServer;
  let server: FaultServer;
  beforeAll(async () => {
    redis = await redisServer();
    server = await faultServer({ name: 'a' });
  });
  beforeEach(() => redis.send('FLUSHALL').then(() => undefined));
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const open = (url = redis.url): Promise<GatewayStore> => redisGatewayStore({ url, env });
  const gateway = async (more: object = {}) =>
    gatewayWith(
      {
        endpoints: [endpointOf(server)],
        prices,
        clientKeys: [{ name: 'own', key: 'sk-own-key-of-the-file' }],
        ...more,
      },
      { store: await open() },
    );
  const keyAt = async ({ gateway: { store } }: TestGateway, name: string, limits: object = {}) => {
    const { key, stored } = newClientKey({ name, limits }, systemClock);
    await store.keys.add(stored);
    return { key, id: stored.id };
  };

  it('know at once of a key that one of them made, and refuse within a second one that was revoked', async () => {
    await using one = await gateway();
    await using other = await gateway();
    const { key, id } = await keyAt(one, 'team');
    await expect.poll(() => other.gateway.store.keys.list().length, { timeout: 300, interval: 5 }).toBe(1);
    expect([await call(other, key), await call(one, key)]).toEqual([200, 200]);
    await other.gateway.store.keys.delete(id);
    expect(await call(other, key)).toBe(401);
    await expect.poll(() => call(one, key), { timeout: 1_000, interval: 10 }).toBe(401);
  });

  it('have keys of one name once, whoever makes them at the same moment', async () => {
    await using one = await gateway();
    await using other = await gateway();
    const made = [one, other, one, other].map((each, at) => keyAt(each, at < 2 ? 'same' : `own-${at}`));
    const results = await Promise.allSettled(made);
    expect(results.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
    await expect.poll(() => one.gateway.store.keys.list().length).toBe(3);
    await expect.poll(() => other.gateway.store.keys.list().length).toBe(3);
  });

  it('share what is configured at one: endpoints, groups, drains; never two changes mixed', async () => {
    await using one = await gateway({ adminKeys: [], admin: { allowInsecure: true } });
    await using other = await gateway({ adminKeys: [], admin: { allowInsecure: true } });
    const put = await admin(one, 'PUT', '/admin/endpoints/b', { baseURL: server.url, apiKey: 'sk-secret-of-b' });
    expect(put.status).toBe(201);
    await expect.poll(() => other.gateway.settings.endpoints.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await redis.send('HGET', 'lbo:1:gateway:state', 'config')).not.toContain('sk-secret');
    expect((await admin(other, 'POST', '/admin/endpoints/a/drain')).status).toBe(202);
    await expect.poll(() => one.gateway.settings.drained).toEqual(['a']);
    const both = await Promise.all([
      admin(one, 'POST', '/admin/endpoints/b/drain'),
      admin(other, 'PUT', '/admin/groups/g', { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] }),
    ]);
    for (const { status, body } of both)
      if (status === 409) expect(body).toMatchObject({ error: { code: 'changed_meanwhile' } });
    expect(both.some(({ status }) => status < 300)).toBe(true);
    const shown = ({ gateway: { settings } }: TestGateway) => [
      settings.drained,
      settings.groups.map(({ name }) => name),
    ];
    await expect.poll(() => JSON.stringify(shown(one)) === JSON.stringify(shown(other))).toBe(true);
    expect(shown(one)).toEqual([both[0]?.status === 202 ? ['a', 'b'] : ['a'], both[1]?.status === 201 ? ['g'] : []]);
  });

  it('hold a key to its limit together, but for what is let in before they heard of each other', async () => {
    await using one = await gateway();
    await using other = await gateway();
    const { key } = await keyAt(one, 'limited', { requestsPerMinute: 60 });
    await expect.poll(() => other.gateway.store.keys.list().length).toBe(1);
    let passed = 0;
    for (let round = 0; round < 50; round++) {
      const statuses = await Promise.all([one, other, one, other].map((each) => call(each, key)));
      passed += statuses.filter((status) => status === 200).length;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // Sixty, what fills meanwhile, and what two let in within one exchange.
    expect(passed).toBeGreaterThanOrEqual(60);
    expect(passed).toBeLessThanOrEqual(60 + 30);
  });

  it('spend a budget together: over it goes only what ran before they had heard of each other', async () => {
    await using one = await gateway();
    await using other = await gateway();
    expect(await call(one, 'sk-own-key-of-the-file')).toBe(200);
    const cost = async () => (await one.gateway.store.calls.usage({ by: [] }))[0]?.cost;
    await expect.poll(cost).toBeGreaterThan(0);
    const each = (await cost()) as number;
    const [allowed, atOnce] = [40, 4];
    const { key } = await keyAt(one, 'paying', { budget: { amount: allowed * each, per: 'month' } });
    await expect.poll(() => other.gateway.store.keys.list().length).toBe(1);
    const month = `lbo:1:gateway:spent:${new Date(systemClock.date()).toISOString().slice(0, 7)}`;
    let passed = 0;
    for (let before = -1; passed > before; ) {
      before = passed;
      const statuses = await Promise.all([one, other, one, other].map((gateway) => call(gateway, key)));
      passed += statuses.filter((status) => status === 200).length;
      // Both have told by then. What each hears is at least what was told before it told itself.
      const told = async () => Number((await redis.send('HGET', month, 'paying')).split('\r\n')[1]);
      await expect.poll(told, { interval: 5 }).toBeCloseTo(passed * each, 6);
    }
    expect(passed).toBeGreaterThanOrEqual(allowed);
    expect(passed).toBeLessThanOrEqual(allowed + 2 * atOnce);
    await using third = await gateway();
    expect(await call(third, key)).toBe(429);
  });

  it('know of a cooldown that one of them met', async () => {
    await using limited = await faultServer({
      name: 'limited',
      script: [{ status: 429, headers: { 'retry-after': '20' } }],
    });
    const endpoints = [endpointOf(limited, { priority: 1 }), endpointOf(server, { priority: 2 })];
    await using one = await gateway({ endpoints, strategy: 'priority' });
    await using other = await gateway({ endpoints, strategy: 'priority' });
    const from = async ({ get }: TestGateway) => {
      const response = await get('/v1/chat/completions', as('sk-own-key-of-the-file'));
      await response.text();
      return response.headers.get('x-endpoint');
    };
    expect(await from(one)).toBe('a');
    interface Shown {
      state: { cooldowns: { reason: string }[] };
    }
    const reasons = async () => {
      const { endpoints: [first] = [] } = (await admin(other, 'GET', '/admin/endpoints')).body as {
        endpoints?: Shown[];
      };
      return first?.state.cooldowns.map(({ reason }) => reason);
    };
    await expect.poll(reasons, { timeout: 2_000 }).toEqual(['429']);
    expect(await from(other)).toBe('a');
    expect(limited.calls).toBe(1);
  });

  it('count usage into one sum, and keep one log', async () => {
    await using one = await gateway();
    await using other = await gateway();
    const keys = await Promise.all([keyAt(one, 'x'), keyAt(one, 'y')]);
    await expect.poll(() => other.gateway.store.keys.list().length).toBe(2);
    for (let round = 0; round < 20; round++)
      await Promise.all([call(one, keys[0].key), call(other, keys[0].key), call(other, keys[1].key)]);
    const calls = async () =>
      Object.fromEntries((await one.gateway.store.calls.usage({ by: ['key'] })).map((row) => [row.key, row.calls]));
    await expect.poll(calls).toEqual({ x: 40, y: 20 });
    const page = await other.gateway.store.calls.page({ key: 'y' });
    expect(page.calls).toHaveLength(20);
    expect(new Set(page.calls.map(({ id }) => id)).size).toBe(20);
    const usage = await admin(one, 'GET', '/admin/usage?by=key');
    expect(usage.body.usage).toMatchObject([
      { key: 'x', calls: 40 },
      { key: 'y', calls: 20 },
    ]);
  });

  it('go on while Redis is away, and give it back what it lost when it is there again, empty', async () => {
    const own = await redisServer();
    await using _own = own;
    const make = async () => gatewayWith({ endpoints: [endpointOf(server)] }, { store: await open(own.url) });
    await using one = await make();
    await using other = await make();
    const { key } = await keyAt(one, 'team');
    await expect.poll(() => call(other, key)).toBe(200);
    await expect.poll(async () => (await one.gateway.store.calls.usage({ by: [] }))[0]?.calls).toBe(1);
    await own.kill();
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, at) => call(at % 2 ? one : other, key)));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    await expect.poll(() => one.gateway.store.state.is, { timeout: 3_000 }).toBe('degraded');
    expect((await admin(one, 'POST', '/admin/keys', { name: 'new' })).body).toMatchObject({
      error: { code: 'store_failed' },
    });
    await own.start();
    await expect
      .poll(() => [one, other].map((each) => each.gateway.store.state.is), { timeout: 5_000 })
      .toEqual(['well', 'well']);
    await using third = await make();
    expect(await call(third, key)).toBe(200);
    const sum = async () => (await third.gateway.store.calls.usage({ by: [] }))[0]?.calls;
    await expect.poll(sum, { timeout: 3_000 }).toBe(41);
  });

  it('start without it on a configuration of their own, let in no key that they cannot look up, and find it later', async () => {
    const port = await freePort();
    const store = await open(`redis://user:geheim@127.0.0.1:${port}`);
    const state = store.state as { reason: string };
    expect(state).toMatchObject({ is: 'degraded' });
    expect(state.reason).toContain(`redis://127.0.0.1:${port}`);
    expect(state.reason).not.toContain('geheim');
    await using one = await gatewayWith(
      { endpoints: [endpointOf(server)], clientKeys: [{ name: 'own', key: 'sk-own-key-of-the-file' }] },
      { store },
    );
    expect(await call(one, 'sk-own-key-of-the-file')).toBe(200);
    expect(await call(one, 'sk-lbo-unknown')).toBe(503);
    await using open_ = await gatewayWith(
      { endpoints: [endpointOf(server)] },
      { store: await open(`redis://127.0.0.1:${port}`) },
    );
    expect((await open_.get('/v1/chat/completions', chat('gpt-5'))).status).not.toBe(200);
  });

  it('start where what was used cannot be read, and say at their end what they could not write', async () => {
    await using own = await redisServer();
    const day = new Date(systemClock.date()).toISOString().slice(0, 10);
    await own.send('SADD', 'lbo:1:gateway:days', day);
    await own.send('SET', `lbo:1:gateway:usage:${day}`, 'no sums');
    const one = await gatewayWith({ endpoints: [endpointOf(server)] }, { store: await open(own.url) });
    await own.kill();
    expect((await one.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
    await one.gateway.stop(0);
    expect(one.lines.find(({ message }) => /took no more/.test(String(message)))).toMatchObject({ lost: 1 });
  });

  it('are given another key by the first one that starts with both, while those that know both go on', async () => {
    const [old, next] = ['b'.repeat(64), 'd'.repeat(64)];
    const with_ = (present: string, previous?: string) => {
      const own = { LBO_ENCRYPTION_KEY: present, ...(previous && { LBO_ENCRYPTION_KEY_PREVIOUS: previous }) };
      return redisGatewayStore({ url: redis.url, env: own });
    };
    const [first, knowing, last] = [await with_(old), await with_(old, next), await with_(next, old)];
    const west = { apiKey: 'sk-west', baseURL: 'https://west.example.com' };
    await first.config.write({ endpoints: { west } });
    await expect.poll(() => last.config.read().endpoints.west, { timeout: 1_000, interval: 5 }).toEqual(west);
    await redis.send('COPY', 'lbo:1:gateway:state', 'older');
    expect(await knowing.rekey?.()).toBe(false);
    expect(await last.rekey?.()).toBe(true);
    expect(await last.rekey?.()).toBe(false);
    expect(await redis.send('HGET', 'lbo:1:gateway:state', 'config')).not.toContain('sk-west');
    await last.config.write({ drained: ['west'] });
    await expect.poll(() => knowing.config.read().drained, { timeout: 1_000, interval: 5 }).toEqual(['west']);
    // One that starts again as it was before does not turn it back.
    expect(await knowing.rekey?.()).toBe(false);
    const late = await with_(old, next);
    expect(await late.rekey?.()).toBe(false);
    await late.close();
    // One with the key before alone goes on with what it knows, changes nothing, and says why.
    await expect.poll(() => first.state, { timeout: 1_000, interval: 5 }).toMatchObject({ is: 'degraded' });
    expect(first.state).toMatchObject({ reason: expect.stringMatching(/LBO_ENCRYPTION_KEY_PREVIOUS/) as string });
    expect(first.config.read().endpoints).toEqual({ west });
    await expect(Promise.resolve(first.config.write({ drained: [] }))).rejects.toThrow();
    // A Redis that comes back older, with the key before, is brought up to this.
    await redis.send('COPY', 'older', 'lbo:1:gateway:state', 'REPLACE');
    const config = () => redis.send('HGET', 'lbo:1:gateway:state', 'config:version');
    await expect.poll(config, { timeout: 2_000, interval: 5 }).toContain('\n3\r');
    for (const store of [first, knowing]) await store.close();
    const again = await with_(next);
    expect(again.config.read()).toMatchObject({ endpoints: { west }, drained: ['west'] });
    await again.close();
    await last.close();
  });

  it('say what is wrong with an address or with the key for what is encrypted', async () => {
    await (await open()).close();
    await expect(redisGatewayStore({ url: redis.url, env: {} })).rejects.toThrow(/LBO_ENCRYPTION_KEY/);
    const wrong = { LBO_ENCRYPTION_KEY: 'c'.repeat(64) };
    await expect(redisGatewayStore({ url: redis.url, env: wrong })).rejects.toThrow(/another key/);
    await expect(open('http://x')).rejects.toThrow(/no address of a Redis/);
  });
});
