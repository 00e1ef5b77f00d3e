// The environment form: which pool the variables describe, and when they are read at all.
import { describe, expect, it } from 'vitest';
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';

const URLS = JSON.stringify({ openai: ['https://a.example/v1', 'https://b.example/v1'] });

const pool = (env: Record<string, string>, input: LoadBalancedOpenAIOptions = {}) =>
  resolveSettings(input, env).endpoints.map(({ name, baseURL, options, isolated }) => [
    name,
    baseURL,
    options.apiKey,
    isolated,
  ]);

const official = 'https://api.openai.com/v1';

describe('the pool of the environment', () => {
  it('is one endpoint per key of OPENAI_API_KEYS', () => {
    expect(pool({ OPENAI_API_KEYS: ' k1, k2 ,,\nk3, ' })).toEqual([
      ['openai-1', official, 'k1', false],
      ['openai-2', official, 'k2', false],
      ['openai-3', official, 'k3', false],
    ]);
  });

  it('goes where the SDK would go', () => {
    const [first] = resolveSettings(
      {},
      { OPENAI_API_KEYS: 'k1', OPENAI_BASE_URL: 'https://proxy.example/v1' },
    ).endpoints;
    expect(first?.baseURL).toBe('https://proxy.example/v1');
    expect(first?.options).not.toHaveProperty('baseURL');
  });

  it('is every key on every URL, URL by URL', () => {
    expect(pool({ OPENAI_API_KEYS: 'k1,k2', SERVICE_ENDPOINTS: URLS })).toEqual([
      ['openai-1', 'https://a.example/v1', 'k1', true],
      ['openai-2', 'https://a.example/v1', 'k2', true],
      ['openai-3', 'https://b.example/v1', 'k1', true],
      ['openai-4', 'https://b.example/v1', 'k2', true],
    ]);
  });

  it('falls back to OPENAI_API_KEY for the URLs', () => {
    const keys = { OPENAI_API_KEY: ' k ', OPENAI_API_KEYS: ' , ', SERVICE_ENDPOINTS: URLS };
    expect(pool(keys).map(([, url, key]) => [url, key])).toEqual([
      ['https://a.example/v1', 'k'],
      ['https://b.example/v1', 'k'],
    ]);
  });

  it.each([
    ['OPENAI_API_KEY alone', { OPENAI_API_KEY: 'k' }],
    ['nothing', {}],
    ['empty variables', { OPENAI_API_KEYS: ',', SERVICE_ENDPOINTS: '  ' }],
    ['URLs without a key', { SERVICE_ENDPOINTS: URLS }],
    ['no URL for this library', { OPENAI_API_KEY: 'k', SERVICE_ENDPOINTS: '{"anthropic":["https://a"],"openai":[]}' }],
  ])('is none with %s', (_, env) => {
    expect(pool(env as Record<string, string>)).toEqual([]);
  });

  it('takes the other options along', () => {
    const settings = resolveSettings({ timeout: 5_000, strategy: 'priority' }, { OPENAI_API_KEYS: 'k1,k2' });
    expect(settings.strategy.name).toMatch(/^priority/);
    expect(settings.endpoints[1]?.options.timeout).toBe(5_000);
  });
});

describe('the environment is not read', () => {
  const env = { OPENAI_API_KEYS: 'k1,k2', SERVICE_ENDPOINTS: '{broken' };
  it.each<[string, object]>([
    ['apiKey', { apiKey: 'mine' }],
    ['apiKey: null', { apiKey: null }],
    ['adminAPIKey', { adminAPIKey: 'admin' }],
    ['baseURL', { baseURL: 'https://x.example/v1' }],
    ['provider', { provider: {} }],
    ['workloadIdentity', { workloadIdentity: {} }],
    ['credential', { credential: {} }],
    ['an auth header', { defaultHeaders: { 'x-api-key': 'x' } }],
    ['azureADTokenProvider', { azureADTokenProvider: async () => 't' }],
  ])('beside %s', (_, input) => {
    expect(resolveSettings(input, env).endpoints).toEqual([]);
  });

  it('but an undefined key does not count', () => {
    expect(pool({ OPENAI_API_KEYS: 'k1' }, { apiKey: undefined })).toHaveLength(1);
  });
});
