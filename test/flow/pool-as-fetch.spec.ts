// The promise: `client.balancer.fetch` is the pool as a plain `fetch`, for libraries that accept only that.
import { inspect } from 'node:util';
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { AffinityError, attemptsOf, LoadBalancedOpenAI, NoEndpointAvailableError } from '../../src/index.ts';
import { startUpstream } from '../contract/support/upstream.ts';
import { failure } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage, type Stage } from '../support/stage.ts';

const CHAT = 'https://api.openai.com/v1/chat/completions';
const ASK = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const post = (body: unknown, init: RequestInit = {}): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...init,
  headers: { 'content-type': 'application/json', ...init.headers },
});
const CHATTING = { ...ASK, stream: true as const };
/** Every event of a stream. */
async function events(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of stream) all.push(event);
  return all;
}
async function* rest(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<unknown> {
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}
const endpointsOf = (thing: unknown) => attemptsOf(thing).map(({ endpoint }) => endpoint);
/** The plain SDK over the pool's fetch, as libraries build it. */
const sdkOver = ({ client }: Pick<Stage, 'client'>, options = {}) =>
  new OpenAI({ apiKey: 'unused', maxRetries: 0, logLevel: 'off', fetch: client.balancer.fetch, ...options });

describe('what it is', () => {
  it('gives a real Response, with the status, headers, bytes and address of who answered', async () => {
    const said =
      '{ "id":"chatcmpl-1","object":"chat.completion", "seed":12345678901234567890,"choices":[{"index":0,"message":{"role":"assistant","content":"ü"},"finish_reason":"stop"}] }\n';
    const headers = { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'req_1', 'set-cookie': 'a=b' };
    await using stage = await openStage({ a: [{ status: 200, body: said, headers }] });
    const { fetch } = stage.client.balancer;
    const response = await fetch(CHAT, post(ASK));
    expect(response).toBeInstanceOf(Response);
    expect([response.ok, response.status, response.url]).toEqual([
      true,
      200,
      `${stage.servers.a.url}/chat/completions`,
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
    expect(response.headers.has('transfer-encoding')).toBe(false);
    const copy = response.clone();
    expect(copy.url).toBe(response.url);
    expect(await copy.text()).toBe(said);
    expect(await response.json()).toMatchObject({ id: 'chatcmpl-1' });
    expect(response.bodyUsed).toBe(true);
    expect(endpointsOf(response)).toEqual(['a']);
  });

  it('leaves out a reason phrase that nobody may construct', async () => {
    const answer = () => {
      const response = Response.json({
        id: 'chatcmpl-1',
        choices: [{ message: { content: 'a' }, finish_reason: 'stop' }],
      });
      return Object.defineProperty(response, 'statusText', { value: 'Всё' });
    };
    const client = new LoadBalancedOpenAI([{ apiKey: 'k', fetch: async () => answer() }]);
    const { status, statusText } = await client.balancer.fetch(CHAT, post(ASK));
    expect([status, statusText]).toEqual([200, '']);
  });

  it('takes a string, a URL and a Request, below any base URL of the pool', async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin' });
    const { fetch } = stage.client.balancer;
    const { a, b } = stage.servers;
    const replies = [
      await fetch(CHAT, post(ASK)),
      await fetch(new URL(`${a.url}/chat/completions`), post(ASK)),
      await fetch(new Request(`${b.url}/chat/completions`, post(ASK))),
      await fetch(new Request(CHAT, { headers: { accept: 'x/y' } }), post(ASK)),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(replies.flatMap(endpointsOf)).toEqual(['a', 'b', 'a', 'b']);
    expect([...a.requests, ...b.requests].map(({ route, model }) => `${route} ${model}`)).toEqual(
      Array.from({ length: 4 }, () => '/chat/completions gpt-5'),
    );
  });

  it('goes on elsewhere, heeds steering, and is announced as every call', async () => {
    await using stage = await openStage({ a: { script: 503, tags: ['x'] }, b: { script: [], tags: ['y'] } });
    const { balancer } = stage.client;
    const response = await balancer.fetch(CHAT, post(ASK));
    expect(endpointsOf(response)).toEqual(['a', 'b']);
    expect(stage.events.names()).toEqual(expect.arrayContaining(['call-start', 'failover-start', 'call-end']));
    expect(endpointsOf(await balancer.pin('b').balancer.fetch(CHAT, post(ASK)))).toEqual(['b']);
    expect(endpointsOf(await balancer.with({ tags: ['y'] }).balancer.fetch(CHAT, post(ASK)))).toEqual(['b']);
    expect(endpointsOf(await balancer.run({ endpoint: 'b' }, () => balancer.fetch(CHAT, post(ASK))))).toEqual(['b']);
    stage.servers.a.script(400);
    expect((await balancer.run({ endpoint: 'a' }, () => balancer.fetch(CHAT, post(ASK)))).status).toBe(400);
  });
});

describe('credentials', () => {
  it("of the caller stay here, the endpoint's own go out, and only there", async () => {
    await using stage = await openStage({ a: 503, b: [] });
    const headers = {
      ...{ authorization: 'Bearer callers-secret', 'api-key': 'callers-secret', 'x-api-key': 'callers-secret' },
      ...{ 'openai-organization': 'org-callers', 'openai-project': 'proj-callers', cookie: 'sid=callers-secret' },
      ...{ 'x-mine': 'goes along', 'user-agent': 'my-app/1', 'idempotency-key': 'once' },
    };
    await stage.client.balancer.fetch(CHAT, post(ASK, { headers }));
    for (const name of ['a', 'b'] as const) {
      const [request] = stage.servers[name].requests;
      expect(request?.apiKey).toBe(stage.keys[name]);
      expect(JSON.stringify(request?.headers)).not.toContain('callers');
      expect(request?.headers).toMatchObject({
        'x-mine': 'goes along',
        'user-agent': 'my-app/1',
        'idempotency-key': 'once',
      });
    }
  });

  it('never follow a URL that belongs to no endpoint', async () => {
    await using elsewhere = await openStage({ evil: [] });
    await using stage = await openStage({ a: [], b: [] });
    const { fetch } = stage.client.balancer;
    const { url, origin } = elsewhere.servers.evil;
    const beside = `${stage.servers.a.origin}/v1beta/chat/completions`;
    const up = `${stage.servers.a.url}/../admin`;
    for (const target of [
      `${url}/chat/completions?key=hidden`,
      origin,
      beside,
      up,
      '/chat/completions',
      'https://api.openai.com/dashboard',
    ]) {
      const error = await failure<TypeError & { code: string }>(fetch(target, post(ASK)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toBe('foreign_url');
      for (const known of [stage.servers.a.url, stage.servers.b.url, 'https://api.openai.com/v1'])
        expect(error.message).toContain(known);
      expect(inspect(error)).not.toMatch(/key-[ab]-|hidden/);
    }
    expect([elsewhere.servers.evil.calls, stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 0, 0]);
  });

  it('are taken out of an error that repeats them; every other byte of it stays', async () => {
    const body = '{\n  "error": {"message": "Incorrect API key: KEY", "code": "invalid_api_key"}}';
    await using stage = await openStage({ a: [] }, { maxRetries: 0 });
    stage.servers.a.script({
      status: 401,
      body: body.replace('KEY', stage.keys.a),
      headers: { 'content-type': 'application/json' },
    });
    const text = await (await stage.client.balancer.fetch(CHAT, post(ASK))).text();
    expect(text).not.toContain(stage.keys.a);
    expect(text.replace('[redacted]', 'KEY')).toBe(body);
  });

  it.each([0, 2])('are taken out of an error event too, after %i events', async (errorAfter) => {
    await using stage = await openStage({ a: [] }, { maxRetries: 0 });
    const error = { message: `Incorrect API key: ${stage.keys.a}`, code: 'x' };
    stage.servers.a.script({ stream: 5, errorAfter, error });
    const response = await stage.client.balancer.fetch(CHAT, post({ ...ASK, stream: true }));
    expect(await response.text()).toMatch(/data: .*"Incorrect API key: \[redacted\]".*\n\n$/);
  });
});

describe('failures', () => {
  it('with a reply are that reply, byte for byte: of the last endpoint that gave one', async () => {
    const body = '{"error" : {"message":"Sörry", "code":null}, "more":[1.0]}';
    const script = { status: 500, body, headers: { 'content-type': 'application/json', 'x-request-id': 'req_9' } };
    await using stage = await openStage({ a: 503, b: script }, { maxRetries: 0 });
    const response = await stage.client.balancer.fetch(CHAT, post(ASK));
    expect([response.status, response.url, response.headers.get('x-request-id'), await response.text()]).toEqual([
      ...[500, `${stage.servers.b.url}/chat/completions`, 'req_9', body],
    ]);
    expect(endpointsOf(response)).toEqual(['a', 'b']);
  });

  it("that are the caller's own are not tried elsewhere", async () => {
    await using stage = await openStage({ a: 400, b: [] });
    const response = await stage.client.balancer.fetch(CHAT, post(ASK));
    expect([response.status, endpointsOf(response), stage.servers.b.calls]).toEqual([400, ['a'], 0]);
    expect(response.headers.has('x-should-retry')).toBe(false);
  });

  it('that were tried as often as they may be say so to whoever is on top', async () => {
    await using stage = await openStage({ a: { status: 503, retryAfterMs: 1 } as never }, { maxRetries: 1 });
    const outer = sdkOver(stage, { maxRetries: 5 });
    const error = await failure(outer.chat.completions.create(ASK));
    expect([error.status, stage.servers.a.calls]).toEqual([503, 2]);
    await using quick = await openStage({ a: 503 }, { maxRetries: 0 });
    expect((await quick.client.balancer.fetch(CHAT, post(ASK))).headers.has('x-should-retry')).toBe(false);
  });

  it('are the reply there was, if the last endpoint gave none', async () => {
    await using stage = await openStage({ a: 503, b: 'reset' }, { maxRetries: 0 });
    const response = await stage.client.balancer.fetch(CHAT, post(ASK));
    expect([response.status, stage.servers.b.calls]).toEqual([503, 1]);
    expect(response.url).toContain(stage.servers.a.origin);
  });

  it("without a reply are fetch's own rejection", async () => {
    await using stage = await openStage({ a: 'reset', b: 'reset' }, { maxRetries: 0 });
    const error = await failure<TypeError>(stage.client.balancer.fetch(CHAT, post(ASK)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('fetch failed');
    expect(endpointsOf(error)).toEqual(['a', 'b']);
  });

  it('of replies that are none are rejections too, after everybody was asked', async () => {
    await using stage = await openStage({ a: 'html', b: 'truncated-json' }, { maxRetries: 0 });
    const error = await failure<TypeError>(stage.client.balancer.fetch(CHAT, post(ASK)));
    expect([error.message, (error.cause as Error).constructor.name]).toEqual(['fetch failed', 'APIConnectionError']);
    expect(endpointsOf(error)).toEqual(['a', 'b']);
    stage.servers.b.script([]);
    expect(endpointsOf(await stage.client.balancer.fetch(CHAT, post(ASK))).at(-1)).toBe('b');
  });

  it('written into a good reply are no good reply: the body stays, the status says it', async () => {
    await using stage = await openStage({ a: 'error-200', b: 'error-200' }, { maxRetries: 0 });
    const response = await stage.client.balancer.fetch(CHAT, post(ASK));
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { message: 'Upstream overloaded.' } });
    expect(stage.servers.b.calls).toBe(1);
  });

  it("of the pool itself are the pool's errors", async () => {
    await using stage = await openStage({ a: { script: [], models: ['gpt-5'] } });
    const { fetch } = stage.client.balancer;
    const error = await failure(fetch(CHAT, post({ ...ASK, model: 'other' })));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    await stage.client.close();
    expect((await failure(fetch(CHAT, post(ASK)))).name).toBe('ClosedError');
  });

  it('of a reply larger than may be end the call', async () => {
    const body = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(5_000) }, finish_reason: 'stop' }] });
    const headers = { 'content-type': 'application/json' };
    await using stage = await openStage({ a: [{ status: 200, body, headers }] }, { maxResponseBytes: 1_000 });
    expect((await failure(stage.client.balancer.fetch(CHAT, post(ASK)))).message).toContain('maxResponseBytes');
  });
});

