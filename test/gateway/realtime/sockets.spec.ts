// Realtime sockets through the gateway, as their clients see them: opened at an endpoint of the pool, everything handed on both ways.
import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, gatewayWith, type TestGateway } from '../../support/gateway.ts';
import { type RealtimeServer, realtimeServer, secureFront } from '../../support/realtime-server.ts';

const endpointOf = (server: RealtimeServer, more: object = {}) => ({
  name: server.name,
  apiKey: `sk-upstream-${server.name}`,
  baseURL: server.url,
  ...more,
});

const address = ({ url }: TestGateway, query = '?model=gpt-realtime') =>
  `${url.replace('http', 'ws')}/v1/realtime${query}`;

interface Refusal {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: { error: { message: string; code: string } };
}

/** Opens a socket; its first message is there already. */
function opened(url: string, ...more: unknown[]): Promise<{ socket: WebSocket; first: unknown; headers: object }> {
  const socket = new WebSocket(url, ...(more as [string[]]));
  let headers: object = {};
  socket.on('upgrade', (reply) => {
    headers = reply.headers;
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('message', (data) => resolve({ socket, first: JSON.parse(String(data)), headers }));
  });
}

/** What a handshake is refused with. */
function refused(url: string, ...more: unknown[]): Promise<Refusal> {
  const socket = new WebSocket(url, ...(more as [string[]]));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('open', () => reject(new Error('it opened')));
    socket.once('unexpected-response', async (_request, reply) => {
      let text = '';
      for await (const piece of reply) text += String(piece);
      resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: JSON.parse(text) });
    });
  });
}

const closed = async (socket: WebSocket): Promise<{ code: number; reason: string }> => {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: String(reason) };
};

/** Sockets that were open and are over. */
const over = ({ lines }: TestGateway) => lines.filter(({ message }) => message === 'GET /v1/realtime 101').length;

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a socket of the official client', () => {
  it('opens at an endpoint, with the endpoint’s key, and hears what it says', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { talk: { endpoints: [{ endpoint: 'a', model: 'gpt-realtime-mini' }] } },
      clientKeys: [{ name: 'ann', key: 'sk-client-ann-0123456789' }],
    });
    await using front = await secureFront(gateway.gateway.port);
    const client = new OpenAI({ apiKey: 'sk-client-ann-0123456789', baseURL: `https://127.0.0.1:${front.port}/v1` });
    const socket = new OpenAIRealtimeWS({ model: 'talk', options: { ca: front.ca } }, client);
    const event = await new Promise((resolve, reject) => {
      socket.on('session.created', resolve);
      socket.on('error', reject);
    });
    expect(event).toMatchObject({ session: { id: 'sess_a' } });
    socket.socket.close(1000);
    await closed(socket.socket);
    const [handshake] = a.handshakes;
    expect(handshake?.url).toBe('/v1/realtime?model=gpt-realtime-mini');
    expect(handshake?.headers.authorization).toBe('Bearer sk-upstream-a');
    expect(JSON.stringify(handshake?.rawHeaders)).not.toContain('sk-client');
  });
});

