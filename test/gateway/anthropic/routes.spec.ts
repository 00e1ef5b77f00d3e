// The official client of Anthropic's API through the gateway: to OpenAI endpoints by translation, to Anthropic's as it is.
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { translatedMessage } from '../../../src/gateway/anthropic/translated-body.ts';
import { faultServer, type ServerRequest } from '../../../src/testing/index.ts';
import { endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';

const clientOf = ({ url }: TestGateway, apiKey = 'any') => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'hi' }];
const small = { model: 'gpt-5', max_tokens: 50, messages };
const claude = { ...small, model: 'claude-next' };
const tools: Anthropic.Tool[] = [{ name: 'weather', input_schema: { type: 'object' } }];

const message = {
  ...{ id: 'msg_up', type: 'message', role: 'assistant', model: 'claude-next', stop_reason: 'end_turn' },
  content: [{ type: 'text', text: 'Hello from Claude.' }],
  usage: { input_tokens: 5, cache_read_input_tokens: 20, cache_creation_input_tokens: 0, output_tokens: 7 },
};
const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const events = [
  event('message_start', { message: { ...message, content: [], usage: { input_tokens: 5, output_tokens: 1 } } }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('ping'),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hello.' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } }),
  event('message_stop'),
];
const streamed = (parts: readonly string[], length = parts.join('').length) => ({
  raw: [
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_up\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`,
    ...parts,
  ],
});
/** What a server of Anthropic's says. */
const speak = ({ body, path }: ServerRequest) => {
  if (path.endsWith('/count_tokens')) return { status: 200, body: { input_tokens: 12 } };
  if (!path.endsWith('/messages')) return undefined;
  return (body as { stream?: boolean }).stream ? streamed(events) : { status: 200, body: message };
};
const anthropicOf = (server: Parameters<typeof endpointOf>[0], more: object = {}) =>
  endpointOf(server, { type: 'anthropic', ...more });
const failure = async (run: Promise<unknown>) => {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Anthropic.APIError)) throw new Error(`not the client's error: ${String(error)}`);
  return error;
};

describe('a model of an OpenAI endpoint', () => {
  it('answers a message', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { data, response, request_id } = await clientOf(gateway)
      .messages.create({ ...small, system: 'Be brief.' })
      .withResponse();
    expect(data).toMatchObject({
      ...{ type: 'message', role: 'assistant', stop_reason: 'end_turn' },
      content: [{ type: 'text', text: 'Hello from a.' }],
    });
    expect(data.id).toMatch(/^msg_/);
    expect(data.usage.input_tokens).toBeGreaterThan(0);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect(response.headers.get('x-endpoint')).toBe('a');
    expect(request_id).toBe(response.headers.get('x-request-id'));
    const [{ path, body, apiKey, headers } = {} as ServerRequest] = a.requests;
    expect([path, apiKey]).toEqual(['/v1/chat/completions', 'sk-upstream-a']);
    expect(body).toEqual({
      model: 'gpt-5',
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
      max_completion_tokens: 50,
    });
    expect(Object.keys(headers).filter((name) => /^anthropic|^x-api-key/.test(name))).toEqual([]);
  });

  it('streams, event by event as they come', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 4, gap: 100 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const times: number[] = [];
    const stream = clientOf(gateway).messages.stream(small);
    stream.on('text', () => times.push(performance.now()));
    const final = await stream.finalMessage();
    expect(final).toMatchObject({ content: [{ type: 'text', text: 'a-0 a-1 a-2 a-3 ' }], stop_reason: 'end_turn' });
    expect(final.usage.output_tokens).toBeGreaterThan(0);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(150);
    expect(a.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it.each([false, true])('calls tools, several at once, and gets their results (streamed: %s)', async (isStream) => {
    const toolCalls = [
      { name: 'weather', arguments: { city: 'Bonn' } },
      { name: 'weather', arguments: { city: 'Kiel' } },
    ];
    const step = isStream ? { stream: 4, toolCalls } : { step: 'ok' as const, toolCalls };
    await using a = await faultServer({ name: 'a', script: [step] });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const client = clientOf(gateway);
    const asked = { ...small, tools, tool_choice: { type: 'any' as const } };
    const first = isStream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    expect(first.stop_reason).toBe('tool_use');
    const uses = first.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
    expect(uses.map(({ name, input }) => [name, input])).toEqual([
      ['weather', { city: 'Bonn' }],
      ['weather', { city: 'Kiel' }],
    ]);
    const results = uses.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'sunny' }));
    const talk: Anthropic.MessageParam[] = [
      ...messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: results },
    ];
    const second = await client.messages.create({ ...small, tools, messages: talk });
    expect(second.content).toMatchObject([{ type: 'text', text: 'Hello from a.' }]);
    const [, { body } = {} as ServerRequest] = a.requests;
    const { messages: sent } = body as { messages: { role: string; tool_call_id?: string }[] };
    expect(sent.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(sent.slice(2).map(({ tool_call_id }) => tool_call_id)).toEqual(uses.map(({ id }) => id));
  });

  it('fails over, as every call does', async () => {
    await using a = await faultServer({ name: 'a', script: [503, { stream: 4, cutAfter: 0 }] });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ strategy: 'priority', endpoints: [endpointOf(a), endpointOf(b)] });
    const client = clientOf(gateway);
    expect((await client.messages.create(small)).content).toMatchObject([{ text: 'Hello from b.' }]);
    expect((await client.messages.stream(small).finalText()).trim()).toBe('Hello from b.');
  });

  it('breaks a stream that breaks: an error, never a short message', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 8, cutAfter: 3, cut: 'end' } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    let text = '';
    const stream = clientOf(gateway).messages.stream(small);
    stream.on('text', (more) => {
      text += more;
    });
    await failure(stream.finalMessage());
    expect(text).toBe('a-0 a-1 a-2 ');
  });

  it('ends the call at the endpoint when its caller goes', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 1_000, gap: 20 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for await (const { type } of await clientOf(gateway).messages.create({ ...small, stream: true }))
      if (type === 'content_block_delta') break;
    await a.until(({ inFlight }) => inFlight === 0, 2_000);
    expect(a.requests.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('says in its words that something is no completion', async () => {
    const body = new Blob(['<html>']).stream();
    await expect(translatedMessage(body, { id: 'm', model: 'm' })).rejects.toMatchObject({ facts: { status: 502 } });
  });

  it('hands on an error that the API writes into a stream', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 8, errorAfter: 3 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const error = await failure(clientOf(gateway).messages.stream(small).finalMessage());
    expect(error.type).toBe('api_error');
  });

  it.each([
    [{ status: 400, message: 'Too long.' }, 400, 'invalid_request_error', Anthropic.BadRequestError],
    [{ status: 429, message: 'Slower.', shouldRetry: false }, 429, 'rate_limit_error', Anthropic.RateLimitError],
    [{ status: 500, message: 'Oops.', times: 9 }, 500, 'api_error', Anthropic.InternalServerError],
  ] as const)('hands on %j as an error of the client', async (step, status, type, kind) => {
    await using a = await faultServer({ name: 'a', script: [step] });
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [endpointOf(a)] });
    const error = await failure(clientOf(gateway).messages.create(small));
    expect(error).toBeInstanceOf(kind);
    expect([error.status, error.type]).toEqual([status, type]);
    expect(error.message).toContain(step.message);
    expect(error.requestID).toMatch(/^req_/);
  });

  it('estimates the tokens of a call, without asking anybody', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { max_tokens: _, ...counted } = small;
    expect(await clientOf(gateway).messages.countTokens(counted)).toEqual({ input_tokens: 5 });
    expect(a.calls).toBe(0);
  });

  it('refuses what it has no words for, and says where it stands', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const source = { type: 'text', media_type: 'text/plain', data: 'x' } as const;
    const content: Anthropic.ContentBlockParam[] = [{ type: 'document', source }];
    const error = await failure(clientOf(gateway).messages.create({ ...small, messages: [{ role: 'user', content }] }));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.message).toContain("messages.0.content.0: 'document' has no counterpart at OpenAI endpoints");
    expect(a.calls).toBe(0);
  });
});

