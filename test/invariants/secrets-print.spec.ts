// Invariant 15 and threat T2: whatever an application prints or serialises, no secret of any endpoint can be read off it.
import { inspect } from 'node:util';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import { chat, chatStream, failure } from '../support/calls.ts';
import { canary, leaks, surfaces } from '../support/canary.ts';

const TOP = canary('top');
const A = { key: canary('a'), header: canary('ahead'), query: canary('aquery'), admin: canary('admin') };
const B = { key: canary('b'), hook: canary('bhook') };
const Z = canary('azure');
const OWN = { key: canary('own'), header: canary('ownhead'), azure: canary('ownazure') };
const CALL = canary('call');
const FIRST = [A.key, A.header, A.query, A.admin];
const ALL = [...FIRST, TOP, B.key, B.hook, Z, ...Object.values(OWN), CALL];
/** What one call brings along. */
const SAID = { headers: { 'x-vendor-key': CALL, Authorization: `Bearer ${CALL}` }, query: { access_token: CALL } };

let server: FaultServer;
let client: LoadBalancedOpenAI;

beforeAll(async () => {
  server = await faultServer({ name: 's' });
  const own = { baseURL: server.url, apiKey: OWN.key, defaultHeaders: { 'x-api-key': OWN.header } };
  const azure = { endpoint: server.origin, apiVersion: '2024-10-21' };
  client = new LoadBalancedOpenAI({
    ...{ apiKey: TOP, defaultHeaders: { 'x-pat': TOP }, logLevel: 'off', strategy: 'priority', shareState: false },
    endpoints: [
      {
        ...{ name: 'a', baseURL: server.url, apiKey: A.key, adminAPIKey: A.admin },
        ...{ defaultHeaders: { 'x-vendor-auth': A.header }, defaultQuery: { sig: A.query } },
      },
      { name: 'b', baseURL: server.url, apiKey: async () => B.key, webhookSecret: B.hook },
      { name: 'z', type: 'azure', ...azure, apiKey: Z },
      { name: 'own', client: new OpenAI(own) },
      { name: 'own-azure', client: new AzureOpenAI({ ...azure, apiKey: OWN.azure }) },
    ],
  });
});
afterAll(async () => {
  await client.close();
  await server.close();
});

describe('invariant 15: nothing to read on', () => {
  const things: Record<string, () => unknown> = {
    'the client': () => client,
    'a clone': () => client.withOptions({ timeout: 5_000, defaultHeaders: { 'x-api-key': CALL } }),
    'a pinned client': () => client.balancer.pin('b'),
    'a subclass': () => new (class Mine extends LoadBalancedOpenAI {})([{ apiKey: A.key }, { apiKey: B.key }]),
    'a resource': () => client.chat.completions,
    'the balancer': () => client.balancer,
    'an endpoint': () => client.balancer.endpoint('a'),
    'an endpoint with a key function': () => client.balancer.endpoint('b'),
    'an Azure endpoint': () => client.balancer.endpoint('z'),
    'a clone of an endpoint': () => client.balancer.endpoint('a').withOptions({ timeout: 1_000 }),
    'a snapshot': () => client.balancer.snapshot(),
    'a promise that runs': () => chat(client, {}, SAID),
    'a promise that is over': async () => [await over(chat(client, {}, SAID))],
    'an answer': async () => [await chat(client, {}, SAID)],
    'a stream': async () => [await drained(await chatStream(client, {}, SAID))],
    'a page': async () => [await client.models.list(SAID)],
    'a promise of a page': async () => [await over(client.models.list(SAID))],
    'a response': async () => [await chat(client, {}, SAID).asResponse()],
    'a response and its data': async () => [await chat(client, {}, SAID).withResponse()],
    'a helper that streams': async () => [
      await done(client.chat.completions.stream({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] }, SAID)),
    ],
    'an error of a closed client': async () => {
      const closed = new LoadBalancedOpenAI([{ apiKey: A.key }]);
      await closed.close();
      return failure(chat(closed));
    },
  };

  it.each(Object.entries(things))('T2: %s', async (_, make) => {
    const thing = await make();
    expect(leaks(thing, ALL)).toEqual([]);
    if (thing instanceof Promise) await thing.catch(() => undefined);
  });

  async function over<T>(promise: Promise<T>): Promise<object> {
    await promise;
    return { promise };
  }
  async function drained<T extends AsyncIterable<unknown>>(stream: T): Promise<T> {
    for await (const _ of stream);
    return stream;
  }
  async function done<T extends { done(): Promise<unknown> }>(runner: T): Promise<T> {
    await runner.done();
    return runner;
  }
});