describe('a socket', () => {
  it('says who has it; text, bytes, pieces and large messages come as they were sent, in their order', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket, first, headers } = await opened(address(gateway));
    expect(first).toMatchObject({ type: 'session.created', session: { id: 'sess_a' } });
    expect(headers).toMatchObject({ 'x-endpoint': 'a', 'x-attempts': '1', 'x-request-id': expect.any(String) });
    const heard: [string, boolean][] = [];
    socket.on('message', (data, binary) => heard.push([(data as Buffer).toString('latin1'), binary]));
    const large = Buffer.alloc(3_000_000, 'x');
    socket.send('{"n":1}');
    socket.send(Buffer.from([0, 255, 10, 13]));
    socket.send('{"two"', { fin: false });
    socket.send(':2}', { fin: true });
    socket.send(large);
    socket.send('');
    await until(() => heard.length === 5);
    expect(heard).toEqual([
      ['{"n":1}', false],
      ['\x00\xff\n\r', true],
      ['{"two":2}', false],
      [large.toString('latin1'), true],
      ['', false],
    ]);
    socket.close();
    await closed(socket);
  });

  it('ends as the other side ended: its code and words, none, or without a word', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const ended = async (act: (near: WebSocket, far: WebSocket) => void, side: 'near' | 'far') => {
      const before = a.sockets.length;
      const { socket } = await opened(address(gateway));
      const far = a.sockets[before] as WebSocket;
      const end = closed(side === 'near' ? socket : far);
      act(socket, far);
      return end;
    };
    expect(await ended((near) => near.close(4_001, 'enough'), 'far')).toEqual({ code: 4_001, reason: 'enough' });
    expect(await ended((_, far) => far.close(3_000, 'session over'), 'near')).toEqual({
      code: 3_000,
      reason: 'session over',
    });
    expect(await ended((near) => near.close(), 'far')).toEqual({ code: 1_005, reason: '' });
    expect(await ended((near) => near.terminate(), 'far')).toEqual({ code: 1_006, reason: '' });
    expect(await ended((_, far) => far.terminate(), 'near')).toEqual({ code: 1_006, reason: '' });
  });

  it('that ends without a word at its endpoint counts against it', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    a.sockets[0]?.terminate();
    await closed(socket);
    const state = async () => {
      const { endpoints } = (await (await gateway.get('/stats')).json()) as { endpoints: { failures: number }[] };
      return endpoints[0]?.failures;
    };
    await until(() => gateway.lines.some(({ message }) => message === 'GET /v1/realtime 502'));
    expect(await state()).toBe(1);
    const [record] = gateway.store.calls.page({}).calls;
    expect(record).toMatchObject({ status: 502, code: 'closed_1006', endpoint: 'a', path: '/v1/realtime' });
  });

  it('gets the subprotocol that its endpoint chose; a key among them opens it and goes no further', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      clientKeys: [{ name: 'ann', key: 'sk-client-ann-0123456789' }],
    });
    const { socket } = await opened(address(gateway), [
      'realtime',
      'openai-insecure-api-key.sk-client-ann-0123456789',
      'openai-organization.org-1',
      'openai-beta.realtime-v1',
    ]);
    expect(socket.protocol).toBe('realtime');
    expect(a.handshakes[0]?.headers['sec-websocket-protocol']).toBe('realtime,openai-beta.realtime-v1');
    socket.close();
    await closed(socket);
    await until(() => over(gateway) === 1);
    expect(gateway.lines.at(-1)).toMatchObject({ key: 'ann', message: 'GET /v1/realtime 101' });
  });

  it('takes its query along, but no key in it', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway, '?intent=transcription&api_key=sk-x&key=sk-y'));
    expect(a.handshakes[0]?.url).toBe('/v1/realtime?intent=transcription');
    socket.close();
    await closed(socket);
  });

  it('counts as load until it is over', async () => {
    await using a = await realtimeServer('a');
    await using b = await realtimeServer('b');
    await using gateway = await gatewayWith({ strategy: 'least-busy', endpoints: [endpointOf(a), endpointOf(b)] });
    const inFlight = async () => {
      const { endpoints } = (await (await gateway.get('/stats')).json()) as { endpoints: { inFlight: number }[] };
      return endpoints.map((each) => each.inFlight);
    };
    const sockets = [];
    for (let i = 0; i < 4; i++) sockets.push((await opened(address(gateway))).socket);
    expect(await inFlight()).toEqual([2, 2]);
    for (const socket of sockets) {
      socket.close();
      await closed(socket);
    }
    await until(() => over(gateway) === 4);
    expect(await inFlight()).toEqual([0, 0]);
  });

  it('goes to Azure as the SDK would', async () => {
    await using a = await realtimeServer('a', '');
    await using gateway = await gatewayWith({
      endpoints: [
        {
          ...{ name: 'azure', type: 'azure', endpoint: a.url, apiKey: 'azure-key', apiVersion: '2025-04-01-preview' },
          modelMap: { 'gpt-realtime': 'my-deployment' },
        },
      ],
    });
    const { socket } = await opened(address(gateway));
    expect(a.handshakes[0]?.url).toBe('/openai/v1/realtime?model=my-deployment');
    expect(a.handshakes[0]?.headers).toMatchObject({ 'api-key': 'azure-key' });
    expect(a.handshakes[0]?.headers.authorization).toBeUndefined();
    socket.close();
    await closed(socket);
  });
});

