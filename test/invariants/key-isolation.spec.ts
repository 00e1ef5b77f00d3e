// Invariant 5 and threat T5: a secret of one endpoint never reaches another, however calls fail, move, wait and repeat; and what stands
// beside the pool reaches an endpoint only as "Inheritance" in the contract says.
import OpenAI, { AzureOpenAI } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { type FaultServer, faultServer, type ServerRequest, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, many, read } from '../support/calls.ts';
import { canary, leaks } from '../support/canary.ts';
import { fc } from '../support/property.ts';

afterEach(() => vi.unstubAllEnvs());

/** All that one request said. */
const whole = ({ method, path, query, headers, body }: ServerRequest) =>
  JSON.stringify({ method, path, query, headers, body });

interface Vendor {
  readonly server: FaultServer;
  readonly secrets: readonly string[];
  readonly endpoint: (server: FaultServer) => object;
}

/** Endpoints of every kind, each with secrets in every place it has. */
async function vendors(): Promise<Vendor[]> {
  const keys = (owner: string, ...places: string[]) => places.map((place) => canary(`${owner}${place}`));
  const list: Omit<Vendor, 'server'>[] = [];
  const add = (secrets: readonly string[], endpoint: Vendor['endpoint']) => void list.push({ secrets, endpoint });
  const [key, org, project, auth, query, admin] = keys('plain', 'key', 'org', 'project', 'auth', 'query', 'admin');
  add([key!, org!, project!, auth!, query!, admin!], ({ url }) => ({
    ...{ baseURL: url, apiKey: key, organization: org, project, adminAPIKey: admin },
    ...{ defaultHeaders: { 'x-vendor-auth': auth, 'x-plain': auth }, defaultQuery: { sig: query } },
  }));
  const [from, cookie] = keys('function', 'key', 'cookie');
  add([from!, cookie!], ({ url }) => ({
    baseURL: url,
    apiKey: async () => from,
    defaultHeaders: [['cookie', cookie]],
  }));
  const [variable] = keys('variable', 'key');
  vi.stubEnv('VENDOR_KEY', variable!);
  add([variable!], ({ url }) => ({ baseURL: url, apiKeyEnv: 'VENDOR_KEY' }));
  const [azure, token] = keys('azure', 'key', 'token');
  const at = (origin: string) => ({ endpoint: origin, apiVersion: '2024-10-21' });
  add([azure!], ({ origin }) => ({ type: 'azure', ...at(origin), apiKey: azure }));
  add([token!], ({ origin }) => ({ type: 'azure', ...at(origin), azureADTokenProvider: async () => token }));
  const [own, header, ownAzure] = keys('own', 'key', 'header', 'azure');
  add([own!, header!], ({ url }) => ({
    client: new OpenAI({ baseURL: url, apiKey: own!, defaultHeaders: { 'x-h': header! }, logLevel: 'off' }),
  }));
  add([ownAzure!], ({ origin }) => ({
    client: new AzureOpenAI({ ...at(origin), apiKey: ownAzure!, logLevel: 'off' }),
  }));
  return Promise.all(
    list.map(async (vendor, index) => ({ ...vendor, server: await faultServer({ name: `vendor-${index}` }) })),
  );
}

const FAULTS: readonly Step[] = [
  'ok',
  'ok',
  500,
  503,
  { status: 429, retryAfterMs: 1 },
  'reset',
  'close',
  401,
  403,
  404,
  'html',
  'truncated-json',
  'error-200',
  'sse-error',
  'sse-cut',
  { status: 409, shouldRetry: true },
  { redirect: 'http://127.0.0.1:9/v1' },
];