describe('invariant 15: with every custom way of printing switched off', () => {
  const raw = (thing: unknown) =>
    inspect(thing, { customInspect: false, showHidden: true, depth: null, getters: true });

  // The client is an `OpenAI`, whose public `apiKey` and own options everybody may read.
  it('T2: a client shows what a plain client of its first endpoint would, and nothing of the others', () => {
    for (const one of [client, client.withOptions({ timeout: 5_000 }), client.balancer.pin('b')]) {
      const shown = raw(one);
      expect(
        leaks(
          shown,
          [...ALL].filter((key) => !FIRST.includes(key)),
        ),
      ).toEqual([]);
      expect(shown).toContain(A.key);
    }
  });

  it('T2: the rest shows nothing', async () => {
    const page = await client.models.list();
    const stream = await chatStream(client);
    const things = [client.balancer, client.balancer.snapshot(), stream, chat(client).catch(() => undefined)];
    for (const thing of things) expect(leaks(raw(thing), ALL.slice(4))).toEqual([]);
    expect(leaks(raw(page.data), ALL)).toEqual([]);
    stream.controller.abort();
  });
});

it('invariant 15: no event of any name tells a secret, nor does what is told of a call', async () => {
  const events: unknown[] = [];
  const told = client.withOptions({});
  told.balancer.on('*', (event) => events.push(event));
  server.script([500, { status: 429, retryAfter: 1 }, 401, 'reset', { redirect: 'http://127.0.0.1:9/' }]);
  await chat(told, {}, SAID).catch((error: unknown) => events.push(error));
  await failure(told.get('http://127.0.0.1:9/', SAID));
  expect(events.length).toBeGreaterThan(10);
  expect(leaks(events, ALL)).toEqual([]);
  expect(leaks(client.balancer.snapshot(), ALL)).toEqual([]);
});

it('a client prints and serialises as the names of its endpoints; without a pool as the SDK’s', async () => {
  expect(inspect(client)).toBe('LoadBalancedOpenAI { endpoints: a, b, z, own, own-azure }');
  expect(JSON.parse(JSON.stringify({ client }))).toEqual({
    client: { endpoints: ['a', 'b', 'z', 'own', 'own-azure'] },
  });
  expect(inspect(client.balancer.endpoint('a'))).toBe(`OpenAI { endpoint: a, baseURL: ${server.url} }`);
  expect(inspect(client.balancer.endpoint('z'))).toBe(`AzureOpenAI { endpoint: z, baseURL: ${server.origin}/openai }`);
  const added = client.withOptions({}).balancer.add({ baseURL: server.url, apiKey: CALL });
  expect(inspect(client)).toBe(`LoadBalancedOpenAI { endpoints: a, b, z, own, own-azure, ${added} }`);
  const plain = new LoadBalancedOpenAI({ apiKey: 'plain' });
  expect(inspect(plain, { depth: 0 }).replace('LoadBalancedOpenAI', 'OpenAI')).toBe(
    inspect(new OpenAI({ apiKey: 'plain' }), { depth: 0 }),
  );
  expect(() => JSON.stringify(plain)).toThrow(/circular/);
});

it('what looks for leaks finds one', () => {
  const found = Object.keys(surfaces(new OpenAI({ apiKey: A.key })));
  expect(leaks(new OpenAI({ apiKey: A.key }), [A.key]).length).toBeGreaterThan(2);
  expect(found).toContain('inspect ∞ hidden');
});
