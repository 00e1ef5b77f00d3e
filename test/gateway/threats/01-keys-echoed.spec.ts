// Threats T1 and T2 through the gateway: whatever an endpoint repeats of its key, and in whichever form, no client, log, page or
// figure tells it, and neither does the gateway itself when it is printed. For the library alone: test/invariants/secrets-*.spec.ts.
import { describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../../src/testing/index.ts';
import { FULL } from '../../support/calls.ts';
import { canary, FORMS, leaks } from '../../support/canary.ts';
import { ECHOES, echoing } from '../../support/echo.ts';
import { chat, gatewayWith, type TestGateway } from '../../support/gateway.ts';

type Echo = keyof typeof ECHOES;
const echoes = Object.keys(ECHOES) as Echo[];
const some: Echo[] = ['the message of an error', 'reply headers', 'a web page', 'an event after the first words'];

/** All that a client sees of an answer. */
async function seen(response: Response): Promise<string> {
  const head = JSON.stringify([response.status, response.statusText, [...response.headers]]);
  return `${head}\n${await response.text().catch((error: Error) => String(error.stack))}`;
}

/** All that a gateway says of itself. */
async function said(gateway: TestGateway): Promise<string> {
  const pages = await Promise.all(
    ['/', '/health', '/health/ready', '/stats', '/metrics', '/v1/models'].map(async (path) =>
      seen(await gateway.get(path)),
    ),
  );
  return [...pages, JSON.stringify(gateway.lines)].join('\n');
}

const configuration = (server: FaultServer, apiKey: string, type = 'openai') => ({
  endpoints: [{ name: 'a', apiKey, baseURL: server.url, ...(type === 'anthropic' && { type }) }],
  maxRetries: 0,
  breaker: false,
});

const asks: Readonly<Record<string, (echo: Echo) => [path: string, init: RequestInit]>> = {
  'a chat call': (echo) => ['/v1/chat/completions', chat('gpt-5', { stream: /stream|event/.test(echo) })],
  'a Responses call': (echo) => ['/v1/responses', chat('gpt-5', { input: 'x', stream: /stream|event/.test(echo) })],
  'a translated message': (echo) => [
    '/v1/messages',
    chat('gpt-5', { max_tokens: 9, stream: /stream|event/.test(echo) }),
  ],
  'a read': () => ['/v1/files/file-1', {}],
};

describe('T1: a key that its endpoint repeats', () => {
  it.each(Object.keys(asks))('reaches nobody by %s', async (ask) => {
    await using server = await faultServer();
    const key = canary('gateway');
    await using gateway = await gatewayWith(configuration(server, key));
    for (const echo of echoes) {
      // What an object holds, such as a file, is what was asked for.
      if (ask === 'a read' && /garbage|event/.test(echo)) continue;
      server.script(echoing(echo));
      const response = await gateway.get(...asks[ask]!(echo));
      expect(leaks(await seen(response), [key]), echo).toEqual([]);
    }
    expect(server.calls).toBeGreaterThan(10);
    expect(server.requests[0]?.apiKey).toBe(key);
    expect(leaks(await said(gateway), [key])).toEqual([]);
    expect(gateway.lines.length).toBeGreaterThan(10);
  });

  it('reaches nobody by a call that an endpoint of Anthropic’s takes as it is', async () => {
    await using server = await faultServer();
    const key = canary('anthropic');
    await using gateway = await gatewayWith(configuration(server, key, 'anthropic'));
    for (const echo of echoes) {
      server.script(echoing(echo));
      const [path, init] = asks['a translated message']!(echo);
      expect(leaks(await seen(await gateway.get(path, init)), [key]), echo).toEqual([]);
    }
    expect(JSON.stringify(server.requests[0]?.headers)).toContain(key);
    expect(leaks(await said(gateway), [key])).toEqual([]);
  });

  it.each(Object.keys(FORMS))('is known %s', async (form) => {
    await using server = await faultServer();
    const key = canary('form');
    await using gateway = await gatewayWith(configuration(server, key));
    for (const echo of FULL ? echoes : some) {
      server.script(echoing(echo, () => FORMS[form]!(key)));
      const response = await gateway.get(...asks['a chat call']!(echo));
      expect(leaks(await seen(response), [key]), echo).toEqual([]);
    }
    expect(leaks(await said(gateway), [key])).toEqual([]);
  });

  it('reaches nobody by the headers of a good reply, nor by trailers', async () => {
    await using server = await faultServer();
    const key = canary('header');
    await using gateway = await gatewayWith(configuration(server, key));
    const names = ['x-request-id', 'request-id', 'openai-model', 'openai-version', 'x-ratelimit-limit-requests'];
    const more = ['warning', 'etag', 'content-disposition', 'x-echo', 'x-should-retry', 'retry-after'];
    server.script({ step: 'ok', headers: Object.fromEntries([...names, ...more].map((name) => [name, key])) });
    expect(leaks(await seen(await gateway.get('/v1/chat/completions', chat('gpt-5'))), [key])).toEqual([]);
    const body = '{"id":"x","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{}}]}';
    const head =
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\ntrailer: x-key\r\n\r\n';
    server.script({
      raw: `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\nx-key: ${key}\r\nx-request-id: ${key}\r\n\r\n`,
    });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect(response.status).toBe(200);
    expect(leaks(await seen(response), [key])).toEqual([]);
    expect(leaks(await said(gateway), [key])).toEqual([]);
  });

  it('stands in no reason why nobody takes a call', async () => {
    const key = canary('down');
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: key, baseURL: `http://127.0.0.1:9/v1?sig=${key}`, models: ['gpt-5'] }],
      maxRetries: 0,
    });
    for (const model of ['gpt-5', 'nope'])
      expect(leaks(await seen(await gateway.get('/v1/chat/completions', chat(model))), [key])).toEqual([]);
    expect(leaks(await said(gateway), [key])).toEqual([]);
  });
});

it('T2: a gateway that is printed shows none of its keys', async () => {
  await using server = await faultServer();
  const keys = ['upstream', 'client', 'admin', 'header'].map((word) => canary(word));
  const [apiKey, client, admin, header] = keys as [string, string, string, string];
  await using gateway = await gatewayWith({
    endpoints: [{ name: 'a', apiKey, baseURL: server.url, defaultHeaders: { 'x-vendor-auth': header } }],
    clientKeys: [{ name: 'app', key: client }],
    adminKeys: [{ name: 'boss', key: admin }],
  });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${client}` };
  await gateway.get('/v1/chat/completions', { ...chat('gpt-5'), headers });
  expect(server.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${apiKey}`, 'x-vendor-auth': header });
  const { settings, ...rest } = gateway.gateway;
  expect(leaks(rest, keys)).toEqual([]);
  // What was read off the file holds the keys of the endpoints, which are needed; those of people are kept as hashes only.
  expect(leaks(settings, [client, admin])).toEqual([]);
});
