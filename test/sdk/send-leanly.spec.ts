// What goes out when the pool sends by itself, and what comes of failures: beside the plain SDK, in each of its versions.
import { Readable } from 'node:stream';
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { type Ask, BASE, heardByHook, outcome, pair, shape, upstream } from '../support/beside-sdk.ts';

const ANSWER = { id: 'c', object: 'chat.completion', choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] };

const good = () => Response.json(ANSWER, { headers: { 'x-request-id': 'req_1' } });

const chat = (options?: OpenAI.RequestOptions, body: object = {}): Ask => {
  const asked = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Say "ä€😀\u2028"' }], ...body };
  return (client) => client.chat.completions.create(asked as never, options);
};

const CALLS: Record<string, Ask> = {
  'a chat': chat(),
  'one with many fields': chat(undefined, {
    temperature: 0,
    stop: null,
    user: undefined,
    tools: [{ type: 'function' }],
  }),
  'one that says it is no stream': chat(undefined, { stream: false }),
  'one with a Date in it': chat(undefined, { metadata: { at: new Date(0) } }),
  'one with numbers as keys': chat(undefined, { 7: 'b', 1: 'a' }),
  'one with a body of a class': (client) =>
    client.chat.completions.create(
      new (class {
        readonly model = 'gpt-5';
        toJSON = () => ({ model: 'gpt-5', messages: [] });
      })() as never,
    ),
  'one with headers': chat({ headers: { 'X-Own': 'a', 'User-Agent': 'me', Accept: null } }),
  'one with headers in pairs': chat({
    headers: [
      ['x-own', 'a'],
      ['x-own', 'b'],
    ] as never,
  }),
  'one with its own key': chat({ headers: { Authorization: 'Bearer sk-other-0123456789' } }),
  'one with a content type': chat({ headers: { 'Content-Type': 'application/json; charset=utf-8' } }),
  'one without a content type': chat({ headers: { 'Content-Type': null } }),
  'one as a form': chat({ headers: { 'content-type': 'application/x-www-form-urlencoded' } }, { messages: undefined }),
  'one with a timeout': chat({ timeout: 7_900 }),
  'one with a bad timeout': chat({ timeout: -1 }),
  'one with a query': chat({ query: { a: '1', b: ['x', 'y'] } }),
  'one with an idempotency key': chat({ idempotencyKey: 'once' }),
  'one with fetch options': chat({ fetchOptions: { keepalive: true } as never }),
  'one with another method in its fetch options': chat({ fetchOptions: { method: 'PUT' } as never }),
  'one with a bad header': chat({ headers: { 'x-own': 'a\nb' } }),
  'a response': (client) => client.responses.create({ model: 'gpt-5', input: 'hi' }),
  'an embedding': (client) => client.embeddings.create({ model: 'e', input: ['a', 'b'] }),
  'a list of models': (client) => client.models.list().then(({ data }) => data),
  'a raw post without a body': (client) => client.post('/things'),
  'a raw post of nothing': (client) => client.post('/things', { body: undefined } as never),
  'a raw post of an empty object': (client) => client.post('/things', { body: {} }),
  'a raw post of text': (client) => client.post('/things', { body: 'text' as never }),
  'a raw patch': (client) => client.patch('/things/1', { body: { a: 1 } }),
  'a deletion': (client) => client.delete('/things/1'),
};

const CLIENTS: Record<string, object> = {
  'a plain client': {},
  'one with all that goes into headers': {
    organization: 'org',
    project: 'proj',
    defaultHeaders: { 'X-Default': 'd', 'x-own': 'default' },
    defaultQuery: { v: '2' },
    timeout: 45_678,
  },
  'one with fetch options': { fetchOptions: { keepalive: true } },
  'one with a slash at its end and a query': { baseURL: `${BASE}/?tenant=1` },
};

describe.each(Object.entries(CLIENTS))('an attempt goes out byte for byte as the SDK sends it: %s', (_, options) => {
  it.each(Object.entries(CALLS))('%s', async (_name, ask) => {
    const [plain, ours] = [upstream(good), upstream(good)];
    const [[one], [, other]] = [pair(options, plain.fetch), pair(options, ours.fetch)];
    const expected = await outcome(ask, one);
    const value = await outcome(ask, other);
    // A second time, now that the first is known.
    for (const client of [one, other]) await outcome(ask, client);
    expect(ours.sent).toEqual(plain.sent);
    expect(value).toEqual(expected);
  });
});