describe("a model of Anthropic's", () => {
  it('is asked as it was: the same body, the same reply, its key in its own header', async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    const body = '{"zeta":1.50,"model":"claude-next","max_tokens":5,"messages":[],"vendor_field":[null]}';
    const headers = { 'content-type': 'application/json', 'anthropic-beta': 'x-1', 'anthropic-version': '2024-01-01' };
    const reply = await gateway.get('/v1/messages?beta=true', { method: 'POST', headers, body });
    expect(await reply.json()).toEqual(message);
    const [{ path, query, bytes, headers: sent } = {} as ServerRequest] = a.requests;
    expect([path, query, bytes]).toEqual(['/v1/messages', { beta: 'true' }, body.length]);
    expect(sent).toMatchObject({
      'x-api-key': 'sk-upstream-a',
      'anthropic-beta': 'x-1',
      'anthropic-version': '2024-01-01',
    });
    expect(sent.authorization).toBeUndefined();
  });

  it('names the version of the API where the caller does not', async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    await gateway.get('/v1/messages', { method: 'POST', body: JSON.stringify(claude) });
    expect(a.requests[0]?.headers['anthropic-version']).toBe('2023-06-01');
  });

  it('streams byte for byte, and what it used is known', async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    const init = { method: 'POST', body: JSON.stringify({ ...claude, stream: true }) };
    expect(await (await gateway.get('/v1/messages', init)).text()).toBe(events.join(''));
    const final = await clientOf(gateway).messages.stream(claude).finalMessage();
    expect(final).toMatchObject({ content: [{ text: 'Hello.' }], usage: { input_tokens: 5, output_tokens: 7 } });
    const { data, request_id } = await clientOf(gateway).messages.create(claude).withResponse();
    expect(data.content).toEqual(message.content);
    expect(request_id).toMatch(/^req_/);
    const used = gateway.lines.flatMap(({ tokensIn, tokensOut }) =>
      tokensIn === undefined ? [] : [[tokensIn, tokensOut]],
    );
    expect(used).toEqual([
      [5, 7],
      [5, 7],
      [25, 7],
    ]);
  });

  it('breaks a stream that ends before its end', async () => {
    const cut = events.slice(0, 4);
    await using a = await faultServer({ name: 'a', script: streamed(cut) });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    await failure(clientOf(gateway).messages.stream(claude).finalMessage());
  });

  it('fails over, and hands on its errors as they are', async () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    await using a = await faultServer({ name: 'a', script: [{ status: 529, body: overloaded }] });
    await using b = await faultServer({ name: 'b', script: speak });
    await using gateway = await gatewayWith({ strategy: 'priority', endpoints: [anthropicOf(a), anthropicOf(b)] });
    const { data, response } = await clientOf(gateway).messages.create(claude).withResponse();
    expect([data.content, response.headers.get('x-attempts')]).toEqual([message.content, '2']);
    const wrong = { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: too many' } };
    a.script({ status: 400, body: wrong });
    b.script({ status: 400, body: wrong });
    const error = await failure(clientOf(gateway).messages.create(claude));
    expect([error.status, error.error]).toEqual([400, wrong]);
  });

  it('counts tokens itself', async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    const { max_tokens: _, ...counted } = claude;
    expect(await clientOf(gateway).messages.countTokens(counted)).toEqual({ input_tokens: 12 });
  });

  it("still answers OpenAI's clients over its OpenAI-compatible API", async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)] });
    const { choices } = await gateway.client().chat.completions.create({ model: 'claude-next', messages });
    expect(choices[0]?.message.content).toBe('Hello from a.');
    expect(a.requests[0]?.headers.authorization).toBe('Bearer sk-upstream-a');
    expect(a.requests[0]?.headers['x-api-key']).toBeUndefined();
  });
});