describe('a handshake that fails', () => {
  it('is made at the next endpoint, and the one that failed is left alone for as long as it asked', async () => {
    await using a = await realtimeServer('a');
    await using b = await realtimeServer('b');
    await using gateway = await gatewayWith({ strategy: 'priority', endpoints: [endpointOf(a), endpointOf(b)] });
    a.answer({ status: 429, headers: { 'retry-after': '60' } });
    const one = await opened(address(gateway));
    expect(one.first).toMatchObject({ session: { id: 'sess_b' } });
    expect(one.headers).toMatchObject({ 'x-endpoint': 'b', 'x-attempts': '2' });
    a.answer(101);
    const two = await opened(address(gateway));
    expect(two.headers).toMatchObject({ 'x-endpoint': 'b', 'x-attempts': '1' });
    for (const { socket } of [one, two]) {
      socket.close();
      await closed(socket);
    }
    expect(a.handshakes).toHaveLength(1);
    await until(() => over(gateway) === 2);
    const [second] = gateway.store.calls.page({}).calls;
    expect(second?.decisions).toMatchObject([
      { eligible: ['b'], excluded: [{ endpoint: 'a', reason: expect.stringContaining('429') }], picked: 'b' },
    ]);
  });

  it('teaches the breaker', async () => {
    await using a = await realtimeServer('a');
    await using b = await realtimeServer('b');
    await using gateway = await gatewayWith({
      ...{ strategy: 'priority', endpoints: [endpointOf(a), endpointOf(b)], breaker: { consecutiveFailures: 2 } },
    });
    a.answer({ status: 500 });
    for (let i = 0; i < 4; i++) {
      const { socket } = await opened(address(gateway));
      socket.close();
      await closed(socket);
    }
    expect(a.handshakes).toHaveLength(2);
  });

  it('moves on from an endpoint that is not there', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({
      strategy: 'priority',
      endpoints: [{ name: 'gone', apiKey: 'x', baseURL: 'http://127.0.0.1:9/v1' }, endpointOf(a)],
    });
    const { socket, headers } = await opened(address(gateway));
    expect(headers).toMatchObject({ 'x-endpoint': 'a' });
    socket.close();
    await closed(socket);
  });

  it('everywhere is told as an error of a call is, without the endpoint’s key', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], maxRetries: 0 });
    a.answer({ status: 403, body: '{"error":{"message":"sk-upstream-a may not do this","code":"no_access"}}' });
    const { status, headers, body } = await refused(address(gateway));
    expect(status).toBe(403);
    expect(headers['x-endpoint']).toBe('a');
    expect(body.error.message).not.toContain('sk-upstream-a');
    expect(body.error.message).toContain('may not do this');
  });

  it('ends at the endpoint when the client does not wait for it', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    a.answer('hang');
    const socket = new WebSocket(address(gateway));
    socket.on('error', () => undefined);
    await until(() => a.handshakes.length === 1);
    const gone = once(a.handshakes[0]?.socket as NodeJS.EventEmitter, 'close');
    socket.terminate();
    await gone;
    await until(() => gateway.lines.some(({ message }) => message === 'GET /v1/realtime 499'));
  });
});

