// Streams say what they used although their client did not ask, and the client gets what he would have got, byte for byte.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chat, gatewayWith, type TestGateway } from '../../support/gateway.ts';

/** A vendor: what it answers to a body that asks for usage, and to one that does not. */
interface Vendor extends AsyncDisposable {
  readonly name: string;
  readonly endpoint: object;
  /** The bodies that came, as they were written. */
  readonly bodies: string[];
}

type Answer = (asks: boolean, response: ServerResponse, body: string) => void;

async function vendor(name: string, answer: Answer): Promise<Vendor> {
  const bodies: string[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    bodies.push(body);
    answer(/"include_usage":\s*true/.test(body), response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    name,
    bodies,
    endpoint: { name, apiKey: `sk-${name}`, baseURL },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const USAGE = '{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050}';

/** Events as OpenAI writes them, with a stray comment, other line ends and letters of many bytes. */
const events = (asks: boolean) => {
  const none = asks ? ',"usage":null' : '';
  const head = '"id":"c1","object":"chat.completion.chunk","created":1.50,"model":"gpt-5"';
  const one = (delta: string, finish = 'null') =>
    `data: {${head},"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${none},"obfuscation":"xY"}\n\n`;
  return [
    one('{"role":"assistant","content":""}'),
    ': keep-alive\n\n',
    one('{"content":"é😀 \\",\\"usage\\":null \\u00e9"}').replaceAll('\n', '\r\n'),
    `data: { ${asks ? '"usage" : null , ' : ''}"choices": [{"index":0,"delta":{"content":"b"}}] }\n\n`,
    `data: {"choices":[{"index":0,"delta":{"content":"c"},"usage":{"usage":null}}]${asks ? ', "usage": null' : ''}}\n\n`,
    one('{}', '"stop"'),
    ...(asks ? [`data: {${head},"choices":[],"usage":${USAGE}}\n\n`] : []),
    'data: [DONE]\n\n',
  ].join('');
};

/** In pieces that end anywhere. */
function inPieces(response: ServerResponse, text: string, size: number): void {
  const bytes = Buffer.from(text);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let at = 0;
  const next = () => {
    if (at >= bytes.length) return void response.end();
    response.write(bytes.subarray(at, at + size));
    at += size;
    setImmediate(next);
  };
  next();
}

const wrong = (response: ServerResponse, message: string) => {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } }));
};

const asked = async (gateway: TestGateway, init: RequestInit, path = '/v1/chat/completions') => {
  const response = await gateway.get(path, init);
  return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString() };
};

async function recorded(gateway: TestGateway, calls: number) {
  while (gateway.store.calls.page({}).calls.length < calls) await new Promise((resolve) => setTimeout(resolve, 5));
  return gateway.store.calls.page({}).calls[0];
}

