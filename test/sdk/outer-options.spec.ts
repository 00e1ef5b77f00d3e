// What the balancing client tells the SDK's constructor: a real pair of address and key.
import { AzureOpenAI, OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import type { EndpointSettings, Settings } from '../../src/config/settings.ts';
import { outerOptions } from '../../src/sdk/outer-options.ts';
import { manualClock } from '../../src/testing/index.ts';
import { endpointSettings, poolSettings } from '../support/parts.ts';

const settings = (endpoints: Partial<EndpointSettings>[], client: Settings['client'] = {}): Settings => ({
  ...poolSettings(manualClock()),
  endpoints: endpoints.map(endpointSettings),
  client,
});

describe('outerOptions', () => {
  it('are the caller’s very own without a pool', () => {
    const own = { apiKey: 'x', timeout: 5 };
    expect(outerOptions(settings([], own))).toBe(own);
  });

  it('are those of the first endpoint', () => {
    const options = { apiKey: 'k1', baseURL: 'https://a.example/v1', organization: 'o' };
    expect(outerOptions(settings([{ options }, { options: { apiKey: 'k2' } }]))).toEqual(options);
  });

  it('take what is the client’s own from the client', () => {
    const client = {
      timeout: 5,
      maxRetries: 1,
      logLevel: 'debug' as const,
      dangerouslyAllowBrowser: true,
      webhookSecret: 'whsec',
    };
    const made = outerOptions(settings([{ options: { apiKey: 'k', timeout: 99, webhookSecret: 'other' } }], client));
    expect(made).toEqual({ apiKey: 'k', ...client });
  });

  it('take the endpoint’s webhook secret where the client has none, never its timeout', () => {
    expect(outerOptions(settings([{ options: { apiKey: 'k', timeout: 99, webhookSecret: 'own' } }]))).toEqual({
      apiKey: 'k',
      webhookSecret: 'own',
    });
  });

  it.each<[string, object, unknown]>([
    ['a key', { apiKey: 'azure-key' }, 'azure-key'],
    ['no key', {}, ''],
  ])('are no Azure options: %s', (_, own, apiKey) => {
    const options = {
      endpoint: 'https://x.azure.example',
      apiVersion: '1',
      deployment: 'd',
      organization: 'o',
      ...own,
    };
    const made = outerOptions(
      settings([{ type: 'azure', options: options as never, baseURL: 'https://x.azure.example/openai' }]),
    );
    expect(made).toEqual({ organization: 'o', apiKey, baseURL: 'https://x.azure.example/openai' });
    if (apiKey) expect(new OpenAI(made).baseURL).toBe('https://x.azure.example/openai');
  });

  it('take a token provider as the key function it is', () => {
    const azureADTokenProvider = async () => 'token';
    const made = outerOptions(
      settings([{ type: 'azure', options: { azureADTokenProvider } as never, baseURL: 'https://x.azure.example' }]),
    );
    expect(made.apiKey).toBe(azureADTokenProvider);
  });

  it('are read off a brought client', () => {
    const client = new OpenAI({ apiKey: 'mine', baseURL: 'https://b.example/v1', organization: 'o', project: 'p' });
    const made = outerOptions(settings([{ client }], { timeout: 7 }));
    expect(made).toMatchObject({
      apiKey: 'mine',
      baseURL: 'https://b.example/v1',
      organization: 'o',
      project: 'p',
      timeout: 7,
    });
  });

  it('keep a brought client’s key function', () => {
    const apiKey = async () => 'fresh';
    expect(outerOptions(settings([{ client: new OpenAI({ apiKey, baseURL: 'https://b.example' }) }])).apiKey).toBe(
      apiKey,
    );
  });

  it('are read off a brought Azure client', () => {
    const client = new AzureOpenAI({ apiKey: 'mine', endpoint: 'https://x.azure.example', apiVersion: '2024-10-21' });
    expect(outerOptions(settings([{ client }]))).toMatchObject({ apiKey: 'mine', baseURL: client.baseURL });
  });

  it('keep the identity of a brought client that has no key', () => {
    const withOptions = (_options: object) => ({
      client: { _options, baseURL: 'https://b.example', apiKey: null } as unknown as OpenAI,
    });
    const provider = { name: 'p' };
    const workloadIdentity = { id: 1 };
    expect(outerOptions(settings([withOptions({ provider })]))).toEqual({ provider });
    expect(outerOptions(settings([withOptions({ workloadIdentity })]))).toMatchObject({
      workloadIdentity,
      baseURL: 'https://b.example',
    });
  });
});
