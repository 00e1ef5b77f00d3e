// Proxies from the environment: everything goes through a tunnel of theirs, but what NO_PROXY names; what is no proxy is named.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { fastFetch } from '../../src/transport/index.ts';
import { certificate } from '../support/certificate.ts';
import { runChild } from '../support/child.ts';
import { connectProxy } from '../support/connect-proxy.ts';

const NAMES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'] as const;
const before = NAMES.map((name) => [name, process.env[name]] as const);
const set = (variables: Partial<Record<(typeof NAMES)[number], string>>) => {
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, variables);
};
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

async function upstream() {
  const seen: string[] = [];
  const server = createServer(({ headers }, response) => {
    seen.push(headers.host as string);
    expect(headers['proxy-authorization']).toBe(undefined);
    response.end('hello');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

describe('a proxy from the environment', () => {
  it.each(['http_proxy', 'HTTP_PROXY'] as const)(
    '%s: calls go through its tunnels, as many as there are hosts',
    async (name) => {
      await using server = await upstream();
      await using proxy = await connectProxy({}, server.port);
      set({ [name]: proxy.url });
      await using fetch = fastFetch();
      for (const host of ['a.example', 'b.example', 'a.example'])
        expect(await (await fetch(`http://${host}/v1/models`)).text()).toBe('hello');
      expect(server.seen).toEqual(['a.example', 'b.example', 'a.example']);
      expect(proxy.asked).toEqual({ 'a.example': 1, 'b.example': 1 });
    },
  );

  it('https addresses, and a proxy for both kinds', async () => {
    const { cert, key } = certificate({ for: 'a.example' });
    const secure = createSecureServer({ cert, key }, (_request, response) => response.end('safe')).listen(
      0,
      '127.0.0.1',
    );
    await once(secure, 'listening');
    await using proxy = await connectProxy({}, (secure.address() as AddressInfo).port);
    const script = new URL('./children/get.ts', import.meta.url);
    for (const name of ['HTTPS_PROXY', 'http_proxy'])
      expect(await runChild(script, { url: 'https://a.example/', ca: cert }, 20_000, { [name]: proxy.url })).toBe(
        'safe',
      );
    expect(proxy.asked).toEqual({ 'a.example': 2 });
    secure.closeAllConnections();
    await once(secure.close(), 'close');
  });

  it.each([
    ['127.0.0.1', true],
    ['other.example,127.0.0.1', true],
    ['*', true],
    ['127.0.0.1:PORT', true],
    ['127.0.0.1:1', false],
    ['27.0.0.1', false],
    ['', false],
  ])('NO_PROXY=%s', async (list, direct) => {
    await using server = await upstream();
    await using proxy = await connectProxy({}, server.port);
    set({ HTTP_PROXY: proxy.url, NO_PROXY: list.replace('PORT', `${server.port}`) });
    await using fetch = fastFetch();
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe('hello');
    expect(Object.keys(proxy.asked)).toEqual(direct ? [] : ['127.0.0.1']);
  });

  it('what a proxy refuses is no answer of the endpoint', async () => {
    await using server = await upstream();
    await using proxy = await connectProxy({ 'a.example': [407], 'b.example': [502] }, server.port);
    set({ HTTP_PROXY: proxy.url });
    await using fetch = fastFetch();
    for (const [host, status] of [
      ['a', 407],
      ['b', 502],
    ]) {
      const error: Error = await fetch(`http://${host}.example/`).catch((thrown) => thrown);
      expect([error.name, error.message]).toEqual(['TypeError', 'fetch failed']);
      expect((error.cause as Error).message).toContain(`Proxy response (${status})`);
    }
    expect(server.seen).toEqual([]);
  });

  it('one that is silent has as long as a connection has', { timeout: 10_000 }, async () => {
    const silent = createSocketServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    set({ HTTP_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    const fetch = fastFetch({ connectTimeout: 200 });
    const error: Error = await fetch('http://a.example/').catch((thrown) => thrown);
    expect(error.message).toBe('fetch failed');
    expect((error.cause as Error).name).toMatch(/Timeout/);
    silent.close();
  });

  it.each(NAMES.slice(0, 4))('%s that is no address is named, and what it says is not told', (name) => {
    for (const value of ['proxy.example:3128', 'http://', 'user:pass-canary@proxy', 'ftp://pass-canary@proxy']) {
      set({ [name]: value });
      expect(() => fastFetch()).toThrow(ConfigurationError);
      expect(() => fastFetch()).toThrow(new RegExp(`${name} must be the address of a proxy`));
      expect(() => fastFetch()).not.toThrow(/canary/);
    }
  });
});
