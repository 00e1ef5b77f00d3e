// What goes out for a stream when the pool sends by itself, what is read of it, and how it ends: beside the plain SDK.
import OpenAI from 'openai';
import { Stream } from 'openai/streaming';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { type Ask, BASE, heardByHook, outcome, pair, shape, upstream } from '../support/beside-sdk.ts';

const TYPE = { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' } };
const streamOf = (...events: string[]) => new Response(events.join(''), TYPE);
const data = (event: unknown) => `data: ${JSON.stringify(event)}\n\n`;
const named = (name: string, event: unknown) => `event: ${name}\n${data(event)}`;
const DONE = 'data: [DONE]\n\n';

const delta = (content: string, reason: string | null = null) =>
  data({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-5',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: reason }],
  });
const chatEvents = () => streamOf(delta('ä€😀'), delta('b', 'stop'), DONE);

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, output: [], status: 'completed' };
const responseEvents = () =>
  streamOf(
    named('response.created', { type: 'response.created', response: { ...RESPONSE, status: 'in_progress' } }),
    named('response.completed', { type: 'response.completed', response: RESPONSE }),
  );
const RUN = { id: 'run_1', object: 'thread.run', thread_id: 't_1', status: 'completed' };
const runEvents = () =>
  streamOf(named('thread.run.created', RUN), named('thread.run.completed', RUN), `event: done\n${DONE}`);
const imageEvents = () =>
  streamOf(named('image_generation.completed', { type: 'image_generation.completed', b64: 'a' }));

/** All that comes of a stream. */
async function readAll(asked: unknown): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of (await asked) as AsyncIterable<unknown>) events.push(event);
  return events;
}

const messages = [{ role: 'user' as const, content: 'Say "ä€😀\u2028"' }];
const chat =
  (options?: OpenAI.RequestOptions, body: object = {}): Ask =>
  (client) =>
    readAll(client.chat.completions.create({ model: 'gpt-5', stream: true, messages, ...body } as never, options));

/** The SDK asks for this and that by options of its own. */
const post =
  (options: object, path = '/things'): Ask =>
  (client) =>
    readAll(client.post(path, { body: { a: 1, stream: true }, stream: true, ...options } as never));

/** Decodes as some resources of the SDK do: by a class of its own. */
class Counted<Item> extends Stream<Item> {
  static override fromSSEResponse<Item>(...facts: Parameters<typeof Stream.fromSSEResponse>): Counted<Item> {
    const inner = Stream.fromSSEResponse(...facts) as Stream<unknown>;
    async function* events() {
      for await (const event of inner) yield { counted: event };
    }
    return new Counted(events as never, inner.controller);
  }
}

