// Threat T3: a redirect is never followed, whoever sends the request and whatever it is: nothing of a prompt or a key gets to where
// a reply points, be it another origin or the same.
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../src/index.ts';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import { chat, FULL } from '../support/calls.ts';
import { canary, leaks } from '../support/canary.ts';

const CODES = [301, 302, 303, 307, 308];
const KEY = canary('redirected');
const PROMPT = 'a prompt nobody else may see';
const follow = { redirect: 'follow' } as const;
const quiet = { logLevel: 'off', maxRetries: 0, shareState: false } as const;

const pool = (endpoint: object, options: LoadBalancedOpenAIOptions = {}) =>
  new LoadBalancedOpenAI({ ...quiet, ...options, endpoints: [{ name: 'a', ...endpoint }] });

/** Whoever can send a request of an endpoint. */
const SENDERS: Readonly<Record<string, (server: FaultServer) => OpenAI>> = {
  'an endpoint': ({ url }) => pool({ baseURL: url, apiKey: KEY }),
  'an endpoint with a header of its own': ({ url }) =>
    pool({ baseURL: url, apiKey: '', defaultHeaders: { 'x-api-key': KEY, cookie: KEY } }),
  'an endpoint told to follow': ({ url }) => pool({ baseURL: url, apiKey: KEY, fetchOptions: follow }),
  'a pool told to follow': ({ url }) => pool({ baseURL: url, apiKey: KEY }, { fetchOptions: follow }),
  'a fetch of one’s own': ({ url }) =>
    pool({ baseURL: url, apiKey: KEY, fetch: (i: string, o: object) => fetch(i, o) }),
  'an Azure endpoint': ({ origin }) =>
    pool({ type: 'azure', endpoint: origin, apiVersion: '1', apiKey: KEY, fetchOptions: follow }),
  'an Azure endpoint with tokens': ({ origin }) =>
    pool({ type: 'azure', endpoint: origin, apiVersion: '1', azureADTokenProvider: async () => KEY }),
  'a client of one’s own': ({ url }) =>
    pool({ client: new OpenAI({ ...quiet, baseURL: url, apiKey: KEY, fetchOptions: follow }) }),
  'an Azure client of one’s own': ({ origin }) =>
    pool({
      client: new AzureOpenAI({ ...quiet, endpoint: origin, apiVersion: '1', apiKey: KEY, fetchOptions: follow }),
    }),
  'a clone': ({ url }) => pool({ baseURL: url, apiKey: KEY }).withOptions({ fetchOptions: follow, timeout: 5_000 }),
  'a pinned client': ({ url }) => pool({ baseURL: url, apiKey: KEY }).balancer.pin('a'),
  'an endpoint alone': ({ url }) => pool({ baseURL: url, apiKey: KEY, fetchOptions: follow }).balancer.endpoint('a'),
  'an Azure endpoint alone': ({ origin }) =>
    pool({ type: 'azure', endpoint: origin, apiVersion: '1', apiKey: KEY, fetchOptions: follow }).balancer.endpoint(
      'a',
    ),
  'a clone of an endpoint alone': ({ url }) =>
    pool({ baseURL: url, apiKey: KEY }).balancer.endpoint('a').withOptions({ fetchOptions: follow }),
};

const messages = [{ role: 'user' as const, content: PROMPT }];
const told = { fetchOptions: follow } as never;
/** Requests of every shape. */
const REQUESTS: readonly ((client: OpenAI) => PromiseLike<unknown>)[] = [
  (client) => client.chat.completions.create({ model: 'gpt-5', messages }, told),
  (client) => client.chat.completions.create({ model: 'gpt-5', messages, stream: true }, told),
  (client) => client.files.create({ file: new File([PROMPT], 'x.txt'), purpose: 'batch' }, told),
  (client) => client.models.list(told),
  (client) => client.audio.speech.create({ model: 'gpt-5', voice: 'alloy', input: PROMPT }, told),
  (client) => client.post('/other', { body: { prompt: PROMPT }, fetchOptions: follow }),
  (client) => client.responses.create({ model: 'gpt-5', input: PROMPT }, told).asResponse(),
];

describe.each(Object.keys(SENDERS))('T3: %s', (name) => {
  it('follows no redirect, to another origin or to its own', async () => {
    await using target = await faultServer({ name: 'target' });
    await using from = await faultServer({ name: 'from' });
    const client = SENDERS[name]!(from);
    let requests = 0;
    for (const status of CODES) {
      for (const to of [target.url, from.url]) {
        const redirect = `${to}/chat/completions?again=${KEY}`;
        from.script({ repeat: [{ redirect, status }] });
        const some = FULL ? REQUESTS : [REQUESTS[requests % REQUESTS.length]!];
        for (const request of some) {
          const error = await Promise.resolve(request(client)).then(
            () => undefined,
            (thrown: Error) => thrown,
          );
          expect(error).toMatchObject({ status });
          expect(leaks(error, [KEY])).toEqual([]);
          requests += 1;
        }
      }
    }
    expect(target.calls).toBe(0);
    expect(from.calls).toBe(requests);
    expect(from.requests.every(({ query }) => query.again === undefined)).toBe(true);
  });
});

it('T3: the call goes on at another endpoint, and the one that redirects is left out', async () => {
  await using target = await faultServer({ name: 'target' });
  await using b = await faultServer({ name: 'b' });
  for (const status of CODES) {
    await using a = await faultServer({ script: { repeat: [{ redirect: `${target.url}/x`, status }] } });
    await using client = new LoadBalancedOpenAI(
      [
        { name: 'a', baseURL: a.url, apiKey: KEY },
        { name: 'b', baseURL: b.url, apiKey: 'b' },
      ],
      { ...quiet, strategy: 'priority' },
    );
    const first = await chat(client);
    await chat(client);
    expect(attemptsOf(first)).toMatchObject([{ verdict: 'redirected', status }, { verdict: 'ok' }]);
    expect(client.balancer.snapshot().endpoints[0]).toMatchObject({
      failures: 1,
      excluded: 'cooling down (redirects elsewhere)',
      cooldowns: [{ model: null, reason: 'redirects elsewhere' }],
    });
    expect(a.calls).toBe(1);
  }
  expect(target.calls).toBe(0);
  expect(JSON.stringify(b.requests)).not.toContain(KEY);
});
