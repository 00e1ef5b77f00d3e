// Who reaches the admin API: T12 (pages of elsewhere, names that lead here), admin keys, and gateways without any.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { adminRoutes } from '../../../src/gateway/admin/admin-api.ts';
import { ask } from '../../support/admin.ts';
import { chat, gatewayWith } from '../../support/gateway.ts';

const ENDPOINT = { name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' };
const ADMIN = randomBytes(32).toString('hex');
const CLIENT = randomBytes(32).toString('hex');
const keyed = (more: object = {}) => ({
  endpoints: [ENDPOINT],
  adminKeys: [{ name: 'boss', key: ADMIN }],
  clientKeys: [{ name: 'app', key: CLIENT }],
  ...more,
});

/** Every route, as a path that can be asked for. */
const all = adminRoutes.map(({ method, path }) => [method, path.replace(/:\w+/, 'x')] as const);

describe('with admin keys', () => {
  it.each(all)('%s %s is closed to all but them', async (method, path) => {
    await using gateway = await gatewayWith(keyed());
    const body = method === 'PUT' || method === 'POST' ? {} : undefined;
    const refused = await Promise.all([
      ask(gateway, method, path, body),
      ask(gateway, method, path, body, { key: 'wrong' }),
      ask(gateway, method, path, body, { key: CLIENT }),
      // Only what comes as Bearer counts: a form of another page cannot send it.
      ask(gateway, method, path, body, { headers: { 'x-api-key': ADMIN } }),
      ask(gateway, method, `${path}?key=${ADMIN}`, body),
      ask(gateway, method, path, body, { headers: { cookie: `key=${ADMIN}` } }),
      ask(gateway, method, path, body, { headers: { authorization: `Basic ${btoa(`boss:${ADMIN}`)}` } }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 401]);
    for (const { headers, body: told } of refused) {
      expect(headers['www-authenticate']).toBe('Bearer');
      expect(told.error.code).toBe('invalid_api_key');
    }
    expect((await ask(gateway, method, path, body, { key: ADMIN })).status).not.toBe(401);
  });

  it('tells strangers nothing of what is there: unknown paths and methods are 401 as well', async () => {
    await using gateway = await gatewayWith(keyed());
    for (const [method, path] of [
      ['GET', '/admin'],
      ['GET', '/admin/nope'],
      ['PATCH', '/admin/groups'],
      ['TRACE', '/admin/groups'],
    ] as const)
      expect((await ask(gateway, method, path)).status).toBe(401);
  });

  it('an admin key opens no call, and figures of its own', async () => {
    await using gateway = await gatewayWith(keyed());
    const call = chat('gpt-5');
    const headers = { ...(call.headers as object), authorization: `Bearer ${ADMIN}` };
    expect((await gateway.get('/v1/chat/completions', { ...call, headers })).status).toBe(401);
  });

  it('limits guesses, also over changes of the configuration, and lets the right key in still', async () => {
    await using gateway = await gatewayWith(keyed());
    const guess = async (times: number) => {
      const statuses = new Set<number>();
      for (let time = 0; time < times; time++)
        statuses.add((await ask(gateway, 'GET', '/admin/keys', undefined, { key: `guess-${time}` })).status);
      return [...statuses];
    };
    expect(await guess(100)).toEqual([401]);
    gateway.configuration.refresh();
    const late = await ask(gateway, 'GET', '/admin/keys', undefined, { key: 'one more' });
    expect([late.status, late.body.error.code]).toEqual([429, 'too_many_wrong_keys']);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(gateway, 'GET', '/admin/keys', undefined, { key: ADMIN })).status).toBe(200);
  });
});