const CALLS: Record<string, [() => Response, Ask]> = {
  'a chat': [chatEvents, chat()],
  'one with usage': [chatEvents, chat(undefined, { stream_options: { include_usage: true }, temperature: 0 })],
  'one with headers': [chatEvents, chat({ headers: { 'X-Own': 'a', Accept: null } })],
  'one with a timeout': [chatEvents, chat({ timeout: 7_900 })],
  'one with a bad timeout': [chatEvents, chat({ timeout: -1 })],
  'one with a query': [chatEvents, chat({ query: { a: '1' } })],
  'one with an idempotency key': [chatEvents, chat({ idempotencyKey: 'once' })],
  'one with fetch options': [chatEvents, chat({ fetchOptions: { keepalive: true } as never })],
  'one with a signal': [chatEvents, chat({ signal: new AbortController().signal })],
  'a chat by the helper': [
    chatEvents,
    (client) => client.chat.completions.stream({ model: 'gpt-5', messages }).finalChatCompletion(),
  ],
  'the events of the helper': [
    chatEvents,
    (client) => readAll(client.chat.completions.stream({ model: 'gpt-5', messages })),
  ],
  'a completion': [
    () => streamOf(data({ id: 'c', choices: [{ index: 0, text: 'a', finish_reason: 'stop' }] }), DONE),
    (client) => readAll(client.completions.create({ model: 'm', prompt: 'a', stream: true })),
  ],
  'a response': [
    responseEvents,
    (client) => readAll(client.responses.create({ model: 'gpt-5', input: 'hi', stream: true })),
  ],
  'a response by the helper': [
    responseEvents,
    (client) => client.responses.stream({ model: 'gpt-5', input: 'hi' }).finalResponse(),
  ],
  'a run': [
    runEvents,
    (client) => readAll(client.beta.threads.runs.create('t_1', { assistant_id: 'a_1', stream: true })),
  ],
  'a run by the helper': [
    runEvents,
    (client) => client.beta.threads.runs.stream('t_1', { assistant_id: 'a_1' }).finalRun(),
  ],
  'an image': [
    imageEvents,
    (client) => readAll(client.images.generate({ model: 'i', prompt: 'a', stream: true } as never)),
  ],
  'a raw post': [chatEvents, post({})],
  'a raw post whose body does not say so': [chatEvents, post({ body: { a: 1 } })],
  'a raw post of text': [chatEvents, post({ body: 'text' })],
  'a raw get': [
    chatEvents,
    (client) => readAll(client.get('/things', { query: { stream: 'true' }, stream: true } as never)),
  ],
  'a class for the stream': [chatEvents, post({ __streamClass: Counted })],
  'events with their names': [runEvents, post({ __synthesizeEventData: true })],
  'events as they come': [runEvents, post({ __streamMode: 'events' })],
  'its `Response` first': [
    chatEvents,
    async (client) => {
      const promise = client.chat.completions.create({ model: 'm', messages, stream: true });
      const { status, bodyUsed } = await promise.asResponse();
      return [status, bodyUsed, await readAll(promise)];
    },
  ],
  'its `Response` beside it': [
    chatEvents,
    async (client) => {
      const promise = client.chat.completions.create({ model: 'm', messages, stream: true });
      const { data: stream, response, request_id: id } = await promise.withResponse();
      return [response.status, id, stream instanceof Stream, await readAll(stream)];
    },
  ],
};

const CLIENTS: Record<string, object> = {
  'a plain client': {},
  'one with all that goes into headers': {
    organization: 'org',
    project: 'proj',
    defaultHeaders: { 'X-Default': 'd' },
    defaultQuery: { v: '2' },
    timeout: 45_678,
  },
};

describe.each(Object.entries(CLIENTS))('a stream goes out byte for byte as the SDK sends it: %s', (_, options) => {
  it.each(Object.entries(CALLS))('%s', async (_name, [events, ask]) => {
    const [plain, ours] = [upstream(events), upstream(events)];
    const [[one], [, other]] = [pair(options, plain.fetch), pair(options, ours.fetch)];
    // The third follows what was kept of those before.
    for (let i = 0; i < 3; i++) {
      const expected = await outcome(ask, one);
      const value = await outcome(ask, other);
      if (expected instanceof Error) expect(shape(value)).toEqual(shape(expected));
      else expect(value).toEqual(expected);
    }
    expect(ours.sent).toEqual(plain.sent);
  });
});

it('a helper’s header does not stick to a call without it, nor a time to one without a time', async () => {
  const [plain, ours] = [upstream(chatEvents), upstream(chatEvents)];
  const helper: Ask = (client) => client.chat.completions.stream({ model: 'gpt-5', messages }).finalChatCompletion();
  for (const client of [pair({}, plain.fetch)[0], pair({}, ours.fetch)[1]])
    for (let i = 0; i < 3; i++) for (const ask of [helper, chat(), chat({ timeout: 5_000 })]) await ask(client);
  expect(ours.sent).toEqual(plain.sent);
});

it('whether a reply is a stream is taken from the body as the SDK takes it', async () => {
  const [plain, ours] = [upstream(chatEvents), upstream(chatEvents)];
  const isStream: Ask = async (client) => {
    const { data: given } = await client.chat.completions
      .create({ model: 'm', messages, stream: 1 } as never)
      .withResponse();
    return (given as unknown) instanceof Stream;
  };
  const [[one], [, other]] = [pair({}, plain.fetch), pair({}, ours.fetch)];
  for (let i = 0; i < 3; i++) {
    const { value: streams } = (await outcome(isStream, one)) as { value: boolean };
    const given = await outcome(isStream, other);
    // Events where JSON was asked for are no answer here.
    if (streams) expect(given).toMatchObject({ value: true });
    else expect(given).toBeInstanceOf(OpenAI.APIConnectionError);
  }
  expect(ours.sent).toEqual(plain.sent);
});

