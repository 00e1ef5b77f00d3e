// Changes through the admin API: taken as a whole or not at all, without a call noticing.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GatewayStore } from '../../../src/gateway/store/gateway-store.ts';
import { StoreFailure } from '../../../src/gateway/store/gateway-store.ts';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { ask, issuesIn } from '../../support/admin.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

afterEach(() => vi.restoreAllMocks());

const loose = { admin: { allowInsecure: true } };
const member = (endpoint: string) => ({ endpoint, model: 'gpt-5' });

/** Everything that a change could have touched. */
async function everything(gateway: Awaited<ReturnType<typeof gatewayWith>>): Promise<string> {
  const paths = ['groups', 'endpoints', 'keys', 'config'];
  const shown = await Promise.all(paths.map((path) => ask(gateway, 'GET', `/admin/${path}`)));
  return JSON.stringify([shown.map(({ text }) => text), gateway.store.config.read(), gateway.store.keys.list()]);
}

describe('a change', () => {
  it('makes an endpoint and a group that serve the next call', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ ...loose, endpoints: [endpointOf(a)] });
    const made = await ask(gateway, 'PUT', '/admin/endpoints/b', { baseURL: b.url, apiKey: 'sk-b-0123456789abcdef' });
    expect(made.status).toBe(201);
    expect(made.body.endpoint).toMatchObject({ name: 'b', source: 'store', key: { from: 'store', hint: 'cdef' } });
    const group = { strategy: 'priority', endpoints: [member('b'), member('a')], fallback: [] };
    expect((await ask(gateway, 'PUT', '/admin/groups/openai%2Fbest', group)).status).toBe(201);
    const reply = await gateway.get('/v1/chat/completions', chat('openai/best'));
    expect([reply.status, reply.headers.get('x-endpoint')]).toEqual([200, 'b']);
    expect(b.requests[0]?.headers.authorization).toBe('Bearer sk-b-0123456789abcdef');
    // What was there before, put again: undone.
    const listed = (await ask(gateway, 'GET', '/admin/groups')).body.groups;
    expect(listed).toEqual([{ name: 'openai/best', source: 'store', ...group }]);
    expect((await ask(gateway, 'PUT', '/admin/groups/openai%2Fbest', group)).status).toBe(200);
    expect((await ask(gateway, 'DELETE', '/admin/groups/openai%2Fbest')).body).toEqual({ deleted: 'openai/best' });
    expect((await ask(gateway, 'DELETE', '/admin/endpoints/b')).body).toEqual({ deleted: 'b' });
    expect(gateway.store.config.read()).toMatchObject({ endpoints: {}, groups: {} });
  });

  const wrong: readonly (readonly [
    what: string,
    method: string,
    path: string,
    body: object,
    issues: readonly string[],
  ])[] = [
    [
      'a typing error',
      'PUT',
      '/admin/endpoints/b',
      { apiKey: 'x', baseURL: 'http://127.0.0.1:9/v1', wieght: 2 },
      ['wieght: unknown option; did you mean weight?'],
    ],
    [
      'several errors at once',
      'PUT',
      '/admin/endpoints/b',
      { apiKey: 'x y', baseURL: 'nowhere', weight: -1 },
      [expect.stringMatching(/^weight: /), expect.stringMatching(/^apiKey: /), expect.stringMatching(/^baseURL: /)],
    ],
    ['another name inside', 'PUT', '/admin/endpoints/b', { name: 'c' }, [expect.stringMatching(/^name: must be/)]],
    ['no object', 'PUT', '/admin/endpoints/b', [], [expect.stringMatching(/^: must be an object/)]],
    [
      'an unknown endpoint',
      'PUT',
      '/admin/groups/g',
      { endpoints: [{ endpoint: 'aa' }] },
      [expect.stringMatching(/^endpoints\[0\]\.endpoint: names no endpoint; did you mean a\?/)],
    ],
    ['nobody', 'PUT', '/admin/groups/g', { endpoints: [] }, [expect.stringMatching(/^endpoints: /)]],
    [
      'a circle',
      'PUT',
      '/admin/groups/g',
      { endpoints: [{ endpoint: 'a' }], fallback: ['g'] },
      [expect.stringMatching(/^fallback: leads back to the group itself/)],
    ],
    ['a name that pins', 'PUT', '/admin/groups/g$2', { endpoints: [{ endpoint: 'a' }] }, [expect.any(String)]],
    [
      'a reference',
      'PUT',
      '/admin/groups/g',
      { endpoints: [{ endpoint: 'a', model: '${PATH}' }] },
      [expect.stringMatching(/^endpoints\[0\]\.model: holds \$\{…\}/)],
    ],
    [
      'a key with rights',
      'POST',
      '/admin/keys',
      { name: 'x', role: 'admin' },
      [expect.stringMatching(/^role: does not exist/)],
    ],
  ];

  it.each(wrong)(
    'that is wrong (%s) leaves everything as it was, and says why',
    async (_, method, path, body, issues) => {
      await using a = await faultServer({ name: 'a' });
      await using gateway = await gatewayWith({ ...loose, endpoints: [endpointOf(a)] });
      await ask(gateway, 'PUT', '/admin/groups/kept', { endpoints: [member('a')] });
      const before = await everything(gateway);
      const refused = await ask(gateway, method, path, body);
      expect(refused.status).toBe(422);
      expect(issuesIn(refused)).toEqual(issues);
      expect(await everything(gateway)).toBe(before);
      expect((await gateway.get('/v1/chat/completions', chat('kept'))).status).toBe(200);
    },
  );

  it('that the store cannot keep is not taken', async () => {
    await using a = await faultServer({ name: 'a' });
    const store: GatewayStore = memoryGatewayStore();
    await using gateway = await gatewayWith({ ...loose, endpoints: [endpointOf(a)] }, { store });
    const before = await everything(gateway);
    vi.spyOn(store.config, 'write').mockImplementation(() => {
      throw new StoreFailure('The disk is full.');
    });
    const refused = await ask(gateway, 'PUT', '/admin/groups/g', { endpoints: [member('a')] });
    expect([refused.status, refused.body.error]).toEqual([503, { message: 'The disk is full.', code: 'store_failed' }]);
    expect(await everything(gateway)).toBe(before);
    expect((await gateway.get('/v1/chat/completions', chat('g'))).headers.get('x-endpoint')).toBe('a');
    expect(gateway.gateway.settings.groups).toEqual([]);
  });

  it('that cannot be put to work is not written', async () => {
    await using gateway = await gatewayWith({
      ...loose,
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
    });
    const itself = { apiKey: 'k', baseURL: `${gateway.url}/v1` };
    const refused = await ask(gateway, 'PUT', '/admin/endpoints/me', itself);
    expect([refused.status, refused.body.error.code]).toEqual([409, 'refused']);
    expect(refused.body.error.message).toMatch(/is this gateway itself/);
    expect(gateway.store.config.read().endpoints).toEqual({});
  });

  it('leaves breakers and counters of endpoints as they are, and lets running calls end on what they began with', async () => {
    await using bad = await faultServer({ name: 'bad', script: [401] });
    await using slow = await faultServer({ name: 'slow', script: { stream: 6, gap: 60 } });
    await using gateway = await gatewayWith({
      ...loose,
      strategy: 'priority',
      endpoints: [endpointOf(bad), endpointOf(slow)],
      groups: { g: { endpoints: [member('bad'), member('slow')] } },
    });
    const stream = gateway.get('/v1/chat/completions', chat('g', { stream: true })).then((reply) => reply.text());
    await slow.until(({ calls }) => calls === 1);
    expect((await ask(gateway, 'PUT', '/admin/groups/other', { endpoints: [member('slow')] })).status).toBe(201);
    expect((await ask(gateway, 'POST', '/admin/endpoints/slow/drain')).status).toBe(202);
    const { endpoints } = (await ask(gateway, 'GET', '/admin/endpoints')).body;
    expect(endpoints[0].state).toMatchObject({ name: 'bad', attempts: 1, excluded: expect.any(String) as string });
    expect(endpoints[1].state).toMatchObject({ name: 'slow', inFlight: 1, drained: true, excluded: 'drained' });
    expect(await stream).toContain('[DONE]');
    expect(bad.calls).toBe(1);
  });

  it('loses no call, however many come', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith(
      { ...loose, endpoints: [endpointOf(a), endpointOf(b)] },
      { level: 'error' },
    );
    const put = (weight: number) =>
      ask(gateway, 'PUT', '/admin/groups/g', { endpoints: [{ ...member('a'), weight }, member('b')] });
    await put(1);
    let isOver = false;
    const results: number[] = [];
    const caller = async () => {
      while (!isOver) {
        const reply = await gateway.get('/v1/chat/completions', chat('g'));
        await reply.arrayBuffer();
        results.push(reply.status);
      }
    };
    const callers = Promise.all([caller(), caller(), caller(), caller()]);
    for (let change = 1; change <= 60; change++) expect((await put(change)).status).toBe(200);
    isOver = true;
    await callers;
    expect(results.length).toBeGreaterThan(30);
    expect(new Set(results)).toEqual(new Set([200]));
  });
});

