// What really reaches the wire: the options of an endpoint given to the real SDK clients of every supported version,
// with the environment full of another vendor's secrets.
import * as newest from 'openai';
import * as sixNewest from 'openai-6';
import * as sixLowest from 'openai-6-low';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EndpointOptions } from '../../src/config/endpoint-options.ts';
import type { EndpointSettings } from '../../src/config/settings.ts';
import { AZURE, hostileEnv, pool, resolve, type Sdk, URL, wireOf } from './wire.ts';

const setEnv = (env: Record<string, string | undefined>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};
const noEnv = Object.fromEntries(Object.keys(hostileEnv).map((name) => [name, undefined]));

beforeEach(() => setEnv(noEnv));
afterEach(() => vi.unstubAllEnvs());

// A run with another SDK in place of `openai` (see .config/vitest.ts) has nothing newer to test.
const versions: [string, Sdk][] = [
  ['openai 7', newest],
  ['openai 6, newest', sixNewest],
  ['openai 6, lowest', sixLowest],
];
const installed = versions.slice((process.env.OPENAI ?? 'openai') === 'openai' ? 0 : 1);

describe.each(installed)('%s', (version, sdk) => {
  const lowest = version.endsWith('lowest');

  describe('an endpoint with its own address, among hostile variables and pool options', () => {
    beforeEach(() => setEnv(hostileEnv));

    it.each<[string, EndpointOptions, Record<string, string | undefined>]>([
      ['sends its key', { baseURL: URL, apiKey: 'own' }, { authorization: 'Bearer own' }],
      ['sends what its function returns', { baseURL: URL, apiKey: async () => 'fn' }, { authorization: 'Bearer fn' }],
      ['sends no key when it has none', { baseURL: URL, apiKey: '' }, { authorization: undefined }],
      [
        'sends the header it authenticates with',
        { baseURL: URL, defaultHeaders: { 'x-api-key': 'own' } },
        { authorization: undefined, 'x-api-key': 'own' },
      ],
      [
        'sends an authorization of its own',
        { baseURL: URL, apiKey: '', defaultHeaders: [['Authorization', 'Basic own']] },
        { authorization: 'Basic own' },
      ],
      [
        'sends its organization and project',
        { baseURL: URL, apiKey: 'own', organization: 'org-own', project: 'proj-own' },
        { 'openai-organization': 'org-own', 'openai-project': 'proj-own' },
      ],
      ['azure with a key', { ...AZURE, apiKey: 'own' }, { 'api-key': 'own', authorization: undefined }],
      [
        'azure with a token',
        { ...AZURE, azureADTokenProvider: async () => 'token' },
        { authorization: 'Bearer token', 'api-key': undefined },
      ],
      ['azure without a key', { ...AZURE, apiKey: '' }, { authorization: undefined, 'api-key': undefined }],
      [
        'azure with a header',
        { ...AZURE, defaultHeaders: { Authorization: 'Bearer own' } },
        { authorization: 'Bearer own', 'api-key': undefined },
      ],
      [
        'azure by baseURL',
        { type: 'azure', apiVersion: '2024-10-21', baseURL: 'https://mine.azure.example/openai', apiKey: 'own' },
        { 'api-key': 'own' },
      ],
    ])('%s', async (_, endpoint, expected) => {
      const settings = resolve(endpoint, pool);
      const { url, headers, secrets } = await wireOf(sdk, settings);
      expect(settings.isolated).toBe(true);
      for (const [name, value] of Object.entries(expected)) expect(headers[name]).toBe(value);
      expect(headers['x-trace']).toBe('pool');
      expect(url).toContain('tenant=a');
      expect(JSON.stringify([url, headers, secrets])).not.toContain('hostile');
      expect(
        url.startsWith(endpoint.type === 'azure' ? 'https://mine.azure.example/openai/deployments/gpt-5/' : URL),
      ).toBe(true);
    });

    it('takes its key from the variable it names', async () => {
      vi.stubEnv('VENDOR_KEY', ' from-env \n');
      const { headers } = await wireOf(sdk, resolve({ baseURL: URL, apiKeyEnv: 'VENDOR_KEY' }));
      expect(headers.authorization).toBe('Bearer from-env');
    });

    it.runIf(!lowest)('may live on an admin key alone', async () => {
      const settings = resolve({ baseURL: URL, adminAPIKey: 'own-admin' }, pool);
      expect(JSON.stringify(settings.options)).not.toContain('hostile');
      const client = new (sdk.OpenAI as typeof newest.OpenAI)(settings.options as newest.ClientOptions);
      expect([client.apiKey, client.adminAPIKey]).toEqual([null, 'own-admin']);
    });

    it.runIf(!lowest)('may live on a workload identity, although a key is in the environment', () => {
      const workloadIdentity = {
        identityProviderId: 'own',
        serviceAccountId: 'own',
        provider: { tokenType: 'jwt', getToken: async () => 'own' },
      } as NonNullable<newest.ClientOptions['workloadIdentity']>;
      for (const endpoint of [{ workloadIdentity }, { baseURL: URL, workloadIdentity }]) {
        const settings = resolve(endpoint, { defaultQuery: { a: '1' } });
        const client = new (sdk.OpenAI as typeof newest.OpenAI)(settings.options as newest.ClientOptions);
        expect(client.apiKey).toBeNull();
        expect(settings.credential).toBe(workloadIdentity);
      }
    });
  });

  describe('an endpoint without an address of its own', () => {
    it('is reached as plain `new OpenAI()` would reach it', async () => {
      setEnv({ ...hostileEnv, OPENAI_CUSTOM_HEADERS: 'X-Mine: 1' });
      const plain = { type: 'openai', isolated: false, options: {} } as EndpointSettings;
      const expected = await wireOf(sdk, plain);
      expect(expected.url).toBe('https://hostile.example/v1/chat/completions');
      expect(expected.headers['openai-organization']).toBe('org-hostile');
      expect(await wireOf(sdk, resolve({}))).toEqual(expected);
    });

    it("takes the pool's key, account, headers and address", async () => {
      const options = { ...pool, baseURL: URL };
      delete (options as { adminAPIKey?: unknown }).adminAPIKey;
      const { url, headers } = await wireOf(sdk, resolve({}, options));
      expect(url).toContain(URL);
      expect(headers).toMatchObject({
        authorization: 'Bearer sk-pool-hostile',
        'x-api-key': 'hostile',
        'x-trace': 'pool',
      });
      expect(headers['openai-project']).toBe('proj-pool-hostile');
    });

    it('keeps its own key before an inherited authorization', async () => {
      const options = { defaultHeaders: { Authorization: 'Bearer pool' } };
      const { headers } = await wireOf(sdk, resolve({ apiKey: 'own' }, options));
      expect(headers.authorization).toBe('Bearer own');
      const inherited = await wireOf(sdk, resolve({}, options));
      expect(inherited.headers.authorization).toBe('Bearer pool');
    });

    it('takes the Azure variables when it is of type azure, and none of the others', async () => {
      setEnv({ ...hostileEnv, AZURE_OPENAI_API_KEY: 'own', AZURE_OPENAI_ENDPOINT: 'https://mine.azure.example' });
      vi.stubEnv('OPENAI_API_VERSION', '2024-10-21');
      const { url, headers } = await wireOf(sdk, resolve({ type: 'azure' }, pool));
      expect(url).toBe(
        'https://mine.azure.example/openai/deployments/gpt-5/chat/completions?tenant=a&api-version=2024-10-21',
      );
      expect(headers['api-key']).toBe('own');
      expect(JSON.stringify([url, headers])).not.toContain('hostile');
    });
  });

  it.runIf(version === 'openai 7')('never gives dataResidency and an address together', async () => {
    setEnv({ OPENAI_BASE_URL: 'https://hostile.example/v1' });
    const eu = await wireOf(sdk, resolve({ apiKey: 'own', dataResidency: 'eu' }));
    expect(eu.url).toContain('https://eu.api.openai.com/v1/');
    const inherited = resolve({ apiKey: 'own' }, { dataResidency: 'eu' });
    expect((await wireOf(sdk, inherited)).url).toContain('https://eu.api.openai.com/v1/');
    expect(inherited.baseURL).toBe('https://eu.api.openai.com/v1');
    expect(inherited.options).not.toHaveProperty('baseURL');
    const own = await wireOf(sdk, resolve({ apiKey: 'own', baseURL: URL }, { dataResidency: 'eu' }));
    expect(own.url).toContain(URL);
    const besideAddress = resolve({ apiKey: 'own', dataResidency: 'eu' }, { baseURL: URL });
    expect([besideAddress.isolated, (await wireOf(sdk, besideAddress)).url]).toEqual([
      true,
      'https://eu.api.openai.com/v1/chat/completions',
    ]);
  });
});