describe('who sends it', () => {
  const sentBySdk = async (ask: Ask, options = {}) => {
    let stack = '';
    const fetch = async () => {
      stack = new Error('here').stack ?? '';
      return chatEvents();
    };
    await ask(pair(options, fetch)[1]);
    return stack.includes('fetchWithTimeout');
  };

  it.each(Object.entries({ 'a chat': chat(), 'one with headers': chat({ headers: { a: 'b' } }) }))(
    '%s goes without what the SDK does around it',
    async (_, ask) => {
      expect(await sentBySdk(ask)).toBe(false);
    },
  );

  it.each(
    Object.entries({
      'another class': post({ __streamClass: Counted }),
      'names of events': post({ __synthesizeEventData: true }),
      'all events': post({ __streamMode: 'events' }),
    }),
  )('whoever asks for %s has it from the SDK', async (_, ask) => {
    expect(await sentBySdk(ask)).toBe(true);
  });

  it('the SDK does for a key that is a function', async () => {
    expect(await sentBySdk(chat(), { apiKey: async () => 'sk-own-0123456789' })).toBe(true);
  });
});

const FAILURES: Record<string, () => Response | Promise<Response>> = {
  '400': () => Response.json({ error: { message: 'bad', code: 'c', param: 'p' } }, { status: 400 }),
  '429': () => Response.json({ error: { message: 'slow' } }, { status: 429, headers: { 'retry-after': '1' } }),
  '500 of text': () => new Response('oops', { status: 500 }),
  'a lost connection': () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNRESET') })),
  'a timeout of the transport': () => Promise.reject(new TypeError('x', { cause: new Error('Connect Timeout') })),
  'an abort of the transport': () => Promise.reject(new DOMException('aborted', 'AbortError')),
  'something thrown that is no error': () => Promise.reject('text'),
  'an error as its first event': () => streamOf(data({ error: { message: 'no', code: 'c', type: 't' } })),
  'an error with a name': () => streamOf(named('error', { error: { message: 'no', code: 'c' } })),
  'an error after words': () => streamOf(delta('a'), data({ error: { message: 'no', code: 'c' } })),
};

describe('an error is the SDK’s own', () => {
  it.each(Object.entries(FAILURES))('%s', async (_, reply) => {
    const [plain, ours] = [upstream(reply), upstream(reply)];
    const expected = shape(await outcome(chat(), pair({}, plain.fetch)[0]));
    expect(shape(await outcome(chat(), pair({}, ours.fetch)[1]))).toEqual(expected);
    expect(ours.sent).toHaveLength(1);
  });

  it('where its caller aborts before there are headers', async () => {
    const controller = new AbortController();
    const reply = () => {
      controller.abort(new Error('enough'));
      return new Promise<Response>(() => undefined);
    };
    const error = await outcome(chat({ signal: controller.signal }), pair({}, upstream(reply).fetch)[1]);
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
  });
});

/** A stream that says something and then waits, as a transport that obeys its signal has it. */
function waiting() {
  const signals: AbortSignal[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const signal = init?.signal as AbortSignal;
    signals.push(signal);
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        stream.enqueue(Buffer.from(delta('a')));
        signal.addEventListener('abort', () => stream.error(signal.reason), { once: true });
      },
    });
    return new Response(body, TYPE);
  };
  return { signals, fetch };
}

type Chunks = Stream<OpenAI.ChatCompletionChunk>;
interface Ended {
  readonly stream: Chunks;
  readonly abort: () => void;
}
/** Reads the first event, ends it, and tells what came of it. */
const ENDS: Record<string, (ended: Ended) => Promise<unknown>> = {
  'its caller’s signal': async ({ stream, abort }) => {
    for await (const _ of stream) abort();
    return 'over';
  },
  'its own controller': async ({ stream }) => {
    for await (const _ of stream) stream.controller.abort();
    return 'over';
  },
  'its own controller, unread': async ({ stream }) => {
    stream.controller.abort();
    return readAll(stream);
  },
  'a loop that is left': async ({ stream }) => {
    for await (const _ of stream) break;
    return 'left';
  },
  'a loop that throws': async ({ stream }) => {
    for await (const _ of stream) throw new Error('own');
  },
  'its readable that is cancelled': async ({ stream }) => {
    const reader = stream.toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
    return 'cancelled';
  },
};