it('a call goes out with what was changed since the one before', async () => {
  const changes: object[] = [
    {},
    { apiKey: 'sk-new-0123456789' },
    { organization: 'org' },
    { project: 'proj' },
    { baseURL: 'https://b.example/v1' },
    { adminAPIKey: 'sk-admin-0123456789' },
    { project: 'other' },
  ];
  const [plain, ours] = [upstream(good), upstream(good)];
  const clients = [pair({}, plain.fetch)[0], pair({}, ours.fetch)[1]];
  for (const client of clients)
    for (const change of changes)
      for (const [path, time] of [['/a'], ['/b'], ['/a'], ['/a', 7_000], ['/a', 9_000]] as [string, number?][])
        await Object.assign(client, change).post(path, { body: { a: 1 }, ...(time && { timeout: time }) });
  expect(ours.sent).toEqual(plain.sent);
});

it('a key that is changed while calls are on their way out does not come back', async () => {
  const turnsOf = async (turns: number) => {
    for (let turn = 0; turn < turns; turn++) await undefined;
  };
  for (const before of [0, 1])
    for (let apart = 1; apart < 6; apart++)
      for (let turns = 0; turns < 25; turns++) {
        const { sent, fetch } = upstream(good);
        const client = pair({}, fetch)[1];
        const post = async (path: string) => await client.post(path, { body: { a: 1 } });
        for (let i = 0; i < before; i++) await post('/a');
        const running = [post('/a')];
        await turnsOf(apart);
        running.push(post('/b'));
        await turnsOf(turns);
        client.apiKey = 'sk-new-0123456789';
        await Promise.all(running);
        for (let i = 0; i < 3; i++) await post('/a');
        const keys = sent.map(({ headers }) => new Headers(headers).get('authorization'));
        expect(keys.slice(-3), `${apart} and ${turns} turns`).toEqual(Array(3).fill('Bearer sk-new-0123456789'));
      }
});

it('a call goes out with the key that it asks for, and with default headers as they are now', async () => {
  const [plain, ours] = [upstream(good), upstream(good)];
  const asked = [{ bearerAuth: true }, { adminAPIKeyAuth: true }, { bearerAuth: true }];
  for (const [i, { fetch }] of [plain, ours].entries()) {
    const defaultHeaders: Record<string, string> = {};
    const clients = [{}, { defaultHeaders }].map(
      (own) => pair({ adminAPIKey: 'sk-admin-0123456789', ...own }, fetch)[i]!,
    );
    for (const client of clients)
      for (const __security of asked) {
        await client.request({ method: 'post', path: '/a', body: { a: 1 }, __security } as never);
        defaultHeaders['x-n'] = `${defaultHeaders['x-n'] ?? ''}n`;
      }
  }
  expect(ours.sent).toEqual(plain.sent);
});

it('an admin key that was sent is a secret also after it was changed', async () => {
  const key = 'sk-admin-first-0123456789';
  const { fetch, sent } = upstream(good, () => json({ error: { message: `you sent ${key} before` } }, 400));
  const client = pair({ adminAPIKey: 'sk-admin-third-4567890123' }, fetch)[1];
  client.adminAPIKey = key;
  const ask = () =>
    client.request({ method: 'post', path: '/a', body: {}, __security: { adminAPIKeyAuth: true } } as never);
  await ask();
  // Old versions of the SDK know no such keys.
  if (!JSON.stringify(sent[0]).includes(key)) return;
  client.adminAPIKey = 'sk-admin-other-9876543210';
  const error = await outcome(ask, client);
  expect(String(error)).toContain('you sent');
  expect(String(error)).not.toContain(key);
});

it('whoever changes the headers of one request changes no other', async () => {
  const seen: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const headers = init?.headers as Headers;
    seen.push(headers.get('x-seen'));
    headers.set('x-seen', 'yes');
    return good();
  };
  const client = pair({}, fetch)[1];
  for (let i = 0; i < 3; i++) await chat()(client);
  expect(seen).toEqual([null, null, null]);
});