describe('the service', () => {
  it('is told by the name of the model, or by a prefix that is taken off', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: speak });
    const env = {
      ...{ OPENAI_API_KEYS: 'sk-o', ANTHROPIC_API_KEYS: 'sk-ant' },
      SERVICE_ENDPOINTS: JSON.stringify({ openai: [a.url], anthropic: [b.url] }),
    };
    await using gateway = await gatewayWith({}, { env });
    const models = ['gpt-5', 'claude-next', 'openai/gpt-5', 'anthropic/claude-next'];
    for (const model of models) await clientOf(gateway).messages.create({ ...small, model });
    expect(a.requests.map(({ path, model }) => [path, model])).toEqual(
      Array(2).fill(['/v1/chat/completions', 'gpt-5']),
    );
    expect(b.requests.map(({ path, model }) => [path, model])).toEqual(Array(2).fill(['/v1/messages', 'claude-next']));
  });

  it('may be both in a group: the strategy’s choice is asked first, the other kind when that cannot', async () => {
    await using a = await faultServer({ name: 'a', script: speak });
    await using b = await faultServer({ name: 'b' });
    const groups = {
      smart: {
        strategy: 'priority',
        endpoints: [
          { endpoint: 'a', model: 'claude-next' },
          { endpoint: 'b', model: 'gpt-5' },
        ],
      },
    };
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [anthropicOf(a), endpointOf(b)], groups });
    const ask = (model: string) =>
      clientOf(gateway)
        .messages.create({ ...small, model })
        .withResponse();
    const first = await ask('smart');
    expect([first.data.content, a.requests[0]?.model]).toEqual([message.content, 'claude-next']);
    expect((await ask('smart$2')).data.content).toMatchObject([{ text: 'Hello from b.' }]);
    expect((await ask('smart$a')).data.content).toEqual(message.content);
    a.script({ status: 503, times: 9 });
    const second = await ask('smart');
    expect(second.data.content).toMatchObject([{ text: 'Hello from b.' }]);
    expect(second.response.headers.get('x-endpoint')).toBe('b');
    expect(Number(second.response.headers.get('x-attempts'))).toBeGreaterThan(1);
    expect(b.requests.map(({ model }) => model)).toEqual(['gpt-5', 'gpt-5']);
  });

  it('may be both in a group: what one kind has no words for goes to the other', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: speak });
    const both = { strategy: 'priority', endpoints: [{ endpoint: 'a', model: 'gpt-5' }, { endpoint: 'b' }] };
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a), anthropicOf(b)], groups: { both } });
    const source = { type: 'text', media_type: 'text/plain', data: 'x' } as const;
    const content: Anthropic.ContentBlockParam[] = [{ type: 'document', source }];
    const ask = (said: typeof content | string) =>
      clientOf(gateway).messages.create({ ...small, model: 'both', messages: [{ role: 'user', content: said }] });
    expect((await ask(content)).content).toEqual(message.content);
    expect((await ask('hi')).content).toMatchObject([{ text: 'Hello from a.' }]);
    b.script({ repeat: [503] });
    // Where nobody can, the endpoint's error is told.
    expect((await failure(ask(content))).status).toBe(503);
  });

  it('may stand in for the other as a fallback', async () => {
    await using a = await faultServer({ name: 'a', script: { repeat: [503] } });
    await using b = await faultServer({ name: 'b', script: speak });
    await using gateway = await gatewayWith({
      maxRetries: 0,
      endpoints: [endpointOf(a), anthropicOf(b)],
      groups: {
        main: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }], fallback: ['other'] },
        other: { endpoints: [{ endpoint: 'b', model: 'claude-next' }] },
      },
    });
    const { data, response } = await clientOf(gateway)
      .messages.create({ ...small, model: 'main' })
      .withResponse();
    expect(data.content).toEqual(message.content);
    expect(response.headers.get('x-endpoint')).toBe('b');
    expect(b.requests[0]?.model).toBe('claude-next');
  });
});

