// The promise of a call: one of the SDK's in all that shows of it, told of its call whatever it is asked for, and made of few promises.
import { createHook } from 'node:async_hooks';
import { inspect } from 'node:util';
import { APIPromise, OpenAI, PagePromise } from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
});
const LIST = JSON.stringify({ object: 'list', data: [], has_more: false });
const ASK = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hi' }] };
const headers = { 'content-type': 'application/json', 'x-request-id': 'req_1' };

type Send = () => Promise<Response>;
const answering =
  (text: string): Send =>
  () =>
    Promise.resolve(new Response(text, { headers }));
const plainOf = (send: Send) => new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', fetch: send });
const poolOf = (send: Send) =>
  new LoadBalancedOpenAI(
    [1, 2].map((port) => ({ apiKey: `k${port}`, baseURL: `http://127.0.0.1:${port}/v1`, fetch: send })),
    { shareState: false },
  );
const names = (thing: unknown) => attemptsOf(thing).map(({ verdict }) => verdict);

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** Headers at once, the body when it is let go. */
function slowBody() {
  const [gate, sent] = [deferred(), deferred()];
  const body = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await gate.promise;
        controller.enqueue(new TextEncoder().encode(ANSWER));
        controller.close();
      },
    });
  const send = () => {
    sent.resolve();
    return Promise.resolve(new Response(body(), { headers }));
  };
  return { send, sent: sent.promise, finish: gate.resolve };
}

const turns = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('shows as one of the SDK’s', () => {
  const FIELDS = ['responsePromise', 'parseResponse'];

  it.each([
    ['a call', answering(ANSWER), (client: OpenAI) => client.chat.completions.create(ASK), APIPromise],
    ['a list', answering(LIST), (client: OpenAI) => client.chat.completions.list(), PagePromise],
  ])('%s', async (_, send, ask, Class) => {
    const own = ask(poolOf(send));
    expect(own).toBeInstanceOf(Class);
    expect(own.constructor).toBe(Class);
    expect(Reflect.ownKeys(own)).toEqual(FIELDS);
    expect(inspect(own, { depth: 0, showHidden: true })).toMatch(new RegExp(`^${Class.name} `));
    await own;
    expect(Reflect.ownKeys(own).filter((key) => key !== 'parsedPromise')).toEqual(FIELDS);
  });
});

describe('whatever it is asked for', () => {
  it('knows its attempts, as do what it was made from, what is derived from it, and all it gives out', async () => {
    const own = poolOf(answering(ANSWER)).chat.completions.create(ASK);
    expect(names(own)).toEqual([]);
    const derived = own._thenUnwrap(({ id }) => ({ id }));
    const { data, response } = await derived.withResponse();
    for (const thing of [own, derived, data, await own, response]) expect(names(thing)).toEqual(['ok']);
  });

  it('a response taken at once is known too', async () => {
    const response = await poolOf(answering(ANSWER)).chat.completions.create(ASK).asResponse();
    expect(names(response)).toEqual(['ok']);
    expect(await response.text()).toBe(ANSWER);
  });

  it('gives the response at its headers while somebody waits for the body', async () => {
    const { send, sent, finish } = slowBody();
    const own = poolOf(send).chat.completions.create(ASK);
    let parsed = false;
    const read = own.then(({ id }) => {
      parsed = true;
      return id;
    });
    await sent;
    await turns();
    const response = await own.asResponse();
    expect([response.status, parsed, names(response)]).toEqual([200, false, ['pending']]);
    finish();
    expect(await read).toBe('chatcmpl-1');
    expect(names(response)).toEqual(['ok']);
  });

  it('asked for both before there is anything, each gets the body', async () => {
    const { send, sent, finish } = slowBody();
    const own = poolOf(async () => {
      const answer = await send();
      await turns();
      return answer;
    }).chat.completions.create(ASK);
    const read = own.then(({ id }) => id);
    await sent;
    const text = own.asResponse().then((response) => response.text());
    finish();
    expect([await read, await text]).toEqual(['chatcmpl-1', ANSWER]);
  });
});

/** As tracers hand out promises: what is not theirs is asked of the promise itself, in the proxy's name. */
const proxyOf = <T extends object>(promise: T): T => new Proxy(promise, {});

describe('through a foreign proxy', () => {
  const call = () => proxyOf(poolOf(answering(ANSWER)).chat.completions.create(ASK));

  it('a call gives all it has', async () => {
    expect(await call()).toMatchObject({ id: 'chatcmpl-1' });
    expect(await call().catch(() => undefined)).toMatchObject({ id: 'chatcmpl-1' });
    expect(await call().finally(() => undefined)).toMatchObject({ id: 'chatcmpl-1' });
    expect(await (await call().asResponse()).text()).toBe(ANSWER);
    const { data, response, request_id } = await call().withResponse();
    expect([data.id, response.status, request_id, names(response)]).toEqual(['chatcmpl-1', 200, 'req_1', ['ok']]);
    expect(await call()._thenUnwrap(({ id }) => ({ id }))).toEqual({ id: 'chatcmpl-1' });
  });

  it('so does a list', async () => {
    const list = () => proxyOf(poolOf(answering(LIST)).chat.completions.list());
    expect((await list()).data).toEqual([]);
    expect(await list().catch(() => undefined)).toMatchObject({ data: [] });
    expect(await list().finally(() => undefined)).toMatchObject({ data: [] });
    expect(await (await list().asResponse()).json()).toMatchObject({ data: [] });
    expect((await list().withResponse()).data.data).toEqual([]);
    expect(await list()._thenUnwrap(({ data }) => ({ data }))).toEqual({ data: [] });
    const items: unknown[] = [];
    for await (const item of list()) items.push(item);
    expect(items).toEqual([]);
  });
});

it('an awaited call makes but a few promises more than the SDK’s own', async () => {
  let made = 0;
  let counting = false;
  const hook = createHook({
    init(_, type) {
      if (counting && type === 'PROMISE') made += 1;
    },
  });
  const promisesOf = async (client: OpenAI) => {
    for (let call = 0; call < 5; call++) await client.chat.completions.create(ASK);
    made = 0;
    counting = true;
    for (let call = 0; call < 20; call++) await client.chat.completions.create(ASK);
    counting = false;
    return made / 20;
  };
  hook.enable();
  try {
    const [plain, own] = [await promisesOf(plainOf(answering(ANSWER))), await promisesOf(poolOf(answering(ANSWER)))];
    expect(plain).toBeGreaterThan(20);
    // Each `await` counts as one. Older versions of the SDK have no clock over a reply's body, and make fewer.
    const most = 'parseResponseWithTimeout' in OpenAI.prototype ? 4 : 14;
    expect(own - plain).toBeLessThanOrEqual(most);
  } finally {
    hook.disable();
  }
});
