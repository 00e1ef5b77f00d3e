// The promise: an endpoint's key, organisation, custom headers and prompts reach that endpoint and nobody else, whatever the
// environment, a redirect, a path or a retry may say.
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../src/index.ts';
import { type FaultServer, faultServer, type ServerRequest } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

/** All that a request said, as one text. */
const whole = ({ headers, body, path, query }: ServerRequest) => JSON.stringify({ headers, body, path, query });

/** Everything two servers saw. */
const seenBy = (server: FaultServer) => server.requests.map(whole).join('\n');

const VARIABLES = {
  OPENAI_API_KEY: 'env-key-canary',
  OPENAI_ADMIN_KEY: 'env-admin-canary',
  OPENAI_ORG_ID: 'env-org-canary',
  OPENAI_PROJECT_ID: 'env-project-canary',
  OPENAI_BASE_URL: 'http://127.0.0.1:9/env-url-canary',
  OPENAI_CUSTOM_HEADERS:
    'x-custom-env: env-custom-canary\nauthorization: Bearer env-auth-canary\nx-vendor-key: env-vendor-canary',
  OPENAI_WEBHOOK_SECRET: 'env-webhook-canary',
  AZURE_OPENAI_API_KEY: 'env-azure-canary',
  AZURE_OPENAI_ENDPOINT: 'http://127.0.0.1:9/env-azure-url-canary',
  OPENAI_API_VERSION: 'env-version-canary',
};