describe('what stands in the file', () => {
  it('is not changed here, and the answer says where', async () => {
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'https://a.example.com' }],
      groups: { g: { endpoints: [{ endpoint: 'a' }] } },
      clientKeys: [{ name: 'app', key: 'k1' }],
    });
    for (const [method, path, body] of [
      ['PUT', '/admin/endpoints/a', { apiKey: 'x' }],
      ['DELETE', '/admin/endpoints/a', undefined],
      ['PUT', '/admin/groups/g', { endpoints: [{ endpoint: 'a' }] }],
      ['DELETE', '/admin/groups/g', undefined],
      ['DELETE', '/admin/keys/file:app', undefined],
    ] as const) {
      const refused = await ask(gateway, method, path, body);
      expect([refused.status, refused.body.error.code]).toEqual([409, 'named_by_file']);
      expect(refused.body.error.message).toMatch(/stands in the configuration file/);
    }
  });

  it('of the environment as well', async () => {
    await using gateway = await gatewayWith({}, { env: { OPENAI_API_KEYS: 'sk-one,sk-two' } });
    const refused = await ask(gateway, 'PUT', '/admin/endpoints/openai-2', { apiKey: 'x' });
    expect([refused.status, refused.body.error.message]).toEqual([
      409,
      'The endpoint openai-2 comes from the environment; change it there.',
    ]);
  });
});

