// T7 and T24 of the admin API's endpoints: where they may be, and what nobody learns of them.
import dns from 'node:dns';
import { createServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { faultServer, manualClock } from '../../../src/testing/index.ts';
import { ask, issuesIn } from '../../support/admin.ts';
import { certificate } from '../../support/certificate.ts';
import { chat, gatewayWith } from '../../support/gateway.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const FILE = { endpoints: [{ name: 'own', apiKey: 'sk-own-0123456789', baseURL: 'http://127.0.0.1:9/v1' }] };
const KEY = 'sk-canary-Zx91Qw82Er73Ty64';

describe('an endpoint that was deleted', () => {
  it('has its key and headers again when it is put back at the same address, for 30 s', async () => {
    const clock = manualClock();
    await using gateway = await gatewayWith({ ...FILE, admin: { allowInsecure: true } }, { clock });
    const put = (body: object) => ask(gateway, 'PUT', '/admin/endpoints/x', body);
    const baseURL = 'http://127.0.0.1:8/v1';
    const remove = () => ask(gateway, 'DELETE', '/admin/endpoints/x');
    await put({ baseURL, apiKey: KEY, defaultHeaders: { 'x-team': 'red' } });
    const [shown] = (await ask(gateway, 'GET', '/admin/endpoints')).body.endpoints.slice(1);
    await remove();
    expect(gateway.store.config.read().endpoints).toEqual({});
    expect((await put({ baseURL: 'http://127.0.0.1:9/v1' })).status).toBe(422);
    const { defaultHeaders } = shown;
    expect((await put({ baseURL, defaultHeaders })).status).toBe(201);
    expect(gateway.store.config.read().endpoints.x).toEqual({
      ...{ baseURL, apiKey: KEY, defaultHeaders: { 'x-team': 'red' } },
    });
    await remove();
    await clock.advance(30_000);
    expect(issuesIn(await put({ baseURL }))).not.toEqual([]);
    expect(gateway.store.config.read().endpoints).toEqual({});
  });
});

describe('an endpoint without a key', () => {
  const file = {
    endpoints: [
      ...FILE.endpoints,
      { name: 'empty', apiKey: '${EMPTY_KEY:-}', baseURL: 'http://me:pw@127.0.0.1:8/v1', models: ['m'] },
      { name: 'unset', apiKeyEnv: 'NOT_THERE', baseURL: 'http://127.0.0.1:7/v1' },
    ],
    groups: { g: { endpoints: [{ endpoint: 'empty' }, { endpoint: 'own' }] } },
  };

  it('is listed with the reason, is nobody’s to put, and has nothing to drain', async () => {
    await using gateway = await gatewayWith(file);
    const { endpoints } = (await ask(gateway, 'GET', '/admin/endpoints')).body;
    expect(endpoints).toMatchObject([
      { name: 'own', state: { name: 'own' } },
      { name: 'empty', source: 'file', skipped: 'its key is empty', state: null, models: ['m'], key: { from: 'file' } },
      { name: 'unset', skipped: 'the variable of its apiKeyEnv is not set', key: { from: 'NOT_THERE' } },
    ]);
    expect(endpoints[1].baseURL).toBe('http://127.0.0.1:8/v1');
    const put = await ask(gateway, 'PUT', '/admin/endpoints/empty', { apiKey: 'k' });
    expect([put.status, put.body.error.code]).toEqual([409, 'named_by_file']);
    const drained = await ask(gateway, 'POST', '/admin/endpoints/empty/drain');
    expect([drained.status, drained.body.error.message]).toEqual([
      ...[409, 'The endpoint empty takes no calls: its key is empty.'],
    ]);
  });

  it('stands in the exported configuration, which is one', async () => {
    await using gateway = await gatewayWith(file);
    const { config } = (await ask(gateway, 'GET', '/admin/config')).body;
    expect(config.endpoints).toMatchObject([{ name: 'own' }, { name: 'empty' }, { name: 'unset' }]);
    expect(JSON.stringify(config)).not.toContain('pw');
    await using again = await gatewayWith(config, { env: { OWN_API_KEY: 'k' } });
    expect(again.gateway.settings.skipped.map(({ name }) => name)).toEqual(['empty', 'unset']);
    expect(again.gateway.settings.groups).toMatchObject([{ name: 'g', members: [{ endpoint: 'own' }] }]);
  });
});

/** Names lead where the test says, from one look to the next. @returns the names looked up */
function leading(...addresses: readonly (string | Error)[]): string[] {
  const looked: string[] = [];
  const lookup = ((name: string, options: { all?: boolean }, done: (...facts: unknown[]) => void) => {
    const address =
      isIP(name) > 0 ? name : (addresses[Math.min(looked.length, addresses.length - 1)] as string | Error);
    if (isIP(name) === 0) looked.push(name);
    const facts = { address, family: isIP(String(address)) };
    if (address instanceof Error) done(address);
    else if (options.all) done(null, [facts]);
    else done(null, address, facts.family);
  }) as unknown as typeof dns.lookup;
  vi.spyOn(dns, 'lookup').mockImplementation(lookup);
  return looked;
}
const failed = (code: string) => Object.assign(new Error(code), { code });

describe('where an endpoint may be (T7)', () => {
  it.each([
    ['baseURL', 'https://127.0.0.1/v1'],
    ['baseURL', 'https://2130706433/v1'],
    ['baseURL', 'https://[::ffff:127.0.0.1]/v1'],
    ['baseURL', 'https://169.254.169.254/latest'],
    ['baseURL', 'http://api.openai.com/v1'],
    ['baseURL', 'https://user:pass@api.openai.com/v1'],
    ['endpoint', 'https://0.0.0.0'],
    ['endpoint', 'http://x.openai.azure.com'],
  ])('%s %s is refused, and says what would allow it', async (path, url) => {
    const looked = leading('8.8.8.8');
    await using gateway = await gatewayWith(FILE);
    const azure = path === 'endpoint' ? { type: 'azure', apiVersion: '2025-04-01-preview' } : {};
    const refused = await ask(gateway, 'PUT', '/admin/endpoints/x', { apiKey: 'k', [path]: url, ...azure });
    expect(refused.status).toBe(422);
    expect(issuesIn(refused)).toEqual([
      expect.stringMatching(new RegExp(`^${path}: .*admin: { allowInsecure: true }`)),
    ]);
    expect(gateway.store.config.read().endpoints).toEqual({});
    expect(looked).toEqual([]);
  });

  it.each([['10.0.0.7'], ['127.0.0.1'], ['::ffff:10.0.0.7'], ['fd00::1']])(
    'a name that leads to %s is refused',
    async (address) => {
      leading(address);
      await using gateway = await gatewayWith(FILE);
      const refused = await ask(gateway, 'PUT', '/admin/endpoints/x', {
        apiKey: 'k',
        baseURL: 'https://api.vendor.com',
      });
      expect(issuesIn(refused)).toEqual([expect.stringMatching(/^baseURL: leads to this machine or its own network/)]);
    },
  );

  it('a name that does not exist is refused; one that cannot be looked up now is taken, with a warning', async () => {
    leading(failed('ENOTFOUND'), failed('EAI_AGAIN'));
    await using gateway = await gatewayWith(FILE);
    const body = { apiKey: 'k', baseURL: 'https://api.vendor.com/v1' };
    expect(issuesIn(await ask(gateway, 'PUT', '/admin/endpoints/x', body))).toEqual([
      'baseURL: names a host that does not exist',
    ]);
    const taken = await ask(gateway, 'PUT', '/admin/endpoints/x', body);
    expect([taken.status, taken.body.warnings]).toEqual([
      201,
      ['Where baseURL leads could not be looked up now (EAI_AGAIN).'],
    ]);
  });

  it('a name that only the proxy knows is taken', async () => {
    leading(failed('ENOTFOUND'));
    await using gateway = await gatewayWith(FILE);
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    const body = { apiKey: 'k', baseURL: 'https://api.vendor.com/v1' };
    expect((await ask(gateway, 'PUT', '/admin/endpoints/x', body)).status).toBe(201);
    expect((await ask(gateway, 'PUT', '/admin/endpoints/y', { ...body, baseURL: 'https://10.0.0.1' })).status).toBe(
      422,
    );
  });

  it('a name that leads inside once it was checked is not spoken to: no call, no key', async () => {
    // Whoever owns the name has a certificate for it; here nobody looks at it.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const heard: unknown[] = [];
    const { key, cert } = certificate();
    const inner = createServer({ key, cert }, ({ headers }, response) => {
      heard.push(headers.authorization);
      response.setHeader('content-type', 'application/json').end('{"choices":[{"finish_reason":"stop"}]}');
    });
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    const { port } = inner.address() as AddressInfo;
    const looked = leading('8.8.8.8', '127.0.0.1');
    await using gateway = await gatewayWith(FILE);
    const baseURL = `https://api.vendor.com:${port}/v1`;
    expect((await ask(gateway, 'PUT', '/admin/endpoints/x', { apiKey: KEY, baseURL })).status).toBe(201);
    await ask(gateway, 'PUT', '/admin/groups/g', { endpoints: [{ endpoint: 'x' }] });
    expect((await gateway.get('/v1/chat/completions', chat('g'))).status).toBeGreaterThanOrEqual(500);
    expect(heard).toEqual([]);
    expect(looked.length).toBeGreaterThan(1);
    inner.closeAllConnections();
    await new Promise((resolve) => inner.close(resolve));
  });

  it('what a store holds from when more was allowed is not used any more, and says why', async () => {
    const store = memoryGatewayStore();
    store.config.write({ endpoints: { inner: { apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' } } });
    await using gateway = await gatewayWith(FILE, { store });
    expect(gateway.gateway.settings.endpoints.map(({ name }) => name)).toEqual(['own']);
    expect(gateway.gateway.settings.warnings).toEqual([
      expect.stringMatching(/^Endpoint inner of the store is not used: its baseURL must begin with https/),
    ]);
    expect((await ask(gateway, 'DELETE', '/admin/endpoints/inner')).status).toBe(200);
  });

  it('keeps the key that another admin gave while the name was looked up', async () => {
    const waiting: (() => void)[] = [];
    const own = dns.lookup as (...given: unknown[]) => void;
    const lookup = (name: string, options: object, done: (...facts: unknown[]) => void) => {
      if (isIP(name) > 0) own(name, options, done);
      else waiting.push(() => done(null, [{ address: '8.8.8.8', family: 4 }]));
    };
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup);
    await using gateway = await gatewayWith(FILE);
    const baseURL = 'https://api.vendor.com/v1';
    await gateway.configuration.change({ endpoints: { x: { apiKey: 'sk-old', baseURL } } });
    const slow = ask(gateway, 'PUT', '/admin/endpoints/x', { baseURL, weight: 2 });
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    await gateway.configuration.change({ endpoints: { x: { apiKey: 'sk-new', baseURL } } });
    waiting[0]?.();
    expect((await slow).status).toBe(200);
    expect(gateway.store.config.read().endpoints.x).toEqual({ apiKey: 'sk-new', baseURL, weight: 2 });
  });

  it('a file may allow it', async () => {
    const looked = leading('127.0.0.1');
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ ...FILE, admin: { allowInsecure: true } });
    expect((await ask(gateway, 'PUT', '/admin/endpoints/a', { apiKey: 'k', baseURL: a.url })).status).toBe(201);
    expect(looked).toEqual([]);
    await ask(gateway, 'PUT', '/admin/groups/g', { endpoints: [{ endpoint: 'a' }] });
    expect((await gateway.get('/v1/chat/completions', chat('g'))).status).toBe(200);
  });
});

describe('what is secret (T24)', () => {
  const body = {
    ...{ apiKey: KEY, adminAPIKey: `${KEY}-admin`, baseURL: 'https://api.vendor.com/v1' },
    defaultHeaders: { 'x-secret': `${KEY}-header`, 'x-gone': null },
    defaultQuery: { sig: `${KEY}-query` },
  };

  it('is never told again, in no answer and no line of the log', async () => {
    leading('8.8.8.8');
    await using gateway = await gatewayWith({ ...FILE, adminKeys: [{ name: 'boss', key: 'admin-key' }] });
    const by = { key: 'admin-key' };
    const replies = [
      await ask(gateway, 'PUT', '/admin/endpoints/x', body, by),
      // Wrong, with the key in it.
      await ask(gateway, 'PUT', '/admin/endpoints/x', { ...body, weight: 'heavy', [`${KEY}`]: 1 }, by),
      await ask(gateway, 'PUT', '/admin/endpoints/x', { ...body, baseURL: `https://${KEY}` }, by),
      await ask(gateway, 'PUT', `/admin/groups/g`, { endpoints: [{ endpoint: 'x' }] }, by),
      ...(await Promise.all(
        ['endpoints', 'groups', 'keys', 'config', 'live', 'log'].map((path) =>
          ask(gateway, 'GET', `/admin/${path}`, undefined, by),
        ),
      )),
    ];
    expect(replies.slice(0, 4).map(({ status }) => status)).toEqual([201, 422, 422, 201]);
    for (const { text } of replies) {
      expect(text).not.toContain(KEY);
      expect(text).not.toContain('sk-own-0123456789');
      expect(text).not.toContain('admin-key');
    }
    expect(JSON.stringify(gateway.lines)).not.toContain(KEY);
    const [, , , , listed] = replies;
    const endpoints = listed?.body.endpoints;
    expect(endpoints[1]).toMatchObject({
      key: { from: 'store', hint: KEY.slice(-4) },
      defaultHeaders: { 'x-secret': '•••', 'x-gone': null },
      defaultQuery: { sig: '•••' },
    });
    // Of a short key not even the end.
    expect(endpoints[0].key).toEqual({ from: 'file' });
  });

  it('is kept when it is left out, or sent back as it was shown', async () => {
    leading('8.8.8.8');
    await using gateway = await gatewayWith(FILE);
    await ask(gateway, 'PUT', '/admin/endpoints/x', body);
    const { apiKey: _, adminAPIKey: _two, ...rest } = body;
    const shown = {
      ...rest,
      weight: 3,
      defaultHeaders: { 'x-secret': '•••' },
      defaultQuery: { sig: '•••', more: 'y' },
    };
    expect((await ask(gateway, 'PUT', '/admin/endpoints/x', shown)).status).toBe(200);
    expect(gateway.store.config.read().endpoints.x).toEqual({
      ...{ ...rest, apiKey: KEY, adminAPIKey: `${KEY}-admin`, weight: 3 },
      defaultHeaders: { 'x-secret': `${KEY}-header` },
      defaultQuery: { sig: `${KEY}-query`, more: 'y' },
    });
  });

  it('does not go along to another address: it must be given again', async () => {
    leading('8.8.8.8');
    await using gateway = await gatewayWith(FILE);
    await ask(gateway, 'PUT', '/admin/endpoints/x', body);
    const elsewhere = { baseURL: 'https://collector.evil.com/v1', defaultHeaders: { 'x-secret': '•••' } };
    const refused = await ask(gateway, 'PUT', '/admin/endpoints/x', elsewhere);
    expect(issuesIn(refused)).toEqual([
      expect.stringMatching(/^apiKey: must be given again: the address is another one/),
      expect.stringMatching(/^adminAPIKey: /),
      expect.stringMatching(/^defaultHeaders\.x-secret: /),
    ]);
    for (const more of [{ baseURL: 'http://api.vendor.com/v1' }, { type: 'anthropic' }, { baseURL: undefined }])
      expect((await ask(gateway, 'PUT', '/admin/endpoints/x', { ...body, apiKey: undefined, ...more })).status).toBe(
        422,
      );
    expect(gateway.store.config.read().endpoints.x).toEqual(body);
  });

  it('of the environment stays there: no reference is filled in', async () => {
    leading('8.8.8.8');
    await using gateway = await gatewayWith(FILE, { env: { HOME_SECRET: KEY } });
    const address = { baseURL: 'https://api.vendor.com/v1' };
    for (const [more, path] of [
      [{ apiKey: '${HOME_SECRET}' }, 'apiKey'],
      [{ apiKey: 'x${HOME_SECRET:-y}' }, 'apiKey'],
      [{ apiKey: 'k', defaultHeaders: { 'x-a': '${HOME_SECRET}' } }, 'defaultHeaders.x-a'],
      [{ apiKey: 'k', modelMap: { a: { model: 'b', body: { user: '${HOME_SECRET}' } } } }, 'modelMap.a.body.user'],
      [{ apiKeyEnv: 'HOME_SECRET' }, 'apiKeyEnv'],
      [{ apiKey: '' }, 'apiKey'],
    ] as const)
      expect(issuesIn(await ask(gateway, 'PUT', '/admin/endpoints/x', { ...address, ...more }))).toEqual([
        expect.stringMatching(new RegExp(`^${path}: `)),
      ]);
    expect(gateway.store.config.read().endpoints).toEqual({});
    // What a store holds all the same is taken as it stands.
    gateway.store.config.write({ endpoints: { x: { ...address, apiKey: '${HOME_SECRET}' } } });
    const found = gateway.gateway.settings.endpoints.find(({ name }) => name === 'x');
    expect(found?.options).toMatchObject({ apiKey: '${HOME_SECRET}' });
  });
});

describe('odd bodies (T16, T18)', () => {
  it.each([
    ['__proto__', '{"apiKey":"k","__proto__":{"admin":true}}'],
    ['constructor', '{"apiKey":"k","modelMap":{"constructor":"x"}}'],
    ['prototype', '{"tags":[{"prototype":1}]}'],
  ])('the name %s is refused', async (_, raw) => {
    await using gateway = await gatewayWith(FILE);
    const refused = await ask(gateway, 'PUT', '/admin/endpoints/x', undefined, { raw });
    expect([refused.status, refused.body.error.code]).toEqual([400, 'invalid_body']);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each([['__proto__'], ['constructor'], ['prototype']])('nothing is called %s', async (name) => {
    await using gateway = await gatewayWith(FILE);
    for (const path of [`/admin/endpoints/${name}`, `/admin/groups/${name}`]) {
      const refused = await ask(gateway, 'PUT', path, { apiKey: 'k', endpoints: [{ endpoint: 'own' }] });
      expect([refused.status, refused.body.error.code]).toEqual([422, 'invalid_name']);
      expect((await ask(gateway, 'DELETE', path)).status).toBe(404);
    }
  });

  it('too large, too deep, broken and compressed bodies are refused', async () => {
    await using gateway = await gatewayWith(FILE);
    const put = async (raw: string | Buffer, headers: Record<string, string> = {}) => {
      const { status, body } = await ask(gateway, 'PUT', '/admin/endpoints/x', undefined, { raw, headers });
      return [status, body.error.code];
    };
    expect(await put(`{"apiKey":"${'k'.repeat(2 ** 20)}"}`)).toEqual([413, 'request_too_large']);
    expect(await put('k'.repeat(2 ** 20 + 1), { 'transfer-encoding': 'chunked' })).toEqual([413, 'request_too_large']);
    expect(await put(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)).toEqual([400, 'invalid_body']);
    expect(await put('['.repeat(100_000))).toEqual([400, 'invalid_body']);
    expect(await put(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toEqual([400, 'invalid_body']);
    expect(await put('{"apiKey":')).toEqual([400, 'invalid_body']);
    expect(await put('{}', { 'content-encoding': 'gzip' })).toEqual([415, 'unsupported_encoding']);
  });
});