describe('an abort', () => {
  it('rejects as AbortError, before, during and after the headers', async () => {
    await using stage = await openStage({ a: 'black-hole' });
    const { fetch } = stage.client.balancer;
    expect((await failure(fetch(CHAT, post(ASK, { signal: AbortSignal.abort() })))).name).toBe('AbortError');
    expect(stage.servers.a.calls).toBe(0);
    const stop = new AbortController();
    const waiting = fetch(CHAT, post(ASK, { signal: stop.signal }));
    await stage.servers.a.until(({ calls }) => calls === 1);
    stop.abort();
    expect((await failure(waiting)).name).toBe('AbortError');
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    stage.servers.a.script({ stream: 10, stallAfter: 2 });
    const later = new AbortController();
    const response = await fetch(new Request(CHAT, post({ ...ASK, stream: true }, { signal: later.signal })));
    const text = response.text();
    later.abort();
    expect((await failure(text)).name).toBe('AbortError');
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect(stage.state('a').inFlight).toBe(0);
  });

  it("gives the caller's own reason back, as fetch does", async () => {
    await using stage = await openStage({ a: 'black-hole' });
    const reason = new Error('changed my mind');
    const stop = new AbortController();
    const waiting = stage.client.balancer.fetch(CHAT, post(ASK, { signal: stop.signal }));
    stop.abort(reason);
    expect(await failure(waiting)).toBe(reason);
  });

  it('counts the time of the client', async () => {
    await using stage = await openStage({ a: 'black-hole' }, { timeout: 60, maxRetries: 0 });
    const error = await failure(stage.client.balancer.fetch(CHAT, post(ASK)));
    expect([error.message, (error.cause as Error).constructor.name]).toEqual([
      'fetch failed',
      'APIConnectionTimeoutError',
    ]);
    const over = await failure(sdkOver(stage).chat.completions.create(ASK));
    expect(over).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  });
});