it.each([
  ['buildURL', 'buildBody'],
  ['fetchWithTimeout', 'request'],
  ['makeRequest', 'authHeaders'],
])('a client whose %s and %s somebody replaced sends by them', async (...names) => {
  const { fetch, sent } = upstream(good);
  const client = pair({}, fetch)[1];
  await chat()(client);
  const members = OpenAI.prototype as unknown as Record<string, (...facts: unknown[]) => unknown>;
  const ran = new Set<string>();
  const before = names.map((name) => members[name]!);
  names.forEach((name, i) => {
    members[name] = function (...facts) {
      ran.add(name);
      return before[i]!.apply(this, facts);
    };
  });
  try {
    await chat()(client);
  } finally {
    names.forEach((name, i) => {
      members[name] = before[i]!;
    });
  }
  expect([...ran].sort()).toEqual([...names].sort());
  expect(sent[1]).toEqual(sent[0]);
});

it('what somebody replaced before this library came runs as well, once for each attempt', async () => {
  const ran: string[] = [];
  const members = OpenAI.prototype as unknown as Record<string, (...facts: unknown[]) => unknown>;
  const before = ['fetchWithTimeout', 'authHeaders'].map((name) => [name, members[name]!] as const);
  for (const [name, own] of before)
    members[name] = function (...facts) {
      ran.push(name);
      return own.apply(this, facts);
    };
  try {
    vi.resetModules();
    const { LoadBalancedOpenAI: Later } = await import('../../src/index.ts');
    const { fetch } = upstream(() => json({ error: { message: 'no' } }, 500));
    const client = new Later([{ apiKey: 'sk-own-0123456789', baseURL: BASE, fetch }], {
      logLevel: 'off',
      maxRetries: 0,
      shareState: false,
    });
    await outcome(chat(), client);
  } finally {
    for (const [name, own] of before) members[name] = own;
  }
  expect(ran).toEqual(['authHeaders', 'fetchWithTimeout']);
});

it.each(['gpt-5', undefined])(
  'an attempt at Azure’s %s goes out byte for byte as the SDK sends it',
  async (deployment) => {
    const own = { apiKey: 'azure-0123456789', endpoint: 'https://a.example', apiVersion: 'v1', deployment };
    const [plain, ours] = [upstream(good), upstream(good)];
    await chat()(new AzureOpenAI({ ...own, fetch: plain.fetch }));
    await chat()(
      new LoadBalancedOpenAI([{ type: 'azure', ...own, fetch: ours.fetch }] as never, {
        logLevel: 'off',
        shareState: false,
      }),
    );
    expect(ours.sent).toEqual(plain.sent);
  },
);

it.each([1, 2])('a second attempt says which it is, as the SDK does: in a pool of %d', async (size) => {
  const bad = () => Response.json({ error: { message: 'no' } }, { status: 500, headers: { 'retry-after-ms': '1' } });
  const [plain, ours] = [upstream(bad, good), upstream(bad, good)];
  const { fetch } = ours;
  await chat()(pair({ maxRetries: 1 }, plain.fetch)[0]);
  const pool = Array.from({ length: size }, (_, i) => ({ apiKey: 'sk-own-0123456789', baseURL: BASE, name: `e${i}` }));
  await chat()(new LoadBalancedOpenAI(pool, { logLevel: 'off', fetch, maxRetries: 1, shareState: false }));
  expect(ours.sent).toEqual(plain.sent);
});

const text = (body: string | Uint8Array<ArrayBuffer> | null, type: string, headers: Record<string, string> = {}) =>
  new Response(body, { headers: { 'content-type': type, 'x-request-id': 'req_1', ...headers } });

