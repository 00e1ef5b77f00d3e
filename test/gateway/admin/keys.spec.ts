// Client keys of the admin API: T9 (how they are kept), T26 (no key mints rights), and what becomes of them.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { faultServer, manualClock } from '../../../src/testing/index.ts';
import { ask, issuesIn } from '../../support/admin.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const withKey = (key: string, model = 'gpt-5'): RequestInit => {
  const call = chat(model);
  return { ...call, headers: { ...(call.headers as object), authorization: `Bearer ${key}` } };
};
const groups = {
  big: { endpoints: [{ endpoint: 'a', model: 'm' }] },
  small: { endpoints: [{ endpoint: 'a', model: 'm' }] },
};

describe('a key', () => {
  it('is told once, opens calls at once, and is kept as its hash', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { status, body } = await ask(gateway, 'POST', '/admin/keys', { name: 'app' });
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual(['id', 'key']);
    // 256 bits and a prefix that scanners of leaked secrets find.
    expect(Buffer.from(body.key.replace(/^sk-lbo-/, ''), 'base64url')).toHaveLength(32);
    expect((await gateway.get('/v1/chat/completions', withKey(body.key))).status).toBe(200);
    expect((await gateway.get('/v1/chat/completions', withKey('other'))).status).toBe(401);
    const { text, body: listed } = await ask(gateway, 'GET', '/admin/keys');
    expect(text).not.toContain(body.key);
    expect(text).not.toContain(createHash('sha256').update(body.key).digest('hex'));
    expect(listed.keys).toEqual([
      {
        ...{ id: body.id, name: 'app', source: 'store', groups: null, limits: {}, expiresAt: null },
        createdAt: expect.any(String) as string,
        usage: { calls: 1, tokensIn: 8, tokensOut: 4, cost: 0 },
      },
    ]);
    expect(JSON.stringify([gateway.store.keys.list(), gateway.store.config.read(), gateway.lines])).not.toContain(
      body.key,
    );
  });

  it('that is revoked opens nothing from then on', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], clientKeys: [{ name: 'own', key: 'k1' }] });
    const { body } = await ask(gateway, 'POST', '/admin/keys', { name: 'app' });
    expect((await gateway.get('/v1/chat/completions', withKey(body.key))).status).toBe(200);
    expect((await ask(gateway, 'DELETE', `/admin/keys/${body.id}`)).body).toEqual({ deleted: body.id });
    expect((await gateway.get('/v1/chat/completions', withKey(body.key))).status).toBe(401);
    expect((await ask(gateway, 'DELETE', `/admin/keys/${body.id}`)).status).toBe(404);
    expect(a.calls).toBe(1);
  });

  it('ends when it was said to end', async () => {
    const clock = manualClock();
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] }, { clock });
    const expiresAt = new Date(clock.date() + 60_000).toISOString();
    const { body } = await ask(gateway, 'POST', '/admin/keys', { name: 'app', expiresAt });
    const models = () => gateway.get('/v1/models', { headers: { authorization: `Bearer ${body.key}` } });
    expect((await models()).status).toBe(200);
    await clock.advance(60_000);
    const late = await models();
    expect([late.status, ((await late.json()) as { error: { code: string } }).error.code]).toEqual([
      401,
      'expired_api_key',
    ]);
  });

  it('reaches its groups and no other; its limits hold', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], groups });
    const wish = { name: 'app', groups: ['small'], limits: { requestsPerMinute: 2 } };
    const { body } = await ask(gateway, 'POST', '/admin/keys', wish);
    const call = async (model: string) => (await gateway.get('/v1/chat/completions', withKey(body.key, model))).status;
    expect([await call('big'), await call('small'), await call('small')]).toEqual([404, 200, 429]);
    // At use as well: a group that is gone is gone for the key that named it.
    const { body: listed } = await ask(gateway, 'GET', '/admin/keys');
    expect(listed.keys[0]).toMatchObject({ groups: ['small'], limits: { requestsPerMinute: 2 } });
  });
});