describe('what is not there, or in use', () => {
  it('is said, with what was perhaps meant', async () => {
    await using gateway = await gatewayWith({
      ...loose,
      endpoints: [{ name: 'main', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
    });
    await ask(gateway, 'PUT', '/admin/endpoints/spare', { apiKey: 'k', baseURL: 'http://127.0.0.1:9/v2' });
    await ask(gateway, 'PUT', '/admin/groups/small', { endpoints: [{ endpoint: 'spare' }] });
    await ask(gateway, 'PUT', '/admin/groups/big', { endpoints: [{ endpoint: 'spare' }], fallback: ['small'] });
    const told = async (method: string, path: string) => {
      const { status, body } = await ask(gateway, method, path);
      return [status, body.error.code, body.error.message];
    };
    expect(await told('DELETE', '/admin/endpoints/spar')).toEqual([
      404,
      'unknown_endpoint',
      'There is no endpoint "spar"; did you mean spare?',
    ]);
    expect(await told('POST', '/admin/endpoints/mian/drain')).toEqual([
      404,
      'unknown_endpoint',
      'There is no endpoint "mian"; did you mean main?',
    ]);
    expect(await told('DELETE', '/admin/groups/bgi')).toEqual([
      404,
      'unknown_group',
      'There is no group "bgi"; did you mean big?',
    ]);
    expect(await told('DELETE', '/admin/endpoints/spare')).toEqual([
      409,
      'in_use',
      'The endpoint spare is used by small, big; take it out there first.',
    ]);
    expect((await told('DELETE', '/admin/groups/small'))[1]).toBe('in_use');
    expect((await ask(gateway, 'DELETE', '/admin/groups/big')).status).toBe(200);
    expect((await ask(gateway, 'DELETE', '/admin/groups/small')).status).toBe(200);
    expect((await ask(gateway, 'DELETE', '/admin/endpoints/spare')).status).toBe(200);
  });
});

describe('drained endpoints', () => {
  it('take no calls, over changes and restarts, until the drain is ended', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    const store = memoryGatewayStore();
    const configuration = { ...loose, endpoints: [endpointOf(a), endpointOf(b)] };
    const served = async (gateway: Awaited<ReturnType<typeof gatewayWith>>) => {
      const replies = await Promise.all([1, 2, 3, 4].map(() => gateway.get('/v1/chat/completions', chat('gpt-5'))));
      return [...new Set(replies.map((reply) => reply.headers.get('x-endpoint')))].sort();
    };
    {
      await using gateway = await gatewayWith(configuration, { store });
      expect((await ask(gateway, 'POST', '/admin/endpoints/a/drain', {})).body).toEqual({
        endpoint: 'a',
        drained: true,
      });
      expect(await served(gateway)).toEqual(['b']);
      expect((await ask(gateway, 'POST', '/admin/reload')).status).toBe(200);
      expect(await served(gateway)).toEqual(['b']);
    }
    await using gateway = await gatewayWith(configuration, { store });
    expect(await served(gateway)).toEqual(['b']);
    expect((await ask(gateway, 'DELETE', '/admin/endpoints/a/drain')).body).toEqual({ endpoint: 'a', drained: false });
    expect(await served(gateway)).toEqual(['a', 'b']);
  });

  it('a PUT ends a drain', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ ...loose, endpoints: [endpointOf(a)] });
    const body = { baseURL: a.url, apiKey: 'k2' };
    await ask(gateway, 'PUT', '/admin/endpoints/b', body);
    await ask(gateway, 'POST', '/admin/endpoints/b/drain');
    expect(gateway.store.config.read().drained).toEqual(['b']);
    const put = await ask(gateway, 'PUT', '/admin/endpoints/b', { baseURL: a.url, weight: 2 });
    expect(put.body.endpoint).toMatchObject({ weight: 2, state: { drained: false } });
    expect(gateway.store.config.read()).toMatchObject({ drained: [], endpoints: { b: { apiKey: 'k2', weight: 2 } } });
  });
});