describe('a socket is refused', () => {
  it('without a right key, for a model that is not there or not the key’s, beyond the key’s limits', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: {
        talk: { endpoints: [{ endpoint: 'a', model: 'm' }] },
        other: { endpoints: [{ endpoint: 'a', model: 'n' }] },
      },
      clientKeys: [
        { name: 'ann', key: 'sk-client-ann-0123456789', groups: ['talk'], limits: { requestsPerMinute: 2 } },
      ],
      adminKeys: [{ name: 'root', key: 'sk-admin-root-0123456789' }],
    });
    const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
    const ann = as('sk-client-ann-0123456789');
    expect((await refused(address(gateway, '?model=talk'))).status).toBe(401);
    expect((await refused(address(gateway, '?model=talk'), as('sk-wrong'))).status).toBe(401);
    expect((await refused(address(gateway, '?model=talk'), as('sk-admin-root-0123456789'))).status).toBe(401);
    const { status, body } = await refused(address(gateway, '?model=other'), ann);
    expect([status, body.error.code]).toEqual([404, 'model_not_found']);
    const { socket } = await opened(address(gateway, '?model=talk'), ann);
    socket.close();
    await closed(socket);
    await until(() => over(gateway) === 1);
    const late = await refused(address(gateway, '?model=talk'), ann);
    expect([late.status, Number(late.headers['retry-after']) > 0]).toEqual([429, true]);
    expect(a.handshakes).toHaveLength(1);
  });

  it('to pages of the web, and under names that are not this machine’s, where no keys are set', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    expect((await refused(address(gateway), { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await refused(address(gateway), { headers: { host: 'evil.example' } })).status).toBe(421);
    const { socket } = await opened(address(gateway), { headers: { origin: 'http://localhost:3000' } });
    socket.close();
    await closed(socket);
    expect(a.handshakes).toHaveLength(1);
  });

  it('when its handshake is none; nothing behind it is taken for a call', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [{ name: 'a', apiKey: 'k', baseURL: a.url }] });
    const { port } = gateway.gateway;
    const say = async (lines: string[], rest: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${['GET /v1/realtime?model=m HTTP/1.1', 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n${rest}`);
      let answer = '';
      for await (const piece of socket) answer += String(piece);
      return answer;
    };
    const offer = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const hidden = 'GET /v1/models/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const wrong = [
      [...offer],
      [...offer, 'Sec-WebSocket-Key: short'],
      [...offer, key, `Content-Length: ${hidden.length}`],
      [...offer, key, 'Sec-WebSocket-Protocol: a,,b'],
      ['Connection: Upgrade', 'Upgrade: websocket', key, 'Sec-WebSocket-Version: 12'],
    ];
    for (const lines of wrong) {
      const answer = await say(lines, hidden);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(a.calls).toBe(0);
  });

  it('beyond the largest message, with its code, on both sides', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    const far = closed(a.sockets[0] as WebSocket);
    const near = closed(socket);
    socket.send(Buffer.alloc(33 * 2 ** 20));
    expect((await near).code).toBe(1_009);
    expect((await far).code).toBe(1_009);
    await until(() => over(gateway) === 1);
    expect(gateway.lines.at(-1)).toMatchObject({ message: 'GET /v1/realtime 101' });
  });
});

describe('while sockets are open', () => {
  it('a side that does not read is not read for: what it has not taken stays where it is', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    socket.pause();
    const far = a.sockets[0] as WebSocket;
    const piece = Buffer.alloc(1_000_000);
    for (let i = 0; i < 60; i++) far.send(piece);
    let before = -1;
    // What is in kernels and buffers between the two is all that moves.
    await until(() => {
      const still = far.bufferedAmount === before;
      before = far.bufferedAmount;
      return still;
    });
    expect(far.bufferedAmount).toBeGreaterThan(20_000_000);
    let heard = 0;
    socket.on('message', () => {
      heard += 1;
    });
    socket.resume();
    await until(() => heard === 60);
    socket.close();
    await closed(socket);
  });

  it('a stop ends them with 1001 on both sides after its grace', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    const far = closed(a.sockets[0] as WebSocket);
    const near = closed(socket);
    const begun = performance.now();
    const stopped = gateway.gateway.stop(300);
    expect(await near).toEqual({ code: 1_001, reason: 'The gateway is shutting down.' });
    expect((await far).code).toBe(1_001);
    await stopped;
    expect(performance.now() - begun).toBeGreaterThan(290);
  });

  it('a stop does not wait for one that does not answer', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    socket.pause();
    const begun = performance.now();
    await gateway.gateway.stop(10);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('another configuration leaves them alone', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    gateway.gateway.reload(gateway.gateway.settings);
    const echo = once(socket, 'message');
    socket.send('still there');
    expect(String((await echo)[0])).toBe('still there');
    socket.close();
    await closed(socket);
  });

  it('what their endpoint says of tokens is counted', async () => {
    await using a = await realtimeServer('a');
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { socket } = await opened(address(gateway));
    const usage = { input_tokens: 100, output_tokens: 20, input_token_details: { cached_tokens: 40 } };
    for (let i = 0; i < 2; i++) {
      socket.send(JSON.stringify({ type: 'response.done', response: { id: 'r', usage } }));
      await once(socket, 'message');
    }
    socket.close();
    await closed(socket);
    await until(() => over(gateway) === 1);
    expect(gateway.lines.at(-1)).toMatchObject({ tokensIn: 200, tokensOut: 40 });
  });
});

describe('an upgrade to something else', () => {
  it('is a plain call, its body and all, as if nobody had offered anything', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [{ name: 'a', apiKey: 'k', baseURL: a.url }] });
    const socket = connect(gateway.gateway.port, '127.0.0.1');
    const { body } = chat('gpt-5') as { body: string };
    // As Java's client begins every call.
    const head = [
      ...['POST /v1/chat/completions HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'],
      ...['Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    setTimeout(() => socket.write(body.slice(0, 10)), 20);
    setTimeout(() => socket.write(body.slice(10)), 40);
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('Hello from a.');
    expect(a.calls).toBe(1);
  });
});