const REPLIES: Record<string, () => Response> = {
  JSON: () => text('{"a":1}', 'application/json'),
  'JSON with a charset': () => text('{"a":"ä€😀"}', 'application/json; charset=utf-8'),
  'JSON in another spelling': () => text('{"a":1}', 'Application/JSON'),
  'JSON of a vendor': () => text('{"a":1}', 'application/vnd.api+json'),
  'JSON with a mark at its beginning': () => text('\ufeff{"a":1}', 'application/json'),
  'JSON that is a list': () => text('[1]', 'application/json'),
  'JSON that is nothing': () => text('null', 'application/json'),
  'JSON with an id of its own': () => text('{"_request_id":"theirs","a":1}', 'application/json'),
  'JSON with its length': () => text('{"a":1}', 'application/json', { 'content-length': '7' }),
  'broken letters': () => text(new Uint8Array([34, 0xff, 0xc3, 34]), 'application/json'),
  'no JSON': () => text('{"a":', 'application/json'),
  'nothing, told so': () => text('', 'application/json', { 'content-length': '0' }),
  'nothing, not told so': () => text('', 'application/json'),
  'no body': () => text(null, 'application/json'),
  'no content': () => new Response(null, { status: 204 }),
  text: () => text('hello', 'text/plain'),
  'no type': () => new Response(new Uint8Array([104, 105])),
};

describe('a reply is read as the SDK reads it', () => {
  it.each(Object.entries(REPLIES))('%s', async (_, reply) => {
    const ask: Ask = (client) => client.post('/things', { body: {} });
    const expected = await outcome(ask, pair({}, upstream(reply).fetch)[0]);
    const value = await outcome(ask, pair({}, upstream(reply).fetch)[1]);
    // What is no JSON is an error of the connection here, so that another endpoint is asked.
    if (expected instanceof Error) expect(value).toBeInstanceOf(OpenAI.APIConnectionError);
    else expect(value).toEqual(expected);
  });

  it('also where its `Response` is taken first', async () => {
    const promise = pair({}, upstream(good).fetch)[1].chat.completions.create({ model: 'm', messages: [] });
    const response = await promise.asResponse();
    expect([response.status, response.bodyUsed]).toEqual([200, false]);
    expect(await promise).toEqual(ANSWER);
  });
});

describe('a reply of another library than the one of this process is read as the SDK reads it', () => {
  const foreign = (body: unknown, status: number, stream?: () => unknown): Response => {
    const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'req_1' });
    const json = async () => body;
    const text = async () => JSON.stringify(body);
    const facts = { ok: status < 300, status, headers, url: `${BASE}/chat/completions`, body: stream?.(), json, text };
    return facts as unknown as Response;
  };
  const nodeStream = () => Readable.from([Buffer.from('not read by us')]);
  const bad = { error: { message: 'bad', code: 'c' } };

  it.each<[string, () => Response]>([
    ['one of `node-fetch`', () => foreign(ANSWER, 200, nodeStream)],
    ['one that a test made up, without a body', () => foreign(ANSWER, 200)],
    ['an error of `node-fetch`', () => foreign(bad, 400, nodeStream)],
    ['an error that a test made up', () => foreign(bad, 400)],
  ])('%s', async (_, reply) => {
    const plain = await outcome(chat(), pair({}, upstream(reply).fetch)[0]);
    const ours = await outcome(chat(), pair({}, upstream(reply).fetch)[1]);
    expect(ours).toEqual(plain);
    expect((ours as Error).message).toBe((plain as Error).message);
  });

  it('also where it knows JSON only', async () => {
    const reply = () => Object.assign(foreign(ANSWER, 200), { text: undefined });
    expect(await outcome(chat(), pair({}, upstream(reply).fetch)[1])).toEqual({ value: ANSWER, id: 'req_1' });
  });

  it('also where its promise is awaited twice, once for the `Response`', async () => {
    const promise = pair({}, upstream(() => foreign(ANSWER, 200, nodeStream)).fetch)[1].chat.completions.create({
      model: 'm',
      messages: [],
    });
    const [response, data] = await Promise.all([promise.asResponse(), promise]);
    expect([response.status, data]).toEqual([200, ANSWER]);
  });

  it('within the limit', async () => {
    const { fetch } = upstream(() => foreign(ANSWER, 200, nodeStream));
    const endpoints = [{ apiKey: 'k', baseURL: BASE, fetch }];
    const client = new LoadBalancedOpenAI(endpoints, { logLevel: 'off', shareState: false, maxResponseBytes: 20 });
    const error = await outcome(chat(), client);
    expect((error as Error).message).toContain('maxResponseBytes (20 bytes)');
  });
});

const json = (body: unknown, status: number, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers: { 'x-request-id': 'req_1', ...headers } });