describe.each([false, true])('the request of a stream is ended (its `Response` was taken: %s)', (raw) => {
  it.each(Object.entries(ENDS))('by %s', async (_, end) => {
    const run = async (which: 0 | 1) => {
      const { fetch, signals } = waiting();
      const controller = new AbortController();
      const { signal } = controller;
      const client = pair({}, fetch)[which];
      const promise = client.chat.completions.create({ model: 'm', messages, stream: true }, { signal });
      if (raw) await promise.asResponse();
      const stream = await promise;
      const before = stream.controller.signal.aborted;
      const how = await end({ stream, abort: () => controller.abort() }).catch((error: Error) => error.message);
      return { before, how, ended: signals.map(({ aborted }) => aborted), told: stream.controller.signal.aborted };
    };
    const [expected, value] = [await run(0), await run(1)];
    expect(value.ended).toEqual([true]);
    // Whether the controller of a loop that was left is aborted is told by the plain SDK alone.
    expect({ ...value, told: expected.told }).toEqual(expected);
  });
});

it('a stream is read once, and is one of the SDK’s', async () => {
  const client = pair({}, upstream(chatEvents).fetch)[1];
  const stream = await client.chat.completions.create({ model: 'm', messages, stream: true });
  expect(stream).toBeInstanceOf(Stream);
  expect(stream.controller).toBeInstanceOf(AbortController);
  expect(await readAll(stream)).toHaveLength(2);
  expect(stream.controller.signal.aborted).toBe(false);
  await expect(readAll(stream)).rejects.toThrow('Cannot iterate over a consumed stream');
});

describe('a hook', () => {
  class Hooked extends LoadBalancedOpenAI {
    readonly ran: string[] = [];
    protected override async prepareOptions(options: { headers?: unknown; body?: unknown }): Promise<void> {
      this.ran.push('options');
      options.headers = { 'x-hook': 'h' };
      (options.body as { user?: string }).user = 'u';
    }
    protected override async prepareRequest(request: RequestInit, { url }: { url: string }) {
      this.ran.push(`request ${url}`);
      (request.headers as Headers).set('x-request-hook', 'r');
    }
  }

  it('of a subclass runs once for each attempt of a stream, and what it changes goes out', async () => {
    const { fetch, sent } = upstream(() => Response.json({}, { status: 500 }), chatEvents);
    const endpoints = [1, 2].map((i) => ({ apiKey: `k${i}`, baseURL: `https://e${i}.example/v1`, fetch }));
    const client = new Hooked(endpoints, { logLevel: 'off', strategy: 'priority', shareState: false });
    expect(await chat()(client)).toHaveLength(2);
    const at = (i: number) => `request https://e${i}.example/v1/chat/completions`;
    expect(client.ran).toEqual(['options', at(1), 'options', at(2)]);
    for (const { headers, body } of sent) {
      expect(new Headers(headers).get('x-hook')).toBe('h');
      expect(new Headers(headers).get('x-request-hook')).toBe('r');
      expect(JSON.parse(body as string)).toMatchObject({ user: 'u', stream: true });
    }
  });

  it('that puts another signal into the options of a stream or a plain call is heard', async () => {
    const own = new AbortController();
    class Ending extends LoadBalancedOpenAI {
      protected override async prepareOptions(options: { signal?: unknown }): Promise<void> {
        options.signal = own.signal;
      }
    }
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      signals.push(init?.signal);
      return String(init?.body).includes('"stream":true')
        ? chatEvents()
        : Response.json({ id: 'c', choices: [{ message: { content: 'a' } }] });
    };
    const client = new Ending([{ apiKey: 'k', baseURL: BASE, fetch }], { logLevel: 'off', shareState: false });
    for (let i = 0; i < 3; i++) {
      await chat()(client);
      await client.chat.completions.create({ model: 'm', messages });
    }
    own.abort();
    expect(signals.map((signal) => signal?.aborted)).toEqual(Array(6).fill(true));
  });

  it('that somebody gave to every client of the SDK runs once for a stream', async () => {
    const urls = await heardByHook(async () => {
      for (const reply of [chatEvents, () => Response.json({}, { status: 500 })])
        await outcome(chat(), pair({}, upstream(reply).fetch)[1]);
    });
    expect(urls).toEqual(Array(2).fill(`${BASE}/chat/completions`));
  });
});
