// What comes out as a whole: clients without a pool, endpoints added later, clients brought along, names.
import { AzureOpenAI, OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { resolveAddedEndpoint, resolveSettings } from '../../src/config/resolve-settings.ts';
import { CANARY, expectRefusal, k, own, refuse } from './refusal.ts';

describe('several problems', () => {
  it('are listed together, the first one giving the code', () => {
    const error = refuse([
      [{ apiKey: CANARY, weight: '2', nme: 1 }, CANARY],
      { failover: 1, breaker: { cache: 1, resetTimeout: 0 } },
    ]);
    expect(error.issues.map(({ path }) => path)).toEqual([
      'failover',
      'breaker.resetTimeout',
      'breaker.cache',
      'endpoints[0].nme',
      'endpoints[0].weight',
      'endpoints[1]',
    ]);
    expect(error.code).toBe('invalid_value');
    expect(error.message).toMatch(/^6 options are wrong:\n- failover: /);
    expect(error.message).not.toContain('canary');
  });
});

describe('a client without a pool', () => {
  it('ignores what it does not know, as the SDK does', () => {
    const input = { apiKey: 'k', zebra: 1, httpAgent: {}, maxRetries: -1, timeout: 'x' } as object;
    const settings = resolveSettings(input, {});
    expect(settings.endpoints).toEqual([]);
    expect(settings.client).toBe(input);
  });

  it('still refuses a wrong option of ours', () => {
    expectRefusal(refuse([{ apiKey: CANARY, maxAttempts: 0 }]), 'invalid_value', 'maxAttempts: must be');
  });

  it('refuses a list that was meant to be the pool', () => {
    expectRefusal(
      refuse([{ apiKey: CANARY, endpoint: [k] }]),
      'unknown_option',
      'endpoint: unknown option; did you mean endpoints?',
    );
  });

  it('does not mind affinity', () => {
    expect(resolveSettings({ apiKey: 'k', affinity: { home: 'x' } }, {}).affinity.home).toBe('');
  });
});

describe('an endpoint that is added later', () => {
  const options = { endpoints: [k], timeout: 5_000, modelMaps: { openai: { a: 'b' } } };
  it('is named, and inherits like the others', () => {
    const added = resolveAddedEndpoint(own, options, ['openai-1', 'openai-2'], {});
    expect(added).toMatchObject({
      name: 'openai-3',
      isolated: true,
      modelMap: { a: 'b' },
      options: { timeout: 5_000 },
    });
  });

  it('is refused like the others', () => {
    const add = (endpoint: object, taken: string[] = []) => resolveAddedEndpoint(endpoint, options, taken, {});
    expect(() => add({ ...own, weigth: 1 })).toThrow('endpoint.weigth: unknown option; did you mean weight?');
    expect(() => add({ ...own, name: 'a' }, ['a'])).toThrow('endpoint.name: "a" is taken by the pool; choose another');
  });
});

it('a brought client is of the type it looks like', () => {
  const openai = new OpenAI({ apiKey: 'k', baseURL: 'https://own.example/v1' });
  const azureClient = new AzureOpenAI({ apiKey: 'k', endpoint: 'https://a.azure.example', apiVersion: '1' });
  const modelMaps = { azure: { a: 'b' } };
  const { endpoints } = resolveSettings(
    { endpoints: [{ client: openai, weight: 2, timeout: 500 }, { client: azureClient }], modelMaps },
    {},
  );
  expect(endpoints[0]).toMatchObject({ weight: 2, timeout: 500, options: {}, credential: openai });
  expect(endpoints.map(({ name, type, client, baseURL, modelMap }) => [name, type, client, baseURL, modelMap])).toEqual(
    [
      ['openai-1', 'openai', openai, 'https://own.example/v1', {}],
      ['azure-1', 'azure', azureClient, 'https://a.azure.example/openai', { a: 'b' }],
    ],
  );
});