describe('what the gateway refuses itself', () => {
  it.each<[string, string, RequestInit, number, string]>([
    [
      'a model that is not there',
      '/v1/messages',
      { body: JSON.stringify({ ...small, model: 'x' }) },
      404,
      'not_found_error',
    ],
    ['no model', '/v1/messages', { body: '{}' }, 400, 'invalid_request_error'],
    [
      'no JSON',
      '/v1/messages',
      { body: '{', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_request_error',
    ],
    ['no POST', '/v1/messages', { method: 'GET' }, 405, 'invalid_request_error'],
    ['batches', '/v1/messages/batches', { body: JSON.stringify(small) }, 404, 'not_found_error'],
    ['no key', '/v1/messages', { headers: { 'x-api-key': 'sk-wrong' }, body: '{}' }, 401, 'authentication_error'],
  ])("is said in Anthropic's words: %s", async (_, path, init, status, type) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { 'gpt-5': { endpoints: [{ endpoint: 'a' }] } },
      clientKeys: [{ name: 'team', key: 'sk-team' }],
    });
    const headers = { 'x-api-key': 'sk-team', ...(init.headers as Record<string, string>) };
    const reply = await gateway.get(path, { method: 'POST', ...init, headers });
    const body = (await reply.json()) as { type: string; error: { type: string }; request_id: string };
    expect([reply.status, body.type, body.error.type]).toEqual([status, 'error', type]);
    expect(body.request_id).toBe(reply.headers.get('request-id'));
    expect(a.calls).toBe(0);
  });

  it('takes its own keys as the client sends them, and holds them to their limits', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      clientKeys: [{ name: 'team', key: 'sk-team', limits: { requestsPerMinute: 1 } }],
    });
    const client = clientOf(gateway, 'sk-team');
    await client.messages.create(small);
    expect(await failure(client.messages.create(small))).toBeInstanceOf(Anthropic.RateLimitError);
    expect(await failure(clientOf(gateway, 'sk-other').messages.create(small))).toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    expect(a.calls).toBe(1);
  });
});