const FAILURES: Record<string, () => Response | Promise<Response>> = {
  '400': () => json({ error: { message: 'bad', code: 'c', param: 'p', type: 't' } }, 400),
  '401 that repeats nothing': () => json({ error: 'no key' }, 401),
  '404 without an error of its own': () => json({ detail: 'x' }, 404),
  '429': () => json({ error: { message: 'slow down' } }, 429, { 'retry-after': '1' }),
  '500 of text': () => new Response('oops', { status: 500 }),
  '503 without a body': () => new Response(null, { status: 503 }),
  'a redirect': () => new Response(null, { status: 304 }),
  'a lost connection': () => {
    throw Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    });
  },
  'a timeout of the transport': () => {
    throw new TypeError('fetch failed', { cause: new Error('Connect Timeout Error') });
  },
  'an abort of the transport': () => {
    throw new DOMException('aborted', 'AbortError');
  },
  'something thrown that is no error': () => Promise.reject('text'),
};

describe('an error is the SDK’s own', () => {
  it.each(Object.entries(FAILURES))('%s', async (name, reply) => {
    const [plain, ours] = [upstream(reply), upstream(reply)];
    const expected = shape(await outcome(chat(), pair({}, plain.fetch)[0]));
    const error = shape(await outcome(chat(), pair({}, ours.fetch)[1]));
    // A redirect is told in words of the pool's.
    if (name === 'a redirect') expect(error.message).toContain('304 The endpoint redirects');
    else expect(error).toEqual(expected);
    expect(ours.sent).toHaveLength(1);
  });

  it('for a call that its caller aborts', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const reply = () => {
      controller.abort(reason);
      return new Promise<Response>(() => undefined);
    };
    const error = await outcome(chat({ signal: controller.signal }), pair({}, upstream(reply).fetch)[1]);
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
  });
});

it('a hook that somebody gave to every client of the SDK runs once for each attempt', async () => {
  const refuse = () => json({ error: { message: 'no' } }, 500);
  const urls = await heardByHook(() => outcome(chat(), pair({}, upstream(refuse).fetch)[1]));
  expect(urls).toEqual([`${BASE}/chat/completions`]);
});

describe('a hook of a subclass', () => {
  class Hooked extends LoadBalancedOpenAI {
    readonly ran: string[] = [];
    protected override async prepareOptions(options: { headers?: unknown; body?: unknown }): Promise<void> {
      this.ran.push('options');
      options.headers = { 'x-hook': 'h' };
      (options.body as { user?: string }).user = `u${this.ran.length}`;
    }
    protected override async prepareRequest(request: RequestInit, context: { url: string; options: unknown }) {
      this.ran.push(`request ${context.url}`);
      (request.headers as Headers).set('x-request-hook', (context.options as { body: { user: string } }).body.user);
    }
  }

  it('may put a stream in the place of the body', async () => {
    class Streaming extends LoadBalancedOpenAI {
      protected override async prepareRequest(request: RequestInit): Promise<void> {
        request.body = new Blob(['{"a":1}']).stream();
      }
    }
    let sent = '';
    const fetch: typeof globalThis.fetch = async (url, init) => {
      sent = await new Request(url as string, init).text();
      return good();
    };
    await chat()(new Streaming([{ apiKey: 'k', baseURL: BASE, fetch }], { logLevel: 'off', shareState: false }));
    expect(sent).toBe('{"a":1}');
  });

  it('runs once for each attempt, also for one that fails, and what it changes goes out', async () => {
    const { fetch, sent } = upstream(() => json({ error: { message: 'no' } }, 500), good);
    const endpoints = [1, 2].map((i) => ({ apiKey: `k${i}`, baseURL: `https://e${i}.example/v1`, fetch }));
    const client = new Hooked(endpoints, { logLevel: 'off', strategy: 'priority', shareState: false });
    await chat()(client);
    const at = (i: number) => `request https://e${i}.example/v1/chat/completions`;
    expect(client.ran).toEqual(['options', at(1), 'options', at(2)]);
    const told = sent.map(({ headers, body }) => [
      new Headers(headers).get('x-hook'),
      new Headers(headers).get('x-request-hook'),
      (JSON.parse(body as string) as { user: string }).user,
    ]);
    expect(told).toEqual([
      ['h', 'u1', 'u1'],
      ['h', 'u3', 'u3'],
    ]);
  });
});