const calls: readonly ((client: LoadBalancedOpenAI) => Promise<unknown>)[] = [
  (client) => chat(client),
  (client) => chatStream(client).then(read),
  (client) => client.models.list(),
  (client) => client.responses.create({ model: 'gpt-5', input: 'x' }),
  (client) => client.embeddings.create({ model: 'gpt-5', input: 'x' }),
  (client) => client.audio.transcriptions.create({ model: 'gpt-5', file: new File(['x'], 'x.wav') }),
  (client) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' }),
  (client) => client.post('/chat/completions', { body: { model: 'gpt-5', messages: [] } }),
  (client) => client.withOptions({ defaultHeaders: { 'x-app': 'mine' }, timeout: 5_000 }).models.list(),
];

describe('invariant 5: a secret reaches its own endpoint only', () => {
  it('over any mixture of faults, failovers, waits and repeats', async () => {
    const all = await vendors();
    const beside = {
      key: canary('topkey'),
      header: canary('topheader'),
      org: canary('toporg'),
      query: canary('topquery'),
    };
    const client = new LoadBalancedOpenAI({
      ...{ apiKey: beside.key, organization: beside.org, logLevel: 'off', shareState: false },
      ...{ defaultHeaders: { 'x-api-key': beside.header, 'x-app': 'mine' }, defaultQuery: { token: beside.query } },
      ...{ breaker: { consecutiveFailures: 50, resetTimeout: 20 }, maxRetries: 0, affinity: { spread: true } },
      endpoints: all.map(({ server, endpoint }) => endpoint(server) as object),
    });
    const schedules = fc.sample(fc.array(fc.constantFrom(...FAULTS), { minLength: 3, maxLength: 20 }), FULL ? 70 : 14);
    for (const [index, steps] of schedules.entries()) {
      all[index % all.length]!.server.script({ repeat: steps });
      // Waits take their time; some calls are enough.
      const one = index % 7 === 3 ? client.withOptions({ maxRetries: 1 }) : client;
      await many(12, 12, (number) => calls[(index + number) % calls.length]!(one));
    }
    for (const [index, { server, secrets }] of all.entries()) {
      expect(server.calls, server.name).toBeGreaterThan(5);
      const foreign = [
        ...all.flatMap((other) => (other.server === server ? [] : other.secrets)),
        ...Object.values(beside),
      ];
      const said = server.requests.map(whole).join('\n');
      expect(leaks(said, foreign), server.name).toEqual([]);
      expect(leaks(said, [secrets[0]!]).length, server.name).toBe(1);
      // Only endpoints of the pool's own building take the pool's harmless headers.
      expect(server.requests.some(({ headers }) => headers['x-app'] === 'mine')).toBe(index < 5);
    }
    await Promise.all(all.map(({ server }) => server.close()));
    await client.close();
  });
});

/** Where the contract lets a value go: an endpoint without an address, one with, and one of Azure with an address. */
type Reach = readonly [bare: boolean, addressed: boolean, azure: boolean];
const EVERYWHERE: Reach = [true, true, true];
const BARE: Reach = [true, false, false];