describe('rights (T26)', () => {
  it.each([
    ['role', { role: 'admin' }],
    ['admin', { admin: true }],
    ['scopes', { scopes: ['*'] }],
    ['permissions', { permissions: ['/admin/*'] }],
    ['allowed_routes', { allowed_routes: ['/admin/*', '/key/generate'] }],
    ['user_role', { user_role: 'proxy_admin' }],
    ['key', { key: 'sk-of-my-own' }],
    ['id', { id: 'key_chosen' }],
    ['digest', { digest: 'x' }],
    ['createdAt', { createdAt: 0 }],
  ])('the field %s is refused (CVE-2026-47101, CVE-2026-47102)', async (field, more) => {
    await using gateway = await gatewayWith({ endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }] });
    const refused = await ask(gateway, 'POST', '/admin/keys', { name: 'app', ...more });
    expect(refused.status).toBe(422);
    expect(issuesIn(refused)).toEqual([expect.stringMatching(new RegExp(`^${field}: `))]);
    expect(gateway.store.keys.list()).toEqual([]);
  });

  it('a client key makes no key, changes none and raises nothing, its own least', async () => {
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
      adminKeys: [{ name: 'boss', key: 'admin' }],
    });
    const { body } = await ask(gateway, 'POST', '/admin/keys', { name: 'app' }, { key: 'admin' });
    for (const [method, path, wish] of [
      ['POST', '/admin/keys', { name: 'more' }],
      ['PUT', `/admin/keys/${body.id}`, { limits: {} }],
      ['PATCH', `/admin/keys/${body.id}`, { role: 'admin' }],
      ['DELETE', `/admin/keys/${body.id}`, undefined],
      ['GET', '/admin/keys', undefined],
    ] as const)
      expect((await ask(gateway, method, path, wish, { key: body.key })).status).toBe(401);
    expect(gateway.store.keys.list()).toHaveLength(1);
    // Nor does an admin: there is no way to raise what a key may do once it was given out.
    expect((await ask(gateway, 'PUT', `/admin/keys/${body.id}`, { limits: {} }, { key: 'admin' })).status).toBe(405);
  });

  it.each([
    ['name', { name: '../admin' }],
    ['name', { name: '' }],
    ['name', { name: 'own' }],
    ['groups[0]', { name: 'app', groups: ['bgi'] }],
    ['groups', { name: 'app', groups: [] }],
    ['limits.budget', { name: 'app', limits: { budget: 5 } }],
    ['limits.requestsPerMinute', { name: 'app', limits: { requestsPerMinute: -1 } }],
    ['expiresAt', { name: 'app', expiresAt: '2001-01-01' }],
    ['expiresAt', { name: 'app', expiresAt: 'soon' }],
  ])('what is wrong is told: %s of %j', async (path, wish) => {
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
      clientKeys: [{ name: 'own', key: 'k1' }],
      groups,
    });
    const refused = await ask(gateway, 'POST', '/admin/keys', wish);
    expect(refused.status).toBe(422);
    expect(issuesIn(refused).map((issue) => issue.slice(0, issue.indexOf(': ')))).toEqual([path]);
  });

  it('a name is one key', async () => {
    await using gateway = await gatewayWith({ endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }] });
    expect((await ask(gateway, 'POST', '/admin/keys', { name: 'app' })).status).toBe(201);
    const again = await ask(gateway, 'POST', '/admin/keys', { name: 'app' });
    expect([again.status, again.body.error.code]).toEqual([409, 'name_taken']);
  });

  it('the last key of a gateway that others reach stays until there is another', async () => {
    const store = memoryGatewayStore();
    const { stored } = newClientKey({ name: 'first', limits: {} }, systemClock);
    store.keys.add(stored);
    await using gateway = await gatewayWith(
      {
        endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
        adminKeys: [{ name: 'boss', key: 'admin' }],
      },
      { host: '0.0.0.0', store },
    );
    const at = { url: `http://127.0.0.1:${gateway.gateway.port}` };
    const revoke = () => ask(at, 'DELETE', `/admin/keys/${stored.id}`, undefined, { key: 'admin' });
    const refused = await revoke();
    expect([refused.status, refused.body.error.code]).toEqual([409, 'last_key']);
    expect((await ask(at, 'POST', '/admin/keys', { name: 'second' }, { key: 'admin' })).status).toBe(201);
    expect((await revoke()).status).toBe(200);
  });
});
