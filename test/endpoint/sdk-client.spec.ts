// The SDK client of an endpoint: its guarded fetch, its switched-off clocks, and what it does not read from the environment.
import { AzureOpenAI, OpenAI } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EndpointSettings } from '../../src/config/settings.ts';
import { WATCH } from '../../src/endpoint/guarded-fetch.ts';
import { attemptClient, bringsTransport, directClient, PREPARE } from '../../src/endpoint/sdk-client.ts';
import { endpointSettings } from '../support/parts.ts';

const json = (status = 200, body: unknown = { id: 'x' }) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
type Seen = { url: string; init: RequestInit };

function bench(changes: Partial<EndpointSettings> = {}, answer: () => Response | Promise<Response> = json) {
  const seen: Seen[] = [];
  const fetch = vi.fn(async (url: string | URL | Request, init?: RequestInit) => {
    seen.push({ url: String(url), init: init ?? {} });
    return answer();
  }) as typeof globalThis.fetch;
  const settings = endpointSettings({ options: { apiKey: 'key', baseURL: 'https://a.example/v1' }, ...changes });
  return { seen, fetch, settings, client: attemptClient(settings, {}, fetch) };
}

afterEach(() => void vi.unstubAllEnvs());

describe('the client for attempts', () => {
  it('makes one request, without retries and without a clock of its own', async () => {
    const { client, seen } = bench({}, () => json(500, { error: { message: 'boom' } }));
    await expect(client.post('/chat/completions', { body: {} })).rejects.toMatchObject({ status: 500 });
    expect(seen).toHaveLength(1);
    expect(client.timeout).toBeGreaterThan(86_400_000);
  });

  it('holds none of the resources that nobody asks it for, on Azure neither; one for direct use has them all', () => {
    const options = { apiKey: 'k', endpoint: 'https://a.example', apiVersion: '2025-01-01' } as never;
    const azure = endpointSettings({ type: 'azure', baseURL: 'https://a.example/openai', options });
    const plain = endpointSettings({ options: { apiKey: 'k', baseURL: 'https://a.example/v1' } });
    for (const settings of [azure, plain]) {
      const resources = (client: OpenAI) => Object.values(client).filter((value) => value?._client !== undefined);
      expect(resources(attemptClient(settings, {}, globalThis.fetch))).toEqual([]);
      expect(resources(directClient(settings, {}, 5, 5)).length).toBeGreaterThan(10);
    }
  });

  it('is the brought one as it is', () => {
    const client = new OpenAI({ apiKey: 'x' });
    const settings = endpointSettings({ client });
    expect(attemptClient(settings, {}, globalThis.fetch)).toBe(client);
    expect(client.models).toBeDefined();
    expect(directClient(settings, {}, 5, 5)).toBe(client);
  });

  it('leaves what the brought one is used for by itself alone, in however many pools it is', async () => {
    const seen: (RequestInit | undefined)[] = [];
    const fetch = async (_: unknown, init?: RequestInit) => {
      seen.push(init);
      return new Response('x'.repeat(2_000_000), { status: 500 });
    };
    const client = new OpenAI({ apiKey: 'x', baseURL: 'https://a.example/v1', maxRetries: 0, logLevel: 'off', fetch });
    const keys = Object.keys(client);
    const settings = endpointSettings({ client });
    attemptClient(settings, {}, globalThis.fetch);
    const { fetch: watching } = client as unknown as { fetch: unknown };
    attemptClient(settings, {}, globalThis.fetch);
    attemptClient(endpointSettings({ client: client.withOptions({ timeout: 5 }) }), {}, globalThis.fetch);
    expect([(client as unknown as { fetch: unknown }).fetch, Object.keys(client)]).toEqual([watching, keys]);
    const error = await client.models.list().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error!.message.length).toBeGreaterThan(1_500_000);
    expect(seen[0]!.redirect).toBeUndefined();
  });

  it('takes a brought one that cannot be watched', () => {
    const client = Object.freeze(new OpenAI({ apiKey: 'x' })) as OpenAI;
    expect(attemptClient(endpointSettings({ client }), {}, globalThis.fetch)).toBe(client);
  });

  it('takes the endpoint’s own fetch, then the pool’s', async () => {
    const own = vi.fn(async () => json()) as typeof globalThis.fetch;
    const { client, fetch } = bench({ options: { apiKey: 'key', baseURL: 'https://a.example/v1', fetch: own } });
    await client.get('/models');
    expect([vi.mocked(own).mock.calls.length, vi.mocked(fetch).mock.calls.length]).toEqual([1, 0]);
  });

  it('takes what a clone overrides', async () => {
    const { settings, fetch, seen } = bench();
    await attemptClient(settings, { defaultHeaders: { 'x-a': '1' } }, fetch).get('/models');
    expect(new Headers(seen[0]!.init.headers).get('x-a')).toBe('1');
  });

  it('reads error bodies within bounds', async () => {
    const { client } = bench({}, () => json(400, { error: { message: 'bad', code: 'c' } }));
    await expect(client.get('/models')).rejects.toMatchObject({ status: 400, code: 'c' });
  });

  it('is an Azure client for Azure', () => {
    const options = { apiKey: 'key', endpoint: 'https://x.azure.example', apiVersion: '2024-10-21' };
    expect(bench({ type: 'azure', options: options as never }).client).toBeInstanceOf(AzureOpenAI);
  });

  it('keeps the environment’s headers from an endpoint of another vendor', async () => {
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'x-secret: env');
    const isolated = bench();
    await isolated.client.get('/models');
    expect(new Headers(isolated.seen[0]!.init.headers).get('x-secret')).toBeNull();
  });
});