describe('Inheritance', () => {
  const value = 'inherited-value-0123456789';
  it.each<[string, object, Reach]>([
    ['apiKey', { apiKey: value }, [false, false, false]],
    ['adminAPIKey', { adminAPIKey: value }, [false, false, false]],
    ['organization', { organization: value }, BARE],
    ['project', { project: value }, BARE],
    ['a harmless header', { defaultHeaders: { 'x-app': value } }, EVERYWHERE],
    ['a harmless query parameter', { defaultQuery: { app: value } }, EVERYWHERE],
    ['authorization', { defaultHeaders: { Authorization: `Bearer ${value}` } }, [false, false, false]],
    ['api-key', { defaultHeaders: { 'api-key': value } }, [false, false, false]],
    ['x-api-key', { defaultHeaders: { 'x-api-key': value } }, BARE],
    ['a cookie', { defaultHeaders: { cookie: value } }, BARE],
    ['a personal access token', { defaultHeaders: { 'x-pat': value } }, BARE],
    ['a session', { defaultHeaders: { 'x-session': value } }, BARE],
    ['a second key', { defaultHeaders: { 'x-apikey2': value } }, BARE],
    ['a JSON web token', { defaultHeaders: { 'x-who': `eyJhbGciOiJub25lIn0.${value}` } }, BARE],
    ['a key known by its beginning', { defaultHeaders: { 'x-who': `ghp_${value}` } }, BARE],
    ['an account as a header', { defaultHeaders: { 'OpenAI-Organization': value } }, BARE],
    ['a secret query parameter', { defaultQuery: { access_token: value } }, BARE],
    ['a function key of Azure', { defaultQuery: { code: value } }, BARE],
    ['OPENAI_API_KEY', { env: { OPENAI_API_KEY: value } }, [false, false, false]],
    ['OPENAI_ADMIN_KEY', { env: { OPENAI_ADMIN_KEY: value } }, [false, false, false]],
    ['OPENAI_ORG_ID', { env: { OPENAI_ORG_ID: value } }, BARE],
    ['OPENAI_PROJECT_ID', { env: { OPENAI_PROJECT_ID: value } }, BARE],
    ['OPENAI_CUSTOM_HEADERS', { env: { OPENAI_CUSTOM_HEADERS: `x-custom: ${value}` } }, BARE],
    ['AZURE_OPENAI_API_KEY', { env: { AZURE_OPENAI_API_KEY: value } }, [false, false, false]],
    ['OPENAI_WEBHOOK_SECRET', { env: { OPENAI_WEBHOOK_SECRET: value } }, [false, false, false]],
  ])('%s', async (name, { env = {}, ...beside }: { env?: Record<string, string> }, reach) => {
    for (const [variable, text] of Object.entries(env)) vi.stubEnv(variable, text);
    const servers = await Promise.all(['bare', 'addressed', 'azure'].map((each) => faultServer({ name: each })));
    const [bare, addressed, azure] = servers as [FaultServer, FaultServer, FaultServer];
    vi.stubEnv('OPENAI_BASE_URL', bare.url);
    await using client = new LoadBalancedOpenAI({
      ...{ logLevel: 'off', shareState: false, ...beside },
      endpoints: [
        { name: 'bare', apiKey: 'own-key-of-bare' },
        { name: 'addressed', baseURL: addressed.url, apiKey: 'own-key-of-addressed' },
        { name: 'azure', type: 'azure', endpoint: azure.origin, apiVersion: '2024-10-21', apiKey: 'own-key-of-azure' },
      ],
    });
    const clients = [client, client.withOptions({ timeout: 5_000 })].flatMap((one) =>
      ['bare', 'addressed', 'azure'].flatMap((each) => {
        const direct = one.balancer.endpoint(each);
        return [one.balancer.pin(each), direct, direct.withOptions({ timeout: 5_000 })];
      }),
    );
    for (const one of clients) await one.chat.completions.create({ model: 'gpt-5', messages: [] });
    for (const [index, server] of servers.entries()) {
      expect(server.calls).toBe(6);
      // OpenAI 6.0 knows no custom headers in the environment.
      const known = name !== 'OPENAI_CUSTOM_HEADERS' || new OpenAI({ apiKey: 'x' }).admin !== undefined;
      const seen = server.requests.map((request) => whole(request).includes(value));
      expect(seen, server.name).toEqual(seen.map(() => reach[index] && known));
      for (const { apiKey } of server.requests) expect(apiKey).toBe(`own-key-of-${server.name}`);
    }
    await Promise.all(servers.map((server) => server.close()));
  });

  it('a key of the pool or the environment serves an endpoint that names neither a key nor an address', async () => {
    await using server = await faultServer();
    for (const env of [{}, { OPENAI_API_KEY: value }]) {
      vi.stubEnv('OPENAI_BASE_URL', server.url);
      for (const [variable, text] of Object.entries(env)) vi.stubEnv(variable, text);
      const options = 'OPENAI_API_KEY' in env ? {} : { apiKey: value };
      await using client = new LoadBalancedOpenAI({ ...options, logLevel: 'off', endpoints: [{}] });
      await chat(client);
    }
    expect(server.requests.map(({ apiKey }) => apiKey)).toEqual([value, value]);
  });
});
