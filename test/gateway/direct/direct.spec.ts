// Calls that go out over the gateway's own connections: what goes up and what comes down are the bytes that were meant.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { JsonText } from '../../../src/call/json-text.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { connectProxy } from '../../support/connect-proxy.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const ANSWER = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ü' }, finish_reason: 'stop' }],
};

type Answer = (message: IncomingMessage, body: Buffer, response: ServerResponse) => void;

/** A server that answers so, and what it was sent. */
async function serverWith(
  answer: Answer,
): Promise<AsyncDisposable & { name: string; baseURL: string; bodies: Buffer[] }> {
  const bodies: Buffer[] = [];
  const server = createServer((message, response) => {
    const parts: Buffer[] = [];
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('end', () => {
      bodies.push(Buffer.concat(parts));
      answer(message, Buffer.concat(parts), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: `s${port}`,
    baseURL: `http://127.0.0.1:${port}/v1`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json: Answer = (_message, _body, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER));
};

/** A group over servers, the first of them asked first. */
const groupOver = (...servers: readonly { name: string; baseURL: string }[]) => ({
  strategy: 'priority',
  endpoints: servers.map(({ name, baseURL }) => ({ name, baseURL, apiKey: `sk-of-${name}-0123456789` })),
  groups: { public: { endpoints: servers.map(({ name }) => ({ endpoint: name, model: `own-${name}` })) } },
});

afterEach(() => void vi.restoreAllMocks());

describe('a direct call', () => {
  it('goes out without the standard fetch', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { port } = gateway.gateway;
    const said = await new Promise<string>((resolve) => {
      const spy = vi.spyOn(globalThis, 'fetch');
      void import('node:http').then(({ request }) => {
        const init = chat('gpt-5');
        const options = { port, path: '/v1/chat/completions', method: 'POST', headers: init.headers as never };
        request(options, (response) => {
          response.resume().on('end', () => resolve(`${response.statusCode} ${spy.mock.calls.length}`));
        }).end(init.body as string);
      });
    });
    expect([said, a.calls]).toEqual(['200 0', 1]);
  });

  it('goes through the fetch that somebody put in the place of the standard one', async () => {
    const { fetch } = globalThis;
    await using a = await faultServer({ name: 'a' });
    const seen: string[] = [];
    globalThis.fetch = (input, init) => {
      seen.push(String(input));
      return fetch(input, init);
    };
    try {
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
      expect(seen.filter((url) => url.startsWith(a.url))).toHaveLength(1);
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it('goes through the proxy that the fast transport goes through', async () => {
    await using a = await faultServer({ name: 'a' });
    await using proxy = await connectProxy({}, Number(new URL(a.url).port));
    vi.stubEnv('HTTP_PROXY', proxy.url);
    try {
      const endpoints = [endpointOf(a, { baseURL: 'http://endpoint.test/v1' })];
      await using gateway = await gatewayWith({ endpoints, transport: 'fast' });
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
      expect(proxy.asked).toEqual({ 'endpoint.test': 1 });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('brings a large body to the endpoint that serves as it was, but for the name of the model', async () => {
    await using broken = await serverWith((_message, _body, response) => void response.writeHead(500).end('{}'));
    await using well = await serverWith(json);
    await using gateway = await gatewayWith(groupOver(broken, well));
    const picture = `data:image/png;base64,${'QUJD'.repeat(500_000)}`;
    const text = `{ "big":12345678901234567890, "messages":[{"role":"user","content":"${picture}"}],"model" : "public","n":1}`;
    const response = await gateway.get('/v1/chat/completions', { ...chat('public'), body: text });
    expect([response.status, response.headers.get('x-attempts')]).toEqual([200, '2']);
    const sent = (own: string) => text.replace('"public"', `"own-${own}"`);
    expect(broken.bodies[0]?.toString() === sent(broken.name)).toBe(true);
    expect(well.bodies[0]?.toString() === sent(well.name)).toBe(true);
  });

  it('takes the code off a reply that came in one', async () => {
    await using a = await serverWith((_message, _body, response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      response.writeHead(200, headers).end(gzipSync(JSON.stringify(ANSWER)));
    });
    await using gateway = await gatewayWith(groupOver(a));
    const response = await gateway.get('/v1/chat/completions', chat('public'));
    expect([response.headers.get('content-encoding'), await response.json()]).toEqual([null, ANSWER]);
  });

  it('hands an error on as it was written, and the next endpoint is asked where that may help', async () => {
    const body = '{"error":{"message":"no such thing","type":"invalid_request_error","code":"bad"},"more":[1,2]}';
    await using a = await serverWith((_message, _body, response) => {
      response.writeHead(400, { 'content-type': 'application/json', 'x-request-id': 'theirs' }).end(body);
    });
    await using gateway = await gatewayWith(groupOver(a));
    const response = await gateway.get('/v1/chat/completions', chat('public'));
    expect([response.status, response.headers.get('x-request-id'), await response.text()]).toEqual([
      400,
      'theirs',
      body,
    ]);
  });

  it('hands on what it does not know byte by byte', async () => {
    const sound = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    await using a = await serverWith((_message, _body, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': sound.byteLength }).end(sound);
    });
    await using gateway = await gatewayWith(groupOver(a));
    const response = await gateway.get('/v1/audio/speech', {
      ...chat('public'),
      body: '{"model":"public","input":"x"}',
    });
    expect(response.headers.get('content-length')).toBe('300000');
    expect(Buffer.from(await response.arrayBuffer()).equals(sound)).toBe(true);
  });

  it('keeps a stream in order however its events are cut, and shows the last of them', async () => {
    const events = Array.from({ length: 500 }, (_, index) => {
      const choice = { index: 0, delta: { content: `w${index} ü` }, finish_reason: index === 499 ? 'stop' : null };
      return `data: ${JSON.stringify({ id: 'c', choices: [choice] })}\n\n`;
    });
    const whole = Buffer.from(`${events.join('')}data: [DONE]\n\n`);
    await using a = await serverWith((_message, _body, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let at = 0;
      const next = () => {
        if (at >= whole.length) return void response.end();
        const size = 1 + ((at * 7919) % 700);
        response.write(whole.subarray(at, at + size));
        at += size;
        setImmediate(next);
      };
      next();
    });
    await using gateway = await gatewayWith(groupOver(a));
    const response = await gateway.get('/v1/chat/completions', chat('public', { stream: true }));
    expect(await response.text()).toBe(whole.toString());
  });

  it('never puts a large body together, decodes it, or reads all of it', async () => {
    await using a = await serverWith(json);
    const key = 'client-key-0123456789abcdef';
    const clientKeys = [{ name: 'team', key, groups: ['public'] }];
    await using gateway = await gatewayWith({ ...groupOver(a), clientKeys });
    const looks = (['bytes', 'text', 'value'] as const).map((name) => vi.spyOn(JsonText.prototype, name, 'get'));
    const call = chat('public', { store: false, messages: [{ role: 'user', content: 'x'.repeat(2_000_000) }] });
    const headers = { ...call.headers, authorization: `Bearer ${key}` };
    const response = await gateway.get('/v1/chat/completions', { ...call, headers });
    expect(await response.json()).toEqual(ANSWER);
    expect(a.bodies[0]?.toString()).toBe(String(call.body).replace('"public"', `"own-${a.name}"`));
    for (const look of looks) expect(look).not.toHaveBeenCalled();
  });
});