/** What the client itself would fetch. */
const leak = (client: OpenAI, url: string | URL | Request) =>
  (client as unknown as { fetch: typeof globalThis.fetch }).fetch(url, {});

describe('a logger that throws', () => {
  it('reaches no call, and hears every level', async () => {
    const heard: string[] = [];
    const say = (level: string) => () => {
      heard.push(level);
      throw new Error('disk full');
    };
    const logger = { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') };
    const { client } = bench({
      options: { apiKey: 'key', baseURL: 'https://a.example/v1', logger, logLevel: 'debug' },
    });
    await client.get('/models');
    expect(heard).toContain('debug');
    const own = (client as unknown as { logger: typeof logger }).logger;
    for (const level of ['error', 'warn', 'info', 'debug'] as const) {
      heard.length = 0;
      expect(() => own[level]()).not.toThrow();
      expect(heard).toEqual([level]);
    }
  });
});

describe('the guarded fetch', () => {
  it('is not followed where a reply points', async () => {
    const { client, seen } = bench();
    await client.get('/models', { fetchOptions: { redirect: 'follow' } });
    expect(seen[0]!.init.redirect).toBe('manual');
  });

  it.each<[string, string | URL | Request]>([
    ['another host', 'https://evil.example/v1/models'],
    ['a host that begins alike', 'https://a.example.evil.example/v1'],
    ['another port', 'https://a.example:8443/v1/models'],
    ['another scheme', 'http://a.example/v1/models'],
    ['a user that looks like the host', 'https://a.example@evil.example/v1'],
    ['a URL object', new URL('https://evil.example/')],
    ['a request', new Request('https://evil.example/')],
  ])('never goes to %s', async (_, url) => {
    const { client, fetch } = bench();
    await expect(leak(client, url)).rejects.toThrow(/Refused to send a call to/);
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each<[string | URL | Request]>([
    ['https://a.example/v1/models'],
    ['https://a.example/elsewhere'],
    ['https://a.example?x=1'],
    [new URL('https://a.example/v1')],
    [new Request('https://a.example/v1')],
  ])('goes to its own origin: %s', async (url) => {
    const { client, fetch } = bench();
    await leak(client, url);
    expect(fetch).toHaveBeenCalledOnce();
  });

  it('follows a base URL that is changed', async () => {
    const { client, fetch } = bench();
    client.baseURL = 'https://b.example/v1';
    await client.get('/models');
    await expect(leak(client, 'https://a.example/v1/models')).rejects.toThrow(
      'Refused to send a call to https://a.example:',
    );
    expect(fetch).toHaveBeenCalledOnce();
  });

  it('tells the attempt of its first byte, or of its failure as fetch threw it', async () => {
    const watch = { answered: vi.fn(), failed: vi.fn() };
    const options = { fetchOptions: { [WATCH]: watch } as never };
    await bench().client.get('/models', options);
    expect([watch.answered.mock.calls.length, watch.failed.mock.calls.length]).toEqual([1, 0]);
    const error = new TypeError('fetch failed');
    const broken = bench({}, () => Promise.reject(error)).client;
    await expect(broken.get('/models', options)).rejects.toThrow();
    expect(watch.failed.mock.calls).toEqual([[error]]);
  });
});

describe('a hook for each attempt', () => {
  it('runs after the client’s own, on the very request', async () => {
    const { client, seen } = bench();
    const hook = vi.fn(async (request: RequestInit) => {
      new Headers(request.headers);
      (request.headers as Headers).set('x-hook', '1');
    });
    await client.get('/models', { [PREPARE]: hook } as never);
    expect(hook).toHaveBeenCalledOnce();
    expect((hook.mock.calls[0] as unknown[])[1]).toMatchObject({ url: 'https://a.example/v1/models' });
    expect(new Headers(seen[0]!.init.headers).get('x-hook')).toBe('1');
  });
});

describe('the client for direct use', () => {
  it('has the SDK’s own retries and timeout', () => {
    const client = directClient(
      endpointSettings({ options: { apiKey: 'key', baseURL: 'https://a.example/v1' } }),
      {},
      1_234,
      7,
    );
    expect([client.timeout, client.maxRetries, client.baseURL]).toEqual([1_234, 7, 'https://a.example/v1']);
  });

  it('is as careful with its key', async () => {
    const { fetch, seen } = bench();
    const options = { apiKey: 'key', baseURL: 'https://a.example/v1', fetch };
    const client = directClient(endpointSettings({ options }), {}, 1_000, 0);
    await client.get('/models');
    expect(seen[0]!.init.redirect).toBe('manual');
    await expect(leak(client, 'https://evil.example/')).rejects.toThrow(/Refused/);
    expect(seen).toHaveLength(1);
  });

  it('takes the global fetch where the endpoint has none', async () => {
    const { fetch, seen } = bench();
    vi.stubGlobal('fetch', fetch);
    await directClient(
      endpointSettings({ options: { apiKey: 'key', baseURL: 'https://a.example/v1' } }),
      {},
      1_000,
      0,
    ).get('/models');
    vi.unstubAllGlobals();
    expect(seen).toHaveLength(1);
  });

  it('takes what a clone overrides', () => {
    expect(directClient(endpointSettings({ options: { apiKey: 'key' } }), { maxRetries: 0 }, 1, 7).maxRetries).toBe(0);
  });
});

it.each<[string, object, boolean]>([
  ['a key', { apiKey: 'x' }, false],
  ['a certificate', { x509Transport: {} }, true],
  ['no certificate', { x509Transport: undefined }, false],
  ['a credential', { credential: {} }, true],
  ['no credential', { credential: undefined }, false],
])('%s brings a transport of its own: %s', (_, options, expected) => {
  expect(bringsTransport(endpointSettings({ options: options as never }))).toBe(expected);
});
