// The client as an object: what libraries look at, spread, proxy and spy on.
import { createHmac } from 'node:crypto';
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, behaviour, OURS, POOLS, rejection } from '../support/bench.ts';

type AnyObject = Record<PropertyKey, unknown>;

/** A Proxy that hands on the receiver, as tracers without care make it. */
const naive = <T extends object>(target: T): T => new Proxy(target, { get: (of, key, me) => Reflect.get(of, key, me) });

/** A recursive Proxy with methods bound to their target, as Sentry, langfuse and opik make it. */
const deep = <T extends object>(target: T): T =>
  new Proxy(target, {
    get(of, key) {
      const value = (of as AnyObject)[key];
      if (typeof value === 'function') return value.bind(of);
      return value !== null && typeof value === 'object' && !(value instanceof Promise) ? deep(value) : value;
    },
  });

const talks = async (client: OpenAI) => {
  expect((await client.chat.completions.create(ASK)).choices[0]?.message.content).toBe(ANSWER);
};

/** The client object. */
export const clientObject = [
  behaviour('it is an OpenAI', ALL, async (bench) => {
    const client = bench.client();
    expect(client).toBeInstanceOf(bench.sdk.OpenAI);
    expect(client).toBeInstanceOf(bench.Base);
    expect(client.constructor).toBe(bench.Base);
  }),

  behaviour('resources are own, stable and enumerable', ALL, async (bench) => {
    const client = bench.client();
    expect(client.chat).toBe(client.chat);
    expect(client.chat.completions.create).toBe(client.chat.completions.create);
    expect('chat' in client).toBe(true);
    expect(Object.getOwnPropertyDescriptor(client, 'chat')).toMatchObject({
      enumerable: true,
      writable: true,
      configurable: true,
    });
    expect(client.chat).toBeInstanceOf(bench.sdk.OpenAI.Chat);
    expect((client.chat as unknown as AnyObject)._client).toBe(client);
  }),

  behaviour("own enumerable properties are the SDK's, in its order", OURS, async (bench) => {
    const plain = new bench.sdk.OpenAI({ apiKey: 'x' });
    expect(Object.keys(bench.client())).toEqual(Object.keys(plain));
    const found: string[] = [];
    for (const key in bench.client()) found.push(key);
    const expected: string[] = [];
    for (const key in plain) expected.push(key);
    expect(found).toEqual(expected);
  }),

  behaviour("resource methods are the SDK's own functions", OURS, async (bench) => {
    const plain = new bench.sdk.OpenAI({ apiKey: 'x' });
    const { chat, responses } = bench.client();
    expect(String(chat.completions.create)).toBe(String(plain.chat.completions.create));
    expect(chat.completions.create).toBe(plain.chat.completions.create);
    expect(responses.parse).toBe(plain.responses.parse);
  }),

  behaviour('static members are those of OpenAI', OURS, async (bench) => {
    const statics = bench.Base as unknown as AnyObject;
    const plain = bench.sdk.OpenAI as unknown as AnyObject;
    for (const name of Object.getOwnPropertyNames(plain)) {
      if (['length', 'name', 'prototype'].includes(name)) continue;
      expect(statics[name], name).toBe(plain[name]);
    }
  }),

  behaviour('String, then, freezing: nothing odd', ALL, async (bench) => {
    const client = bench.client();
    expect(String(client)).toBe('[object Object]');
    expect('then' in client).toBe(false);
    expect(await Promise.resolve(client)).toBe(client);
    expect([Object.isExtensible(client), Object.isSealed(client), Object.isFrozen(client)]).toEqual([
      true,
      false,
      false,
    ]);
  }),

  behaviour('own additions are hidden and can be redefined', OURS, async (bench) => {
    const client = bench.ours();
    const extra = Object.getOwnPropertyNames(client).filter((name) => !Object.keys(client).includes(name));
    for (const name of extra) {
      expect(Object.getOwnPropertyDescriptor(client, name), name).toMatchObject({
        configurable: true,
        enumerable: false,
      });
    }
    expect('balancer' in client).toBe(true);
    expect(client.balancer).toBe(client.balancer);
    expect(Object.isFrozen(client.balancer)).toBe(false);
  }),

  behaviour('raw get, post, put, patch, delete', ALL, async (bench) => {
    const client = bench.client();
    const body = { a: 1 };
    expect(await client.get('/echo', { query: { q: '1' } })).toEqual({ method: 'GET', query: { q: '1' } });
    expect(await client.post('/echo', { body })).toEqual({ method: 'POST', body });
    expect(await client.put('/echo', { body })).toEqual({ method: 'PUT', body });
    expect(await client.patch('/echo', { body })).toEqual({ method: 'PATCH', body });
    expect(await client.delete('/echo', { query: { q: '2' } })).toEqual({ method: 'DELETE', query: { q: '2' } });
    expect(await client.post('/echo', Promise.resolve({ body }))).toEqual({ method: 'POST', body });
  }),

  behaviour('request() itself can be called', ALL, async (bench) => {
    const call = bench.client().request({ method: 'post', path: '/chat/completions', body: ASK });
    expect(call).toBeInstanceOf(bench.sdk.APIPromise);
    expect(await call).toMatchObject({ object: 'chat.completion' });
  }),

  behaviour('what sockets are opened with is that of the first endpoint: URL, key, headers', ALL, async (bench) => {
    const account = { organization: 'org-1', project: 'proj_1' };
    const headers = { defaultHeaders: { 'x-default': 'd' } };
    const own = bench.poolSize === 'sdk' || bench.poolSize === 0;
    const client = own ? bench.client({ ...headers, ...account }) : bench.client(headers, () => account);
    const plain = new bench.sdk.OpenAI({ apiKey: bench.key(0), baseURL: bench.upstreams[0]?.url });
    expect(client.buildURL('/realtime', { model: 'm' })).toBe(plain.buildURL('/realtime', { model: 'm' }));
    expect([client.apiKey, client.organization, client.project]).toEqual([bench.key(0), 'org-1', 'proj_1']);
    const { _options } = client as unknown as { _options: Record<string, unknown> };
    expect(_options).toMatchObject({ ...account, ...headers });
    expect(client).not.toBeInstanceOf(bench.sdk.AzureOpenAI);
  }),

  behaviour('webhooks.unwrap verifies with the webhookSecret', ALL, async (bench) => {
    const secret = Buffer.from('a secret of the webhook');
    const client = bench.client({ webhookSecret: `whsec_${secret.toString('base64')}` });
    const body = JSON.stringify({ id: 'evt_1', type: 'response.completed', data: { id: 'resp_1' } });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', secret).update(`wh_1.${timestamp}.${body}`).digest('base64');
    const headers = { 'webhook-id': 'wh_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    expect(await client.webhooks.unwrap(body, headers)).toMatchObject({ id: 'evt_1', type: 'response.completed' });
    const forged = { ...headers, 'webhook-signature': 'v1,AAAA' };
    expect(await rejection(client.webhooks.unwrap(body, forged))).toBeInstanceOf(
      bench.sdk.InvalidWebhookSignatureError,
    );
  }),

  behaviour('a spy put over create is called, and the original still works under it', ALL, async (bench) => {
    const client = bench.client();
    const create = client.chat.completions.create.bind(client.chat.completions);
    let calls = 0;
    client.chat.completions.create = ((...args: Parameters<typeof create>) => {
      calls++;
      return create(...args);
    }) as typeof client.chat.completions.create;
    await talks(client);
    expect(calls).toBe(1);
  }),

  behaviour('a tracer that patches resource prototypes and unwraps sees one call, once', ALL, async (bench) => {
    const prototype = bench.sdk.OpenAI.Chat.Completions.prototype;
    const original = prototype.create;
    const spans: string[] = [];
    prototype.create = function (
      this: InstanceType<typeof OpenAI.Chat.Completions>,
      ...args: Parameters<typeof original>
    ) {
      const call = original.apply(this, args);
      expect(call).toBeInstanceOf(bench.sdk.APIPromise);
      return call._thenUnwrap((data) => {
        spans.push('end');
        return data;
      });
    } as typeof original;
    try {
      await talks(bench.client());
    } finally {
      prototype.create = original;
    }
    expect(spans).toEqual(['end']);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('works through a naive foreign Proxy', ALL, async (bench) => {
    const client = naive(bench.client());
    expect(client).toBeInstanceOf(bench.Base);
    await talks(client);
  }),

  behaviour('works through a deep foreign Proxy', ALL, async (bench) => {
    const client = deep(bench.client());
    await talks(client);
    expect(await client.post('/echo', { body: { a: 1 } })).toMatchObject({ method: 'POST' });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...ASK, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe(ANSWER);
    await talks(client.withOptions({ maxRetries: 0 }));
    const ids: string[] = [];
    for await (const { id } of client.files.list()) ids.push(id);
    expect(ids).toHaveLength(6 * bench.upstreams.length);
  }),

  behaviour('our own members work through naive and deep foreign Proxies', POOLS, async (bench) => {
    for (const wrap of [naive, deep]) {
      const client = wrap(bench.ours());
      await talks(client);
      expect(client.balancer.snapshot().endpoints).toHaveLength(bench.upstreams.length);
      expect(client.balancer.endpoint('e1')).toBeInstanceOf(bench.sdk.OpenAI);
      await talks(client.balancer.pin('e1'));
      // The SDK's own withOptions reads private fields, which a naive Proxy does not have.
      if (wrap === deep) await talks(client.withOptions({ maxRetries: 1 }));
      expect(await client.post('/echo', { body: {} })).toMatchObject({ method: 'POST' });
      await client.close();
    }
  }),

  behaviour('a copy by spreading, with wrapped resources, still talks', ALL, async (bench) => {
    const copy = { ...bench.client() };
    copy.chat = Object.assign(Object.create(Object.getPrototypeOf(copy.chat)), copy.chat);
    await talks(copy as OpenAI);
    expect(await copy.embeddings.create({ model: 'e', input: 'x' })).toMatchObject({ object: 'list' });
  }),

  behaviour('its class can be constructed again with a key alone', ALL, async (bench) => {
    const Class = Object.getPrototypeOf(bench.client()).constructor as typeof OpenAI;
    const clean = new Class({ apiKey: 'dummy', dangerouslyAllowBrowser: true });
    expect(clean).toBeInstanceOf(bench.sdk.OpenAI);
    expect([clean.apiKey, clean.baseURL]).toEqual(['dummy', 'https://api.openai.com/v1']);
    expect(String(clean.chat.completions.create)).toBe(String(bench.client().chat.completions.create));
  }),

  behaviour('close() ends a client: later calls reject, a second close is fine', POOLS, async (bench) => {
    const client = bench.ours();
    await talks(client);
    await client.close();
    await client.close();
    const error = await rejection(client.chat.completions.create(ASK));
    expect(error).toBeInstanceOf(bench.library.ClosedError);
    expect(error).toBeInstanceOf(bench.sdk.OpenAIError);
    expect(typeof client[Symbol.asyncDispose]).toBe('function');
  }),

  behaviour(
    'attemptsOf and explain know the call, its data, its stream, its response; and nothing of a primitive',
    POOLS,
    async (bench) => {
      const { attemptsOf, explain } = bench.library;
      const client = bench.client();
      const call = client.chat.completions.create(ASK);
      const { data, response } = await call.withResponse();
      const stream = await client.chat.completions.create({ ...ASK, stream: true });
      for (const x of [call, data, response, stream]) expect(attemptsOf(x)).toMatchObject([{ status: 200 }]);
      for await (const _ of stream);
      expect(explain(data)).toMatch(/^e\d 200 in \d+ ms/);
      for (const x of ['text', 1, null, undefined, {}]) expect(attemptsOf(x)).toEqual([]);
    },
  ),

  behaviour('without endpoints it is the SDK: no attempts to tell', [0], async (bench) => {
    const client = bench.ours();
    const call = client.chat.completions.create(ASK);
    await call;
    expect(bench.library.attemptsOf(call)).toEqual([]);
    expect(bench.seen[0]?.headers.authorization).toBe(`Bearer ${bench.key(0)}`);
  }),
];
