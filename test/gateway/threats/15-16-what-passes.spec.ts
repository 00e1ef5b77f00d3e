// Threats T15 and T16: of an endpoint's headers only those pass that are listed, and no name in a call, a reply or a configuration
// reaches a prototype.
import { afterEach, describe, expect, it } from 'vitest';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';
import { fc, runs } from '../../support/property.ts';

const TOLD = {
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'openai-model': 'gpt-5',
  'x-ratelimit-remaining-requests': '7',
  'x-request-id': 'req_1',
  'cache-control': 'no-store',
  deprecation: 'true',
};
const KEPT = {
  'set-cookie': ['session=1', '__cf_bm=2'],
  'openai-organization': 'org-secret',
  'openai-project': 'proj_secret',
  'anthropic-organization-id': 'org-secret',
  location: 'http://10.0.0.1/x',
  'content-location': '/internal',
  refresh: '0; url=http://evil.example',
  link: '<http://evil.example>; rel=preload',
  server: 'cloudflare',
  via: '1.1 proxy.internal',
  'cf-ray': 'x',
  'cf-cache-status': 'x',
  'x-served-by': 'host-7.internal',
  'x-envoy-upstream-service-time': '5',
  'x-forwarded-for': '10.0.0.1',
  'x-real-ip': '10.0.0.1',
  'x-powered-by': 'x',
  'x-api-key': 'k',
  authorization: 'Bearer k',
  'www-authenticate': 'Basic',
  'proxy-authenticate': 'Basic',
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'strict-transport-security': 'max-age=1',
  'alt-svc': 'h3=":443"',
  'clear-site-data': '"*"',
  'service-worker-allowed': '/',
  'content-security-policy': 'default-src *',
  'x-accel-redirect': '/etc/passwd',
  'x-sendfile': '/etc/passwd',
  'x-endpoint': 'another',
  'x-attempts': '99',
  nel: '{}',
};

describe('T15: headers of an endpoint', () => {
  it.each(['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/rerank', '/v1/audio/speech'])(
    'pass by a list at %s',
    async (path) => {
      for (const stream of [false, true]) {
        await using a = await faultServer({
          name: 'a',
          script: { repeat: [{ step: 'ok', headers: { ...KEPT, ...TOLD } }] },
        });
        await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
        const response = await gateway.get(path, chat('gpt-5', { input: 'x', voice: 'alloy', max_tokens: 9, stream }));
        const { 'x-endpoint': endpoint, 'x-attempts': attempts, ...rest } = Object.fromEntries(response.headers);
        expect([endpoint, attempts]).toEqual(['a', '1']);
        // One of them is written by the gateway itself, for what is no JSON.
        const { 'content-security-policy': policy = 'sandbox', ...others } = rest;
        expect(policy).toBe('sandbox');
        expect(Object.keys(others).filter((name) => Object.hasOwn(KEPT, name))).toEqual([]);
        expect(JSON.stringify(rest)).not.toMatch(/secret|internal|evil|10\.0\.0/);
        await response.text();
      }
    },
  );

  it('pass by the same list when it fails', async () => {
    for (const status of [400, 401, 404, 429, 500, 503]) {
      await using a = await faultServer({ name: 'a', script: { repeat: [{ status, headers: { ...KEPT, ...TOLD } }] } });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], maxRetries: 0 });
      const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
      expect(
        [...response.headers.keys()].filter((name) => Object.hasOwn(KEPT, name) && !name.startsWith('x-')),
      ).toEqual([]);
      await response.text();
    }
  });

  it('of what is shown of itself hold no cookie and allow no other page', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const path of ['/', '/health', '/stats', '/metrics', '/v1/models', '/dashboard', '/nope']) {
      const response = await gateway.get(path, { redirect: 'manual' });
      for (const name of ['set-cookie', 'access-control-allow-origin', 'x-powered-by', 'server'])
        expect([path, name, response.headers.get(name)]).toEqual([path, name, null]);
      await response.text();
    }
  });
});