beforeEach(() => {
  for (const name of Object.keys(VARIABLES)) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

interface Pair {
  readonly a: FaultServer;
  readonly b: FaultServer;
  readonly azure: FaultServer;
  client(options?: Omit<LoadBalancedOpenAIOptions, 'endpoints'>): LoadBalancedOpenAI;
}

const A = {
  apiKey: 'a-key-canary',
  organization: 'a-org-canary',
  project: 'a-project-canary',
  defaultHeaders: { 'x-vendor-auth': 'a-header-canary', cookie: 'a-cookie-canary' },
  defaultQuery: { token: 'a-query-canary' },
};
const B = {
  apiKey: 'b-key-canary',
  organization: 'b-org-canary',
  defaultHeaders: { 'helicone-auth': 'Bearer b-header-canary' },
};
const Z = { apiKey: 'z-key-canary', defaultHeaders: { 'x-ms-secret': 'z-header-canary' } };
const CANARIES = /(a|b|z|env|top)-[a-z]+-canary/g;

/** Three vendors, each with secrets of its own. */
async function vendors(run: (pair: Pair) => Promise<void>): Promise<void> {
  await using a = await faultServer({ name: 'a' });
  await using b = await faultServer({ name: 'b' });
  await using azure = await faultServer({ name: 'azure' });
  const clients: LoadBalancedOpenAI[] = [];
  try {
    await run({
      a,
      b,
      azure,
      client(options = {}) {
        const client = new LoadBalancedOpenAI({
          strategy: 'round-robin',
          logLevel: 'off',
          ...options,
          endpoints: [
            { name: 'a', baseURL: a.url, ...A },
            { name: 'b', baseURL: b.url, ...B },
            { name: 'azure', type: 'azure', endpoint: azure.origin, apiVersion: '2024-10-21', ...Z },
          ],
        });
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const client of clients) await client.close();
  }
}

/** Whose canaries a server saw. */
function owners(server: FaultServer): string[] {
  return [...new Set([...seenBy(server).matchAll(CANARIES)].map(([, owner]) => owner!))].sort();
}

/** Calls of every shape, several times, so that every endpoint gets some of each. */
async function use(client: LoadBalancedOpenAI): Promise<void> {
  const calls = [
    () => chat(client),
    () =>
      chatStream(client).then(async (stream) => {
        for await (const _ of stream);
      }),
    () => client.embeddings.create({ model: 'gpt-5', input: 'x' }),
    () => client.responses.create({ model: 'gpt-5', input: 'x' }),
    () => client.models.list(),
    () => client.audio.transcriptions.create({ model: 'gpt-5', file: new File(['x'], 'x.wav') }),
    () => client.post('/chat/completions', { body: { model: 'gpt-5', messages: [] } }),
  ];
  // All at once: many of them wait before they are sent again.
  await Promise.all(calls.map((call) => many(9, 3, call as () => Promise<unknown>)));
}

describe('secrets', () => {
  it('each vendor sees its own and nobody else’s, over failovers and retries', () =>
    vendors(async ({ a, b, azure, client }) => {
      const pool = client();
      await use(pool);
      for (const server of [a, b, azure]) server.script({ repeat: [500, 'reset', 'ok', 401] });
      await use(pool);
      for (const server of [a, b, azure]) expect(server.calls).toBeGreaterThan(20);
      expect(owners(a)).toEqual(['a']);
      expect(owners(b)).toEqual(['b']);
      expect(owners(azure)).toEqual(['z']);
      for (const { headers } of a.requests)
        expect(headers).toMatchObject({
          authorization: 'Bearer a-key-canary',
          'openai-organization': 'a-org-canary',
          'openai-project': 'a-project-canary',
        });
      for (const { headers } of b.requests) {
        expect(headers.authorization).toBe('Bearer b-key-canary');
        expect(headers).not.toHaveProperty('openai-project');
      }
      for (const { headers } of azure.requests) {
        expect(headers['api-key']).toBe('z-key-canary');
        expect(headers).not.toHaveProperty('authorization');
      }
    }));

  it('a hostile environment: none of it reaches a vendor that names its own address', () =>
    vendors(async ({ a, b, azure, client }) => {
      for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(name, value);
      const pool = client();
      await use(pool);
      await use(pool.withOptions({ timeout: 30_000 }));
      await chat(pool.balancer.pin('b'));
      await pool.balancer.endpoint('b').chat.completions.create({ model: 'gpt-5', messages: [] });
      await pool.balancer.endpoint('azure').chat.completions.create({ model: 'gpt-5', messages: [] });
      expect([owners(a), owners(b), owners(azure)]).toEqual([['a'], ['b'], ['z']]);
      for (const server of [a, b, azure])
        for (const { headers, query } of server.requests) {
          expect(headers).not.toHaveProperty('x-custom-env');
          expect(JSON.stringify(query)).not.toContain('env-version');
        }
    }));

  it('secrets of the options beside the pool reach no vendor with its own address; the rest does', () =>
    vendors(async ({ a, b, azure, client }) => {
      const pool = client({
        apiKey: 'top-key-canary',
        organization: 'top-org-canary',
        project: 'top-project-canary',
        adminAPIKey: 'top-admin-canary',
        defaultHeaders: {
          'x-app': 'my-app',
          'x-api-key': 'top-header-canary',
          authorization: 'Bearer top-auth-canary',
        },
        defaultQuery: { app: 'my-app', api_key: 'top-query-canary' },
      });
      await use(pool);
      expect([owners(a), owners(b), owners(azure)]).toEqual([['a'], ['b'], ['z']]);
      for (const server of [a, b, azure])
        for (const { headers, query } of server.requests) {
          expect(headers['x-app']).toBe('my-app');
          expect(query.app).toBe('my-app');
        }
    }));

  it('withOptions({ defaultHeaders }) with a secret in it: the same', () =>
    vendors(async ({ a, b, azure, client }) => {
      const pool = client().withOptions({
        defaultHeaders: {
          authorization: 'Bearer top-auth-canary',
          'x-api-key': 'top-header-canary',
          'x-app': 'my-app',
        },
        organization: 'top-org-canary',
      });
      await use(pool);
      expect([owners(a), owners(b), owners(azure)].flat()).not.toContain('top');
      for (const { headers } of a.requests) expect(headers['x-app']).toBe('my-app');
    }));

  it('several keys of one vendor: each attempt carries exactly one', async () => {
    await using stage = await openStage(
      { a: { repeat: [{ status: 429, retryAfterMs: 1 }, 'ok'] }, b: { repeat: ['ok', 500] } },
      { strategy: 'round-robin' },
    );
    await many(60, 6, () => chat(stage.client));
    for (const name of ['a', 'b'] as const) {
      expect(stage.servers[name].calls).toBeGreaterThan(0);
      for (const request of stage.servers[name].requests) {
        expect(request.apiKey).toBe(stage.keys[name]);
        expect(whole(request)).not.toContain(stage.keys[name === 'a' ? 'b' : 'a']);
      }
    }
  });

  it('apiKey: "" is none: no authorization header at all', async () => {
    await using server = await faultServer({ name: 'local' });
    vi.stubEnv('OPENAI_API_KEY', VARIABLES.OPENAI_API_KEY);
    const client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: '' }]);
    await chat(client);
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    await client.close();
  });

  it('in no message, snapshot, event or log line', () =>
    vendors(async ({ a, b, azure, client }) => {
      const lines: unknown[] = [];
      // The SDK's own lines are the SDK's; which headers it hides differs by version.
      const say = (message: string) => message.startsWith('[load-balanced-openai]') && lines.push(message);
      const logger = { error: say, warn: say, info: say, debug: say };
      const events: unknown[] = [];
      const pool = client({ logger, logLevel: 'debug', observers: [(event) => events.push(event)] });
      for (const server of [a, b, azure]) server.script({ repeat: [500, 'reset', 'html', 401] });
      const results = await many(20, 4, () => chat(pool, {}, { maxRetries: 0 }));
      const errors = results.map((result) => (result.status === 'rejected' ? result.reason : undefined)) as (
        | Error
        | undefined
      )[];
      const said = [
        ...errors.flatMap((error) => [error?.message, error?.stack, JSON.stringify(error)]),
        JSON.stringify(pool.balancer.snapshot()),
        JSON.stringify(events),
        JSON.stringify(errors.map(attemptsOf)),
        lines.join('\n'),
      ].join('\n');
      expect(said.length).toBeGreaterThan(5_000);
      expect(lines.length).toBeGreaterThan(20);
      expect(said.match(CANARIES)).toBeNull();
    }));
});

describe('a redirect is never followed', () => {
  const CODES = [301, 302, 303, 307, 308];
  it.each(CODES.flatMap((status) => [['another origin', status] as const, ['the same origin', status] as const]))(
    'to %s, %i',
    async (where, status) => {
      await using target = await faultServer({ name: 'target' });
      await using stage = await openStage({ a: [], b: [] });
      const redirect =
        where === 'another origin'
          ? `${target.url}/chat/completions`
          : `${stage.servers.a.url}/chat/completions?again=1`;
      stage.servers.a.script({ repeat: [{ redirect, status }] });
      for (const call of [() => chat(stage.client), () => chatStream(stage.client).then(read)]) {
        await call();
        await stage.client.balancer
          .pin('a')
          .chat.completions.create({ model: 'gpt-5', messages: [] }, { maxRetries: 0 })
          .catch(() => undefined);
      }
      expect(target.calls).toBe(0);
      expect(stage.servers.a.requests.every(({ query }) => query.again === undefined)).toBe(true);
      expect(stage.state('a')).toMatchObject({ excluded: 'cooling down (redirects elsewhere)' });
    },
  );

  it('not by an Azure endpoint, nor by a client of one’s own, nor by fetchOptions that say so', async () => {
    await using target = await faultServer({ name: 'target' });
    await using from = await faultServer({
      name: 'from',
      script: { repeat: [{ redirect: `${target.url}/chat/completions` }] },
    });
    const follow = { redirect: 'follow' } as const;
    const client = new LoadBalancedOpenAI(
      [
        {
          name: 'azure',
          type: 'azure',
          endpoint: from.origin,
          apiVersion: '2024-10-21',
          apiKey: 'k',
          fetchOptions: follow,
        },
        { name: 'own', client: new OpenAI({ baseURL: from.url, apiKey: 'k', fetchOptions: follow }) },
        { name: 'plain', baseURL: from.url, apiKey: 'k', fetchOptions: follow },
      ],
      { strategy: 'priority', logLevel: 'off', maxRetries: 0 },
    );
    const error = await failure(chat(client, {}, { fetchOptions: follow } as never));
    expect(error).toMatchObject({ status: 307 });
    expect(attemptsOf(error).map(({ verdict }) => verdict)).toEqual(['redirected', 'redirected', 'redirected']);
    expect(target.calls).toBe(0);
    expect(from.calls).toBe(3);
    await client.close();
  });
});

describe('nothing but the endpoints’ own origins', () => {
  it.each([
    ['an absolute URL', (url: string) => url],
    ['a scheme-relative one', (url: string) => url.replace(/^http:/, '')],
    ['one in capitals', (url: string) => url.replace('http', 'HTTP')],
    ['one behind credentials', (url: string) => url.replace('//', '//127.0.0.1@')],
  ])('%s to a stranger is refused before anything is sent', async (_, spell) => {
    await using stranger = await faultServer({ name: 'stranger' });
    await using stage = await openStage({ a: [], b: [] });
    const url = spell(`${stranger.url}/chat/completions`);
    const calls = [
      stage.client.get(url),
      stage.client.post(url, { body: {} }),
      chat(stage.client, {}, { path: url } as never),
      chatStream(stage.client, {}, { path: url } as never),
      stage.client.balancer.pin('a').get(url),
    ];
    for (const call of calls) {
      const error = await failure(call);
      expect(error).toBeInstanceOf(OpenAI.OpenAIError);
      expect(error).not.toBeInstanceOf(OpenAI.APIError);
      expect(error.message).toContain('Refused');
    }
    expect([stranger.calls, stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 0, 0]);
    // It was the caller's doing.
    for (const name of ['a', 'b'] as const)
      expect(stage.state(name)).toMatchObject({ breaker: 'closed', failures: 0, cooldowns: [], inFlight: 0 });
  });

  it('in a pool of one as well', async () => {
    await using stranger = await faultServer({ name: 'stranger' });
    await using stage = await openStage({ a: [] });
    expect((await failure(stage.client.get(`${stranger.url}/models`))).message).toContain('Refused');
    expect(stranger.calls).toBe(0);
  });

  it('a host made up by a path without a slash: refused before anything is sent, and nobody’s fault', async () => {
    await using stranger = await faultServer({ name: 'stranger' });
    // The stranger's port is the endpoints' port and one digit more, which the path brings: :4567 + 8/models.
    const [base, digit] = [Math.floor(stranger.port / 10), stranger.port % 10];
    const baseURL = `http://127.0.0.1:${base}`;
    const client = new LoadBalancedOpenAI(
      [
        { name: 'a', baseURL, apiKey: 'a-key' },
        { name: 'b', baseURL, apiKey: 'b-key' },
      ],
      { logLevel: 'off' },
    );
    for (let round = 0; round < 6; round++) {
      for (const path of [`${digit}/models`, `@127.0.0.1:${stranger.port}/models`]) {
        const error = await failure(client.get(path));
        expect(error).toBeInstanceOf(OpenAI.OpenAIError);
        expect(attemptsOf(error).length).toBeLessThanOrEqual(1);
      }
    }
    expect(stranger.calls).toBe(0);
    expect(client.balancer.snapshot().endpoints).toMatchObject([
      { breaker: 'closed', failures: 0 },
      { breaker: 'closed', failures: 0 },
    ]);
    await client.close();
  });

  it('a path of one call below the base URL goes where the endpoint is', async () => {
    await using stage = await openStage({ a: [503], b: [] });
    await chat(stage.client, {}, { path: '/chat/completions?x=1' } as never);
    for (const name of ['a', 'b'] as const)
      expect(stage.servers[name].requests).toMatchObject([
        { path: '/v1/chat/completions', query: { x: '1' }, apiKey: stage.keys[name] },
      ]);
  });

  it('an absolute URL of an endpoint goes to that endpoint, with its key', async () => {
    await using stage = await openStage({ a: [], b: [] });
    await stage.client.get(`${stage.servers.b.url}/models`);
    expect(stage.servers.b.requests).toMatchObject([{ apiKey: stage.keys.b }]);
    expect(stage.servers.a.calls).toBe(0);
  });
});