describe('a stream whose client did not ask for its usage', () => {
  it.each([1, 7, 64, 100_000])('tells it to the gateway alone, in pieces of %i bytes', async (size) => {
    await using a = await vendor('a', (asks, response) => inPieces(response, events(asks), size));
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    const { text } = await asked(gateway, chat('gpt-5', { stream: true }));
    expect(text).toBe(events(false));
    expect(await recorded(gateway, 1)).toMatchObject({
      tokens: { input: 1_000, output: 50, cached: 0 },
      estimated: false,
    });
  });

  it('goes up as it was written but for that', async () => {
    await using a = await vendor('a', (asks, response) => inPieces(response, events(asks), 1_000));
    await using gateway = await gatewayWith({
      endpoints: [a.endpoint],
      groups: { fast: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
    });
    const send = (body: string) => asked(gateway, { ...chat('fast'), body });
    const rest = '"model":"fast", "messages":[],"seed":12345678901234567890,"stream":true';
    await send(`{${rest} }`);
    await send(`{"stream_options" : { "include_obfuscation":false} ,${rest}}`);
    await send(`{${rest},"stream_options":{"include_usage":false}}`);
    const up = rest.replace('fast', 'gpt-5');
    expect(a.bodies).toEqual([
      `{${up} ,"stream_options":{"include_usage":true}}`,
      `{"stream_options" : {"include_obfuscation":false,"include_usage":true},${up}}`,
      `{${up},"stream_options":{"include_usage":true}}`,
    ]);
  });

  it('has its options and its usage left alone where the client asks himself, or they are odd, or nothing streams', async () => {
    await using a = await vendor('a', (asks, response) => inPieces(response, events(asks), 1_000));
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    const bodies = [
      '{"model":"gpt-5","messages":[],"stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"gpt-5","messages":[],"stream":true,"stream_options":null}',
      '{"model":"gpt-5","messages":[],"stream":true,"stream_options":[1]}',
    ];
    for (const body of bodies) {
      const { text } = await asked(gateway, { ...chat('gpt-5'), body });
      expect(text).toBe(events(body === bodies[0]));
    }
    expect(a.bodies).toEqual(bodies);
  });

  it('keeps a usage that comes with content: who writes that there does so unasked', async () => {
    const text = `data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}],"usage":${USAGE}}\n\ndata: [DONE]\n\n`;
    await using a = await vendor('a', (_, response) => inPieces(response, text, 1_000));
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    expect((await asked(gateway, chat('gpt-5', { stream: true }))).text).toBe(text);
  });

  it('is asked for its usage as a legacy completion as well, and as no other call', async () => {
    await using a = await vendor('a', (_, response) =>
      inPieces(response, `data: {"choices":[{"text":"x","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`, 1_000),
    );
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    const body = '{"model":"gpt-5","prompt":"hi","stream":true}';
    await asked(gateway, { ...chat('gpt-5'), body }, '/v1/completions');
    await asked(gateway, { ...chat('gpt-5'), body }, '/v1/responses');
    expect(a.bodies.map((each) => each.includes('stream_options'))).toEqual([true, false]);
  });
});

describe('an endpoint that refuses to be asked', () => {
  it('is asked without it at once, and never with it again; the call is not lost', async () => {
    await using a = await vendor('a', (asks, response) =>
      asks
        ? wrong(response, 'Unrecognized request argument supplied: stream_options')
        : inPieces(response, events(false), 64),
    );
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    for (let call = 1; call <= 3; call++) {
      const { status, text } = await asked(gateway, chat('gpt-5', { stream: true }));
      expect([status, text]).toEqual([200, events(false)]);
      // Nobody says what it used.
      expect(await recorded(gateway, call)).toMatchObject({ estimated: true, attempts: [{ verdict: 'ok' }] });
    }
    expect(a.bodies.map((each) => each.includes('stream_options'))).toEqual([true, false, false, false]);
  });

  it('keeps nobody else from being asked, and is not taken for one when the call itself is wrong', async () => {
    let broken = true;
    await using a = await vendor('a', (asks, response) =>
      broken ? wrong(response, 'messages: too short') : inPieces(response, events(asks), 64),
    );
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    const first = await asked(gateway, chat('gpt-5', { stream: true }));
    expect([first.status, first.text]).toEqual([400, expect.stringContaining('messages: too short')]);
    broken = false;
    expect((await asked(gateway, chat('gpt-5', { stream: true }))).text).toBe(events(false));
    expect(a.bodies.at(-1)).toContain('stream_options');
    // Known to take it, it is not asked twice what is wrong with a call.
    broken = true;
    const before = a.bodies.length;
    expect((await asked(gateway, chat('gpt-5', { stream: true }))).status).toBe(400);
    expect(a.bodies).toHaveLength(before + 1);
  });
});

describe('a stream that is left or breaks', () => {
  it('is charged by estimate: what went up, and the events that came down', async () => {
    const chunk = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}],"usage":null}\n\n';
    await using a = await vendor('a', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk.repeat(5));
      if (a.bodies.length === 2) setTimeout(() => response.destroy(), 50);
    });
    await using gateway = await gatewayWith({ endpoints: [a.endpoint] });
    const init = chat('gpt-5', { stream: true, user: 'u'.repeat(400) });
    const abort = new AbortController();
    const left = await gateway.get('/v1/chat/completions', { ...init, signal: abort.signal });
    const reader = left.body?.getReader();
    let got = '';
    while (got.split('\n\n').length < 6) got += Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(got).toBe(chunk.replace(',"usage":null', '').repeat(5));
    abort.abort();
    const one = await recorded(gateway, 1);
    expect(one).toMatchObject({ status: 499, estimated: true, tokens: { output: 5 } });
    expect(one?.tokens?.input).toBeGreaterThan(100);
    const broke = await asked(gateway, init).catch(() => undefined);
    expect(broke?.text ?? '').not.toContain('[DONE]');
    const two = await recorded(gateway, 2);
    expect(two).toMatchObject({ status: 502, estimated: true, tokens: { output: 5 } });
  });
});