describe('pages of elsewhere (T12)', () => {
  const foreign: readonly (readonly [what: string, headers: Record<string, string>, status: number])[] = [
    ['another origin', { origin: 'https://evil.com' }, 403],
    ['no origin to be told', { origin: 'null' }, 403],
    ['an origin that begins like ours', { origin: 'http://localhost.evil.com' }, 403],
    ['another program of this machine, in a browser', { origin: 'http://localhost:1' }, 403],
    ['a browser that says so', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a browser that says it is a sister', { 'sec-fetch-site': 'same-site' }, 403],
    ['a name that leads here', { host: 'rebound.evil.com' }, 421],
    ['a name that leads here, with our port', { host: 'rebound.evil.com:8000' }, 421],
    ['a name that ends like ours', { host: 'evil-localhost.com' }, 421],
    ['a name with an address in it', { host: '127.0.0.1.nip.io' }, 421],
    ['somebody else in front of the name', { host: 'localhost@evil.com' }, 421],
    ['a path in the name', { host: 'localhost/..' }, 421],
    ['no name', { host: '.' }, 421],
    ['an address that is not ours', { host: '8.8.8.8' }, 421],
  ];

  it.each(foreign)('%s is refused, with the right key and without', async (_, headers, status) => {
    await using open = await gatewayWith({ endpoints: [ENDPOINT] });
    await using closed = await gatewayWith(keyed());
    for (const [method, path, body] of [
      ['GET', '/admin/keys', undefined],
      ['POST', '/admin/keys', { name: 'evil' }],
      ['PUT', '/admin/endpoints/evil', { baseURL: 'https://evil.com', apiKey: 'x' }],
    ] as const) {
      expect((await ask(open, method, path, body, { headers })).status).toBe(status);
      expect((await ask(closed, method, path, body, { headers, key: ADMIN })).status).toBe(status);
    }
    expect(open.store.keys.list()).toEqual([]);
    expect(open.store.config.read().endpoints).toEqual({});
  });

  it('a form of another page brings no JSON, and is not taken', async () => {
    await using gateway = await gatewayWith({ endpoints: [ENDPOINT] });
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'text/plain; application/json',
      'application/jsonp',
    ])
      for (const raw of ['{"name":"evil"}', ''])
        expect(
          (await ask(gateway, 'POST', '/admin/keys', undefined, { raw, headers: { 'content-type': type } })).status,
        ).toBe(415);
    const reload = { headers: { 'content-type': 'text/plain' } };
    expect((await ask(gateway, 'POST', '/admin/reload', undefined, reload)).status).toBe(415);
    expect(gateway.store.keys.list()).toEqual([]);
  });

  it('nobody is told that he may come from elsewhere', async () => {
    await using gateway = await gatewayWith({ endpoints: [ENDPOINT] });
    const headers = { origin: gateway.url, 'access-control-request-method': 'PUT' };
    const preflight = await ask(gateway, 'OPTIONS', '/admin/endpoints/a', undefined, { headers });
    expect([preflight.status, preflight.headers.allow]).toEqual([405, 'DELETE, PUT']);
    for (const reply of [preflight, await ask(gateway, 'GET', '/admin/groups')]) {
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(reply.headers['cache-control']).toBe('no-store');
      expect(reply.headers['x-content-type-options']).toBe('nosniff');
      expect(reply.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    }
  });

  it('takes its own page, by whichever of its names', async () => {
    await using gateway = await gatewayWith(keyed({ admin: { hosts: ['Gateway.Example.com'] } }));
    for (const host of [
      'localhost:8000',
      '127.0.0.1',
      '[::1]:8000',
      'gateway.example.com',
      'gateway.example.com:443',
    ]) {
      const headers = { host, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' };
      expect((await ask(gateway, 'GET', '/admin/groups', undefined, { headers, key: ADMIN })).status).toBe(200);
    }
  });
});

describe('without admin keys', () => {
  it('is open to programs of this machine', async () => {
    await using gateway = await gatewayWith({ endpoints: [ENDPOINT], clientKeys: [{ name: 'app', key: CLIENT }] });
    expect((await ask(gateway, 'GET', '/admin/groups')).status).toBe(200);
  });

  it.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])('%s says that it came from elsewhere', async (name) => {
    await using gateway = await gatewayWith({ endpoints: [ENDPOINT] });
    const reply = await ask(gateway, 'GET', '/admin/groups', undefined, { headers: { [name]: 'for=8.8.8.8' } });
    expect([reply.status, reply.body.error.code]).toEqual([403, 'no_admin_keys']);
  });

  it('is closed on an address that others reach, and says how to open it', async () => {
    await using gateway = await gatewayWith(
      { endpoints: [ENDPOINT], clientKeys: [{ name: 'app', key: CLIENT }] },
      { host: '0.0.0.0' },
    );
    const local = { url: `http://127.0.0.1:${gateway.gateway.port}` };
    for (const options of [{}, { key: CLIENT }, { key: 'guess' }]) {
      const reply = await ask(local, 'GET', '/admin/groups', undefined, options);
      expect([reply.status, reply.body.error.code]).toEqual([403, 'no_admin_keys']);
      expect(reply.body.error.message).toMatch(/adminKeys: \[\{ name, key \}\]/);
    }
  });

  it('with a key it is reached by its address there, and by no name that is not given to it', async () => {
    await using gateway = await gatewayWith(keyed(), { host: '0.0.0.0' });
    const local = { url: `http://127.0.0.1:${gateway.gateway.port}` };
    const by = (host: string) => ask(local, 'GET', '/admin/groups', undefined, { key: ADMIN, headers: { host } });
    expect((await by('192.168.1.5:8000')).status).toBe(200);
    expect((await by('gateway.lan')).body.error).toMatchObject({
      code: 'foreign_host',
      message: expect.stringMatching(/admin: \{ hosts/) as string,
    });
  });
});