describe('streams', () => {
  const frames = [
    ': hello\n\n',
    'event: heartbeat\n\n',
    'event: message\nid: 7\ndata: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n',
    ': still there\n\n',
    'data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hi"}}]}\r\n\r\n',
    ': ping\n\n',
    'retry: 5\ndata:{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"n":1.0}\n\n',
    'data: [DONE]\n\n',
  ];
  const sse = (text: string) => ({ status: 200, body: text, headers: { 'content-type': 'text/event-stream' } });
  const streamed = post({ ...ASK, stream: true });

  it('come as they are: names, ids, comments, line ends', async () => {
    await using stage = await openStage({ a: [sse(frames.join(''))], b: [] });
    const response = await stage.client.balancer.fetch(CHAT, streamed);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe(frames.join(''));
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1 });
  });

  it('come whole wherever the network cuts them, the end marker with its blank line', async () => {
    const headers = { 'content-type': 'text/event-stream' };
    for (const end of ['\n', '\r\n', '\r']) {
      const text = `${frames.slice(0, 4).join('').replace(/\r?\n/g, end)}data: {"choices":[{"index":0,"delta":{"content":"é😀"},"finish_reason":"stop"}]}${end}${end}data: [DONE]${end}${end}`;
      const bytes = Buffer.from(text);
      let cut = 0;
      const pieces = () => [bytes.subarray(0, cut), bytes.subarray(cut)].filter((piece) => piece.length > 0);
      const fetch = async () => new Response(ReadableStream.from(pieces()), { headers });
      const client = new LoadBalancedOpenAI([{ apiKey: 'k', fetch }]);
      for (cut = 0; cut <= bytes.length; cut++) {
        const came = await (await client.balancer.fetch(CHAT, streamed)).text();
        // Of a line end of two bytes, the first is one.
        expect(came.replace(/\r\n\r$/, '\r\n\r\n'), `cut at ${cut}`).toBe(text);
      }
    }
  });

  it('come event by event, and no faster than they are read', async () => {
    await using stage = await openStage({ a: [{ stream: 5, gap: 5 }] });
    const response = await stage.client.balancer.fetch(CHAT, streamed);
    const pieces: string[] = [];
    const reader = response.body!.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (pieces.length < 5) expect(stage.state('a').inFlight).toBe(1);
      pieces.push(Buffer.from(piece.value).toString());
    }
    expect(pieces.length).toBeGreaterThanOrEqual(7);
    for (const piece of pieces) expect(piece).toMatch(/^data: .*\n\n$/s);
    expect(stage.state('a').inFlight).toBe(0);
  });

  it('show keep-alives at once, not with the next event', async () => {
    await using stage = await openStage({ a: [{ stream: 3, commentsAfter: 1, every: 5 }] });
    const response = await stage.client.balancer.fetch(CHAT, streamed);
    let comments = 0;
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream()))
      if (piece.startsWith(':') && ++comments === 3) break;
    expect(comments).toBe(3);
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect(stage.state('a').inFlight).toBe(0);
  });

  it('keep no flood of comments for a reader who stands still', async () => {
    const piece = Buffer.from(`:${'x'.repeat(65_536)}\n\n`);
    const content = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n';
    let sent = 0;
    const source = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        sent += 1;
        if (sent === 1 || sent === 202) controller.enqueue(Buffer.from(content));
        else controller.enqueue(piece);
        if (sent === 202) controller.close();
      },
    });
    const headers = { 'content-type': 'text/event-stream' };
    const client = new LoadBalancedOpenAI([{ apiKey: 'k', fetch: async () => new Response(source, { headers }) }]);
    const reader = (await client.balancer.fetch(CHAT, streamed)).body!.getReader();
    await reader.read();
    await reader.read();
    while (sent < 202) await new Promise((resolve) => setImmediate(resolve));
    let size = 0;
    let last = '';
    for await (const value of rest(reader)) {
      size += (value as Uint8Array).byteLength;
      last = Buffer.from(value as Uint8Array).toString();
    }
    expect(last).toBe(content);
    expect(size).toBeLessThan(5 * piece.byteLength);
  });

  it('move before their first content, and drop what came of the attempt that died', async () => {
    for (const script of ['sse-error', { stream: 5, cutAfter: 0 }, 'reset', 503] as const) {
      await using stage = await openStage({ a: script, b: [] });
      const response = await stage.client.balancer.fetch(CHAT, streamed);
      const text = await response.text();
      expect(endpointsOf(response)).toEqual(['a', 'b']);
      expect(text.match(/"role":"assistant"/g)).toHaveLength(1);
      expect(text).toMatch(/data: \[DONE\]\n\n$/);
      expect(response.url).toContain(stage.servers.b.origin);
    }
  });

  it('break where they break after that, never silently', async () => {
    for (const script of [
      { stream: 5, cutAfter: 3 },
      { stream: 5, cutAfter: 3, cut: 'end' },
      'sse-garbage',
      'sse-half-frame',
    ] as const) {
      await using stage = await openStage({ a: script, b: [] });
      const response = await stage.client.balancer.fetch(CHAT, streamed);
      let text = '';
      const error = await failure(
        (async () => {
          for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) text += piece;
        })(),
      );
      expect(error).toBeInstanceOf(OpenAI.OpenAIError);
      expect(text.match(/"content":"[^"]/g)).toHaveLength(3);
      expect(text).not.toContain('[DONE]');
      expect([stage.servers.b.calls, stage.state('a').failures]).toEqual([0, 1]);
      expect(endpointsOf(error)).toEqual(['a']);
    }
  });

  it("end with an error event in the API's words", async () => {
    const broken = { stream: 5, errorAfter: 2, error: { message: 'Overloaded.', code: 'x' } } as const;
    await using stage = await openStage({ a: [broken, broken] });
    // Nothing of it is lost on the way through a pipe, which an error would empty.
    const { body } = await stage.client.balancer.fetch(CHAT, streamed);
    const text = await new Response(body!.pipeThrough(new TransformStream())).text();
    expect(text.match(/"content":"\w|Overloaded/g)).toEqual(['"content":"a', '"content":"a', 'Overloaded']);
    const outer = await sdkOver(stage).chat.completions.create({ ...ASK, stream: true });
    const error = await failure<InstanceType<typeof OpenAI.APIError>>(events(outer));
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect([error.code, error.error]).toEqual(['x', { message: 'Overloaded.', code: 'x' }]);
    expect(stage.state('a').failures).toBe(2);
  });

  it('that began with an error everywhere show that error', async () => {
    await using stage = await openStage({ a: 'sse-error', b: 'sse-error' }, { maxRetries: 0 });
    const error = await failure((async () => events(await sdkOver(stage).chat.completions.create(CHATTING)))());
    expect([error.constructor.name, error.message]).toEqual(['APIError', 'The server had an error.']);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
  });

  it('are whole, from one endpoint, or broken: cut wherever it be', async () => {
    const { asked, healthy } = { asked: post({ ...ASK, stream: true }), healthy: { stream: 3, text: 'one two three' } };
    await using stage = await openStage({ a: [], b: { repeat: [healthy] } }, { breaker: false, retryBudget: false });
    const { fetch } = stage.client.balancer;
    const saidBy = async (url: string) => (await globalThis.fetch(`${url}/chat/completions`, authorized())).text();
    const authorized = () => ({
      ...asked,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.keys.b}` },
    });
    const { length } = Buffer.from(await saidBy(stage.servers.b.url));
    // Inside of the end marker all was said.
    const places = [...Array.from({ length: Math.ceil(length / 29) }, (_, index) => index * 29), length - 2];
    const ends: Record<string, number> = { broken: 0, first: 0, second: 0 };
    for (const cut of ['reset', 'end'] as const)
      for (const cutAtByte of places) {
        stage.servers.a.script({ ...healthy, cutAtByte, cut });
        const response = await fetch(CHAT, asked);
        const text = await response.text().catch((error: unknown) => error as Error);
        if (typeof text !== 'string') {
          expect(text).toBeInstanceOf(OpenAI.OpenAIError);
          ends.broken = (ends.broken ?? 0) + 1;
          continue;
        }
        const by = endpointsOf(response).at(-1) === 'a' ? 'first' : 'second';
        ends[by] = (ends[by] ?? 0) + 1;
        expect(text).toMatch(/"finish_reason":"stop"/);
        const pieces = [...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1]).join('');
        expect(pieces).toBe('one two three');
        expect(new Set(text.match(/"system_fingerprint":"[ab]"/g)).size).toBe(1);
      }
    for (const count of Object.values(ends)) expect(count).toBeGreaterThan(1);
  });

  it('break when nothing comes for too long', async () => {
    await using stage = await openStage({ a: [{ stream: 5, stallAfter: 2 }] }, { streamIdleTimeout: 60 });
    const response = await stage.client.balancer.fetch(CHAT, streamed);
    expect(await failure(response.text())).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 1 });
  });

  it('free their connection when they are cancelled', async () => {
    await using stage = await openStage({ a: [{ stream: 100, gap: 20 }] });
    const response = await stage.client.balancer.fetch(CHAT, streamed);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 0 });
  });
});

describe('bodies', () => {
  /** An upstream that keeps what it got to the byte, and a pool over it. */
  async function echo(options: object = {}, more: object = {}) {
    const upstream = await startUpstream(0, () => ({
      json: { id: 'x', choices: [{ message: {}, finish_reason: 'stop' }] },
    }));
    const endpoint = { name: 'a', baseURL: upstream.url, apiKey: `key-echo-${upstream.url}`, ...more };
    const client = new LoadBalancedOpenAI([endpoint], { logLevel: 'off', ...options });
    return { upstream, fetch: client.balancer.fetch, client };
  }

  it('of JSON go out as they were written; a model map changes the name and nothing else', async () => {
    const text =
      '{ "seed": 12345678901234567890, "model" : "gpt-5", "messages": [{"role":"user","content":"\\u00fc \\"model\\": \\"gpt-5\\""}], "temperature": 1.0 }\n';
    const plain = await echo();
    await plain.fetch(CHAT, post(text));
    await plain.fetch(CHAT, { method: 'POST', body: text });
    await plain.fetch(CHAT, { method: 'POST', body: Buffer.from(text) });
    await plain.fetch(new Request(CHAT, post(text)));
    await plain.fetch(CHAT, { method: 'POST', body: new Blob([text], { type: 'application/json' }) });
    expect(plain.upstream.seen.map(({ raw }) => raw.toString())).toEqual(Array.from({ length: 5 }, () => text));
    expect(new Set(plain.upstream.seen.map(({ headers }) => headers['content-type']))).toEqual(
      new Set(['application/json']),
    );
    await plain.upstream.close();
    const mapped = await echo({}, { modelMap: { 'gpt-5': 'own/"name"' } });
    await mapped.fetch(CHAT, post(text));
    expect(mapped.upstream.seen[0]?.raw.toString()).toBe(
      text.replace('"model" : "gpt-5"', '"model" : "own/\\"name\\""'),
    );
    await mapped.upstream.close();
    const fields = await echo({}, { modelMap: { 'gpt-5': { model: 'm', body: { top_k: 3 }, omit: ['temperature'] } } });
    await fields.fetch(CHAT, post({ ...ASK, temperature: 1 }));
    expect(fields.upstream.seen[0]?.json).toEqual({ ...ASK, model: 'm', top_k: 3 });
    await fields.upstream.close();
  });

  it('of 20 MB are read once, whatever happens to them', async () => {
    await using stage = await openStage({ a: 503, b: 503, c: { script: [], modelMap: { 'gpt-5': 'big' } } });
    const body = JSON.stringify({ ...ASK, messages: [{ role: 'user', content: 'x'.repeat(20 * 1_048_576) }] });
    const { parse } = JSON;
    let [reads, writes] = [0, 0];
    const { stringify } = JSON;
    JSON.parse = (text: string, ...rest: []) => {
      if (text.length > 1_000_000 && text === body) reads += 1;
      return parse(text, ...rest) as unknown;
    };
    JSON.stringify = ((value: unknown, ...rest: []) => {
      const text = stringify(value, ...rest);
      if (text?.length > 1_000_000 && (value as { model?: unknown })?.model !== undefined) writes += 1;
      return text;
    }) as typeof stringify;
    try {
      const response = await stage.client.balancer.fetch(CHAT, post(body));
      expect(endpointsOf(response)).toEqual(['a', 'b', 'c']);
    } finally {
      JSON.parse = parse;
      JSON.stringify = stringify;
    }
    // The servers read it as well: once each.
    expect([reads, writes]).toEqual([1 + 2, 0]);
    expect(stage.servers.c.requests[0]?.model).toBe('big');
  });

  it('of a form, of parameters and of a stream arrive whole, also at the second endpoint', async () => {
    await using stage = await openStage({ a: 503, b: { script: [], modelMap: { 'whisper-1': 'ear' } } });
    const { fetch } = stage.client.balancer;
    const url = 'https://api.openai.com/v1/audio/transcriptions';
    const form = () => {
      const data = new FormData();
      data.set('model', 'whisper-1');
      data.set('file', new File([new Uint8Array(100_000).fill(7)], 'a.wav', { type: 'audio/wav' }));
      return data;
    };
    const streamed = new Request(url, { method: 'POST', body: form() });
    const [one, two] = [await fetch(url, { method: 'POST', body: form() }), await fetch(streamed)];
    expect([one.status, two.status]).toEqual([200, 200]);
    for (const { body, model } of stage.servers.b.requests)
      expect([model, (body as { files: { size: number }[] }).files[0]?.size]).toEqual(['ear', 100_000]);
    const parameters = new URLSearchParams({ a: '1', b: 'ü' });
    await fetch('https://api.openai.com/v1/oauth', { method: 'POST', body: parameters });
    expect(stage.servers.b.requests.at(-1)).toMatchObject({ body: 'a=1&b=%C3%BC' });
    const lines = ReadableStream.from([Buffer.from('one\n'), Buffer.from('two\n')]);
    const init = {
      method: 'POST',
      body: lines,
      duplex: 'half',
      headers: { 'content-type': 'text/plain' },
    } as RequestInit;
    await fetch('https://api.openai.com/v1/lines', init);
    expect(stage.servers.b.requests.at(-1)?.body).toBe('one\ntwo\n');
  });

  it('of a stream too large to keep goes out once, and whole', async () => {
    await using stage = await openStage({ a: [200, 503], b: [] });
    const { fetch } = stage.client.balancer;
    const piece = Buffer.alloc(1_048_576, 'x');
    const upload = () => ({
      ...{ method: 'POST', duplex: 'half', headers: { 'content-type': 'application/octet-stream' } },
      body: ReadableStream.from(Array.from({ length: 34 }, () => piece)),
    });
    const url = 'https://api.openai.com/v1/lines';
    expect((await fetch(url, upload() as RequestInit)).status).toBe(200);
    expect((await fetch(url, upload() as RequestInit)).status).toBe(503);
    expect(stage.servers.a.requests.map(({ bytes }) => bytes)).toEqual([34, 34].map((count) => count * piece.length));
    expect(stage.servers.b.calls).toBe(0);
  });

  it('may name the endpoint, and other models are asked in their place', async () => {
    const options = { pinnedModels: true, fallbacks: { 'gpt-5': ['gpt-5-mini'] } };
    await using stage = await openStage(
      { a: { script: [], models: ['gpt-5'] }, b: { script: [], models: ['gpt-5-mini'] } },
      options,
    );
    const { fetch } = stage.client.balancer;
    const text = '{"n":1.0,"model":"gpt-5-mini$b","messages":[]}';
    expect(endpointsOf(await fetch(CHAT, post(text)))).toEqual(['b']);
    stage.servers.a.script(503);
    const response = await fetch(CHAT, post({ ...ASK, model: 'gpt-5' }));
    expect([response.status, attemptsOf(response).at(-1)]).toMatchObject([
      200,
      { endpoint: 'b', fallback: 'gpt-5-mini' },
    ]);
    expect(stage.servers.b.requests.map(({ model }) => model)).toEqual(['gpt-5-mini', 'gpt-5-mini']);
  });

  it('are not needed: any method goes through', async () => {
    await using stage = await openStage({
      a: [{ status: 200, headers: { 'content-length': '77', 'x-a': 'b' }, body: '' }, 204, 200],
    });
    const { fetch } = stage.client.balancer;
    const head = await fetch('https://api.openai.com/v1/models', { method: 'HEAD' });
    expect([head.status, head.headers.get('x-a'), await head.text()]).toEqual([200, 'b', '']);
    const none = await fetch('https://api.openai.com/v1/things/1', { method: 'delete' });
    expect([none.status, none.body]).toEqual([204, null]);
    await fetch('https://api.openai.com/v1/things/1', { method: 'PATCH', body: '{}' });
    expect(stage.servers.a.requests.map(({ method }) => method)).toEqual(['HEAD', 'DELETE', 'PATCH']);
  });

  it('of audio and files come through as they are', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const outer = sdkOver(stage);
    const speech = await outer.audio.speech.create({ model: 'gpt-5', voice: 'alloy', input: 'hi' });
    expect(
      Buffer.from(await speech.arrayBuffer())
        .subarray(0, 3)
        .toString(),
    ).toBe('ID3');
    expect(speech.headers.get('content-type')).toBe('audio/mpeg');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const file = await outer.files.create({ file: new File([bytes], 'x.bin'), purpose: 'batch' });
    const content = await outer.files.content(file.id);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
  });
});

describe('audio and files', () => {
  const url = 'https://api.openai.com/v1/files/file-1/content';
  const large = {
    status: 200,
    body: Buffer.alloc(8_000_000, 1),
    headers: { 'content-type': 'application/octet-stream' },
  };

  it('are load until they are read, and given up where the reader gives up', async () => {
    await using stage = await openStage({ a: large });
    const { fetch } = stage.client.balancer;
    const read = await fetch(url);
    expect(read.headers.get('content-length')).toBe('8000000');
    expect(stage.state('a').inFlight).toBe(1);
    expect((await read.arrayBuffer()).byteLength).toBe(8_000_000);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1 });
    await (await fetch(url)).body?.cancel();
    const stop = new AbortController();
    const cut = await fetch(url, { signal: stop.signal });
    const reader = cut.body!.getReader();
    await reader.read();
    stop.abort();
    expect((await failure(events(rest(reader)))).name).toBe('AbortError');
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 0 });
  });

  it('that break are a failure of their endpoint, and never a short file', async () => {
    const headers = 'HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 100\r\n\r\n';
    await using stage = await openStage({ a: { raw: [headers, 'ID3'], end: 'reset' } });
    const response = await stage.client.balancer.fetch(url);
    expect(await failure(response.arrayBuffer())).toBeInstanceOf(TypeError);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 1 });
  });
});

it.each(['events', 'file'] as const)(
  'a reply of %s that is dropped half-read frees its connection',
  async (through) => {
    const endless = { stream: 4_000, gap: 5 } as const;
    const file = {
      status: 200,
      body: Buffer.alloc(50_000_000),
      headers: { 'content-type': 'application/octet-stream' },
    };
    await using stage = await openStage({ a: through === 'file' ? file : endless });
    const dropped = new URL('./children/dropped-streams.ts', import.meta.url);
    const { logLevel, strategy, endpoints } = stage.options;
    const seen = await runChild(dropped, { options: { logLevel, strategy, endpoints }, streams: 10, through });
    expect(seen).toEqual({ opened: 10, left: 0 });
  },
);

describe('ids', () => {
  it('made through it lead back, through it and through the client', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
    const outer = sdkOver(stage);
    for (let turn = 0; turn < 3; turn++) {
      const first = await outer.responses.create({ model: 'gpt-5', input: 'hi' });
      const stream = await outer.responses.create({
        model: 'gpt-5',
        input: 'on',
        previous_response_id: first.id,
        stream: true,
      });
      const [created] = await events(stream);
      const last = (created as { response: { id: string } }).response.id;
      const again = await stage.client.responses.retrieve(last);
      expect(endpointsOf(again)).toHaveLength(1);
      await outer.responses.delete(first.id);
    }
  });
});

describe('lists', () => {
  it('are those of the whole pool, page by page', async () => {
    await using stage = await openStage({
      a: { script: [], server: { objects: { files: 3 } } },
      b: { script: [], server: { objects: { files: 4 } } },
    });
    const response = await stage.client.balancer.fetch('https://api.openai.com/v1/files?limit=5');
    expect(response.headers.get('content-type')).toContain('application/json');
    const page = (await response.json()) as { data: { id: string }[]; has_more: boolean };
    expect([page.data.length, page.has_more]).toEqual([5, true]);
    expect(new Set(endpointsOf(response))).toEqual(new Set(['a', 'b']));
    const all = (await events(sdkOver(stage).files.list({ limit: 2 }))) as { id: string }[];
    expect(new Set(all.map(({ id }) => id)).size).toBe(7);
  });

  it('look ids up that nobody made here', async () => {
    await using stage = await openStage({ a: [], b: { script: [], server: { objects: { files: 1 } } } });
    const [{ id } = { id: '' }] = (await stage.client.balancer.endpoint('b').files.list()).data;
    const response = await stage.client.balancer.fetch(`https://api.openai.com/v1/files/${id}`);
    expect(await response.json()).toMatchObject({ id });
    expect(stage.servers.a.calls).toBe(1);
    const nobody = await stage.client.balancer.fetch('https://api.openai.com/v1/files/file-nowhere');
    expect([nobody.status, stage.servers.a.calls]).toEqual([404, 2]);
    const content = await stage.client.balancer.fetch(`https://api.openai.com/v1/files/${id}/content`);
    expect([content.status, endpointsOf(content)]).toEqual([200, ['b']]);
  });
});

describe('Azure', () => {
  it('serves the forms of its URLs from the whole pool', async () => {
    await using stage = await openStage({
      azure: { type: 'azure', script: [], modelMap: { 'gpt-5': 'prod-gpt5' } },
      b: [],
    } as never);
    const { client } = stage;
    const servers = stage.servers as unknown as Record<
      string,
      { origin: string; requests: { path: string; headers: object; model: string; query: object }[] }
    >;
    const origin = servers.azure?.origin;
    const { fetch } = client.balancer;
    const old = `${origin}/openai/deployments/prod-gpt5/chat/completions?api-version=2023-05-15`;
    expect(endpointsOf(await fetch(old, post({ messages: ASK.messages })))).toEqual(['azure']);
    expect(endpointsOf(await fetch(`${origin}/openai/v1/chat/completions`, post(ASK)))).toEqual(['azure']);
    expect(servers.azure?.requests.map(({ path, query }) => [path, query])).toEqual(
      Array.from({ length: 2 }, () => [
        '/openai/deployments/prod-gpt5/chat/completions',
        { 'api-version': '2024-10-21' },
      ]),
    );
    const pinned = client.balancer.pin('b').balancer.fetch;
    expect((await pinned(old, post({ messages: ASK.messages }))).status).toBe(200);
    expect(servers.b?.requests[0]).toMatchObject({ path: '/v1/chat/completions', model: 'gpt-5', query: {} });
    expect(JSON.stringify(servers.b?.requests[0]?.headers)).not.toContain((stage.keys as Record<string, string>).azure);
    const own = `${origin}/openai/deployments/prod-gpt5/extensions/chat/completions`;
    await fetch(own, post({ messages: [] }));
    expect(servers.azure?.requests.at(-1)?.path).toBe('/openai/deployments/prod-gpt5/extensions/chat/completions');
    expect(await failure(pinned(own, post({ messages: [] })))).toBeInstanceOf(AffinityError);
  });

  it("serves the SDK's Azure client", async () => {
    await using stage = await openStage({ azure: { type: 'azure', script: [] }, b: [] } as never);
    const azure = (stage.servers as unknown as Record<string, { origin: string }>).azure;
    const outer = new AzureOpenAI({
      ...{ endpoint: azure?.origin as string, apiVersion: '2024-10-21', apiKey: 'unused', maxRetries: 0 },
      fetch: stage.client.balancer.fetch,
    });
    const answer = await outer.chat.completions.create(ASK);
    expect(answer.choices[0]?.message.content).toBe('Hello from azure.');
  });
});

describe('a client without a pool', () => {
  it('sends with its own key, below its own base URL only', async () => {
    await using stage = await openStage({ a: [503, 'ok'] });
    const { url } = stage.servers.a;
    const client = new LoadBalancedOpenAI({ apiKey: stage.keys.a, baseURL: url, logLevel: 'off' });
    const { fetch } = client.balancer;
    const init = post(ASK, { headers: { authorization: 'Bearer callers-secret' } });
    expect((await fetch(`${url}/chat/completions`, init)).status).toBe(503);
    const response = await fetch(CHAT, init);
    expect(await response.json()).toMatchObject({ object: 'chat.completion' });
    expect(attemptsOf(response)).toEqual([]);
    expect(stage.servers.a.requests.map(({ apiKey }) => apiKey)).toEqual([stage.keys.a, stage.keys.a]);
    expect((await failure(fetch('http://127.0.0.1:9/v1/x'))).message).toContain(url);
    stage.servers.a.script({ stream: 10, stallAfter: 2 });
    const stop = new AbortController();
    const body = (await fetch(CHAT, post({ ...ASK, stream: true }, { signal: stop.signal }))).text();
    stop.abort();
    expect((await failure(body)).name).toBe('AbortError');
    stage.servers.a.script('black-hole');
    const { balancer } = client.withOptions({ timeout: 50 });
    expect((await failure(balancer.fetch(CHAT, post(ASK, { signal: new AbortController().signal })))).name).toBe(
      'AbortError',
    );
  });
});
