// What an endpoint's options are after inheritance, apart from what the wire tests show.
import * as newest from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { AZURE, pool, resolve, URL } from './wire.ts';

afterEach(() => vi.unstubAllEnvs());

describe('an endpoint of any version', () => {
  it('shows where it is', () => {
    expect(resolve({ apiKey: 'k' }).baseURL).toBe('https://api.openai.com/v1');
    expect(resolve({ apiKey: 'k', baseURL: URL }).baseURL).toBe(URL);
    expect(resolve({ apiKey: 'k' }, { baseURL: URL }).baseURL).toBe(URL);
    expect(resolve({ ...AZURE, apiKey: 'k' }).baseURL).toBe('https://mine.azure.example/openai');
  });

  it('takes an empty address as the official one, not as the one of the environment', () => {
    vi.stubEnv('OPENAI_BASE_URL', 'https://hostile.example/v1');
    for (const baseURL of [null, '']) {
      const settings = resolve({ apiKey: 'k', baseURL }, { baseURL: URL });
      expect(settings.baseURL).toBe('https://api.openai.com/v1');
      expect(new newest.OpenAI(settings.options as newest.ClientOptions).baseURL).toBe('https://api.openai.com/v1');
    }
  });

  it('inherits the plain options by identity, and bounds its attempts by its own timeout only', () => {
    const logger = console;
    const fetchOptions = {};
    const top = {
      timeout: 1_000,
      maxRetries: 4,
      logger,
      fetch,
      fetchOptions,
      logLevel: 'off',
      dangerouslyAllowBrowser: true,
    };
    const settings = resolve({ apiKey: 'k', baseURL: URL }, top as LoadBalancedOpenAIOptions);
    expect(settings.options).toMatchObject(top);
    expect(settings.options.fetchOptions).toBe(fetchOptions);
    expect(settings.timeout).toBeUndefined();
    const own = resolve({ apiKey: 'k', timeout: 500 }, { timeout: 1_000 });
    expect([own.timeout, own.options.timeout]).toEqual([500, 500]);
  });

  it('never gets a key without a value', () => {
    const settings = resolve({ apiKey: 'k', baseURL: undefined, logger: undefined }, { timeout: undefined });
    expect(Object.values(settings.options)).not.toContain(undefined);
    expect(Object.keys(settings.options)).toEqual(['apiKey']);
  });

  it('does not hand a fetch to a certificate identity, which refuses it', () => {
    const credential = {} as NonNullable<newest.ClientOptions['credential']>;
    const settings = resolve({ credential }, { fetch, fetchOptions: {}, baseURL: URL });
    expect(settings.options).toEqual({ credential, apiKey: null });
    expect(settings.credential).toBe(credential);
  });

  it('keeps a provider apart from keys and addresses', () => {
    const provider = {} as NonNullable<newest.ClientOptions['provider']>;
    const settings = resolve({ provider }, { ...pool, baseURL: URL });
    expect(settings.options).toMatchObject({ provider, apiKey: null, adminAPIKey: null, organization: null });
    expect(settings.options).not.toHaveProperty('baseURL');
    expect(settings.isolated).toBe(true);
  });

  it('takes a credential object of the pool, unless it has a key', () => {
    const provider = {} as NonNullable<newest.ClientOptions['provider']>;
    const options = { provider };
    expect(resolve({}, options).options).toEqual({ provider, apiKey: null });
    expect(resolve({ apiKey: 'own' }, options).options).toEqual({ apiKey: 'own' });
  });
});
