// Sockets take the way of calls: through the proxy that the environment names, but for what NO_PROXY lists.
import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { proxyFor } from '../../../src/gateway/realtime/proxy-tunnel.ts';
import { connectProxy } from '../../support/connect-proxy.ts';
import { gatewayWith } from '../../support/gateway.ts';
import { realtimeServer, secureFront } from '../../support/realtime-server.ts';

afterEach(() => vi.unstubAllEnvs());

const NONE = { http_proxy: '', HTTP_PROXY: '', https_proxy: '', HTTPS_PROXY: '', no_proxy: '', NO_PROXY: '' };
const set = (variables: Partial<typeof NONE>) => {
  for (const [name, value] of Object.entries({ ...NONE, ...variables })) vi.stubEnv(name, value);
};

/** The first message of a socket, or why there is none. */
async function firstOf({ url }: { readonly url: string }): Promise<unknown> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime?model=gpt-realtime`);
  const refused = once(socket, 'unexpected-response').then(async ([, reply]) => {
    let text = '';
    for await (const piece of reply) text += String(piece);
    return [reply.statusCode, JSON.parse(text).error.message];
  });
  const first = once(socket, 'message').then(([data]) => JSON.parse(String(data)).session.id as string);
  const found = await Promise.race([refused, first]);
  socket.terminate();
  return found;
}

it.each(['http', 'https'])('a socket goes through the tunnel of a proxy to an address with %s', async (scheme) => {
  await using a = await realtimeServer('a');
  await using front = await secureFront(Number(new URL(a.url).port));
  const port = scheme === 'https' ? front.port : Number(new URL(a.url).port);
  await using proxy = await connectProxy({}, port);
  set({ [`${scheme}_proxy`]: proxy.url });
  if (scheme === 'https') vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const endpoints = [{ name: 'a', apiKey: 'sk-a', baseURL: `${scheme}://far.example/v1` }];
  await using gateway = await gatewayWith({ endpoints, transport: 'fast' });
  expect(await firstOf(gateway)).toBe('sess_a');
  expect(proxy.asked).toEqual({ 'far.example': 1 });
  expect(a.handshakes[0]?.headers).toMatchObject({ host: 'far.example', authorization: 'Bearer sk-a' });
  expect(a.handshakes[0]?.headers).not.toHaveProperty('proxy-authorization');
});

it('one that the proxy refuses goes on to the next endpoint, and its password stands nowhere', async () => {
  await using a = await realtimeServer('a');
  await using proxy = await connectProxy({ 'far.example': Array(20).fill(407) }, Number(new URL(a.url).port));
  set({ http_proxy: proxy.url });
  const endpoint = (name: string) => ({ name, apiKey: `sk-${name}`, baseURL: `http://${name}.example/v1` });
  const options = { transport: 'fast', strategy: 'priority', maxRetries: 0 };
  await using gateway = await gatewayWith({ ...options, endpoints: [endpoint('far'), endpoint('near')] });
  expect(await firstOf(gateway)).toBe('sess_a');
  expect(proxy.asked).toEqual({ 'far.example': 1, 'near.example': 1 });
  await using alone = await gatewayWith({ ...options, endpoints: [endpoint('far')] });
  expect(await firstOf(alone)).toEqual([502, expect.any(String)]);
  expect(JSON.stringify([gateway.lines, alone.lines])).not.toContain(proxy.password);
});

it('a proxy that is none for sockets is said to be so, and no endpoint is blamed', async () => {
  set({ http_proxy: 'socks5://user:geheim@127.0.0.1:9' });
  const endpoints = [{ name: 'far', apiKey: 'sk-far', baseURL: 'http://far.example/v1' }];
  await using gateway = await gatewayWith({ endpoints, transport: 'fast', maxRetries: 0 });
  for (const _ of Array(8)) await firstOf(gateway);
  expect(await firstOf(gateway)).toEqual([expect.any(Number), expect.stringContaining('HTTP proxies only')]);
  const { endpoints: states } = (await (await gateway.get('/stats')).json()) as { endpoints: object[] };
  expect(states).toMatchObject([{ name: 'far', failures: 0 }]);
  expect(JSON.stringify(gateway.lines)).not.toContain('geheim');
});

it('where calls take no proxy, sockets take none', async () => {
  await using a = await realtimeServer('a');
  await using proxy = await connectProxy({}, Number(new URL(a.url).port));
  set({ http_proxy: proxy.url });
  const endpoints = [{ name: 'a', apiKey: 'sk-a', baseURL: a.url }];
  await using plain = await gatewayWith({ endpoints });
  expect(await firstOf(plain)).toBe('sess_a');
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  await using listed = await gatewayWith({ endpoints, transport: 'fast' });
  expect(await firstOf(listed)).toBe('sess_a');
  expect(proxy.asked).toEqual({});
});

it.each([
  ['wss://a.example/', 'b.example', true],
  ['wss://a.example/', 'b.example, a.example', false],
  ['wss://a.example/', 'a.example:443', false],
  ['wss://a.example/', 'a.example:80', true],
  ['wss://x.a.example/', 'a.example', true],
  ['wss://x.a.example/', '.a.example', false],
  ['wss://x.a.example/', '*.a.example', false],
  ['ws://x.a.example:8080/', '*', false],
])('%s with NO_PROXY=%s', (url, list, proxied) => {
  set({ HTTP_PROXY: 'http://proxy.example:3128', NO_PROXY: list });
  expect(proxyFor(new URL(url))?.host).toBe(proxied ? 'proxy.example:3128' : undefined);
});