describe('T16: names of prototypes', () => {
  const EVIL = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  afterEach(() => {
    for (const name of ['polluted', 'apiKey', 'groups', 'model', 'stream']) expect(({} as never)[name]).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('in a call are data like all others, wherever they stand', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const name = fc.constantFrom(...EVIL, 'model', 'messages', 'polluted', 'stream', 'x');
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ depthSize: 'small' }, fc.constantFrom('"x"', '1', 'null', 'true', '[]'), tie('object')),
      object: fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((rows) => {
        const fields = rows.filter(([key], at) => key !== 'model' || rows.findIndex(([other]) => other === key) === at);
        return `{${[...fields.map(([key, value]) => `"${key}":${value}`), '"polluted":true'].join(',')}}`;
      }),
    }));
    await fc.assert(
      fc.asyncProperty(json as fc.Arbitrary<string>, fc.constantFrom(...EVIL), async (value, evil) => {
        const body = `{"model":"gpt-5","messages":[],"${evil}":${value},"__proto__":{"polluted":true,"model":"other"}}`;
        const headers = { 'content-type': 'application/json' };
        const response = await gateway.get(`/v1/chat/completions?${evil}=1&__proto__[polluted]=1`, {
          method: 'POST',
          headers,
          body,
        });
        await response.text();
        expect(response.status).toBe(200);
        expect(a.requests.at(-1)?.model).toBe('gpt-5');
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      runs(60),
    );
  });

  it('are models that nobody has', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { 'gpt-5': { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
      clientKeys: [{ name: 'constructor', key: 'k', groups: ['gpt-5'] }],
    });
    for (const evil of EVIL) {
      for (const model of [evil, `gpt-5$${evil}`, `${evil}$1`]) {
        const headers = { 'content-type': 'application/json', authorization: 'Bearer k' };
        expect([model, (await gateway.get('/v1/chat/completions', { ...chat(model), headers })).status]).toEqual([
          model,
          404,
        ]);
      }
      for (const path of [`/${evil}`, `/v1/${evil}`, `/v1/models/${evil}`]) {
        const { status } = await gateway.get(path, { headers: { authorization: 'Bearer k' } });
        expect([path, status]).toEqual([path, 404]);
      }
      expect((await gateway.get('/v1/models', { headers: { authorization: `Bearer ${evil}` } })).status).toBe(401);
    }
    expect(a.calls).toBe(0);
  });

  it('in a form, and in what an endpoint answers, change nothing', async () => {
    const body =
      '{"id":"x","object":"chat.completion","__proto__":{"polluted":1},"choices":[{"index":0,"finish_reason":"stop","message":{"content":"x","__proto__":{"polluted":1}}}],"usage":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';
    await using a = await faultServer({
      name: 'a',
      script: { repeat: [{ status: 200, headers: { 'content-type': 'application/json' }, body }] },
    });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const path of ['/v1/chat/completions', '/v1/messages'])
      expect((await gateway.get(path, chat('gpt-5', { max_tokens: 9 }))).status).toBe(200);
    const form = new FormData();
    for (const evil of EVIL) form.append(evil, 'x');
    form.append('model', 'gpt-5');
    form.append('file', new Blob(['x']), '__proto__');
    await (await gateway.get('/v1/audio/transcriptions', { method: 'POST', body: form })).text();
  });

  it.each(EVIL.slice(0, 3))('%s is nothing in a configuration', (evil) => {
    const written = (text: string) => JSON.parse(text) as object;
    const endpoints = '"endpoints":[{"name":"a","apiKey":"k"}]';
    for (const text of [
      `{${endpoints},"${evil}":{"polluted":true}}`,
      `{"endpoints":[{"name":"a","apiKey":"k","${evil}":{"baseURL":"http://evil.example"}}]}`,
      `{${endpoints},"limits":{"${evil}":{"polluted":true}}}`,
    ])
      expect(() => settingsOf(written(text), {}, 'test')).toThrow(
        /unknown option|is not an option|__proto__|constructor|prototype/,
      );
    // As a name of a group it is a name.
    const groups = `"groups":{"${evil}":{"endpoints":[{"endpoint":"a"}]}}`;
    try {
      expect(
        settingsOf(written(`{${endpoints},${groups}}`), {}, 'test').groups.every(({ members }) => members.length === 1),
      ).toBe(true);
    } catch (error) {
      expect((error as Error).message).toContain(evil);
    }
  });
});
