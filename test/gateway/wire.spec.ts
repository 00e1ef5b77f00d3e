// What goes up and what comes down: headers by list, paths that stay below /v1, bodies within bounds.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { faultServer, manualClock } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

/** Bytes to a port; what came back until the connection ended. */
function talk(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.setTimeout(1_000, () => socket.destroy());
  });
}

describe('headers', () => {
  it('go up by a list: neither keys nor cookies, accounts, addresses, nor what is of one connection', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const headers = {
      ...{
        authorization: 'Bearer mine',
        'x-api-key': 'mine',
        'api-key': 'mine',
        cookie: 'mine=1',
        'openai-organization': 'mine',
      },
      ...{ 'openai-project': 'mine', 'x-forwarded-for': 'mine', forwarded: 'for=mine', 'proxy-authorization': 'mine' },
      ...{
        'x-portkey-custom-host': 'http://mine',
        'x-stainless-retry-count': '3',
        'x-own': 'mine',
        referer: 'http://mine',
      },
      ...{
        'openai-beta': 'assistants=v2',
        'idempotency-key': 'abc',
        'http-referer': 'https://app.example',
        'x-title': 'App',
      },
    };
    await gateway.get('/v1/chat/completions?api_key=mine&key=mine', {
      ...chat('gpt-5'),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const [seen] = a.requests;
    expect(JSON.stringify([seen?.headers, seen?.query])).not.toContain('mine');
    expect(seen?.headers).toMatchObject({
      'openai-beta': 'assistants=v2',
      'idempotency-key': 'abc',
      'http-referer': 'https://app.example',
      'x-title': 'App',
    });
  });

  it('come down by a list: neither cookies, nor accounts, nor addresses', async () => {
    const secret = {
      ...{
        'set-cookie': ['a=1', 'b=2'],
        'openai-organization': 'org-x',
        'openai-project': 'proj_x',
        location: 'http://elsewhere',
      },
      ...{
        server: 'x',
        via: 'x',
        'x-internal-host': 'x',
        'strict-transport-security': 'max-age=1',
        'access-control-allow-origin': '*',
      },
    };
    const told = { 'openai-processing-ms': '12', 'x-ratelimit-remaining-requests': '7', 'x-request-id': 'req_1' };
    await using a = await faultServer({ name: 'a', script: { step: 'ok', headers: { ...secret, ...told } } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    const names = [...response.headers.keys()];
    for (const name of Object.keys(secret)) expect(names).not.toContain(name);
    expect(Object.fromEntries(response.headers)).toMatchObject(told);
  });

  it('tell what is left of the limits of the whole pool, and not of the endpoint that answered', async () => {
    const told = (left: number) => ({
      step: 'ok' as const,
      headers: {
        'x-ratelimit-limit-requests': '100',
        'x-ratelimit-remaining-requests': String(left),
        'x-ratelimit-reset-requests': '30s',
      },
    });
    await using a = await faultServer({ name: 'a', script: told(10) });
    await using b = await faultServer({ name: 'b', script: told(60) });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a), endpointOf(b)] });
    const call = async () => {
      const { headers } = await gateway.get('/v1/chat/completions', chat('gpt-5'));
      return [
        headers.get('x-ratelimit-limit-requests'),
        Number(headers.get('x-ratelimit-remaining-requests')),
      ] as const;
    };
    // Of the other one nothing is known yet.
    expect(await call()).toEqual([null, 0]);
    const [limit, left] = await call();
    expect(limit).toBe('200');
    // About 10 and 60; both fill up meanwhile.
    expect(left).toBeGreaterThanOrEqual(68);
    expect(left).toBeLessThan(80);
  });

  it('lead nowhere else: no field of a call says where it goes', async () => {
    await using a = await faultServer({ name: 'a' });
    await using trap = await faultServer({ name: 'trap' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const fields = { api_base: trap.url, base_url: trap.url, api_key: 'x', endpoint: trap.url, custom_host: trap.url };
    await gateway.get(`/v1/chat/completions?api_base=${trap.url}`, {
      ...chat('gpt-5', fields),
      headers: { 'content-type': 'application/json', 'x-portkey-custom-host': trap.url, 'x-base-url': trap.url },
    });
    expect([a.calls, trap.calls]).toEqual([1, 0]);
    a.script({ redirect: `${trap.url}/chat/completions` });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect([response.status, response.headers.get('x-endpoint')]).toEqual([502, 'a']);
    expect(response.headers.get('location')).toBeNull();
    expect(trap.calls).toBe(0);
  });
});

describe('paths', () => {
  it('stay below /v1, however they are written', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { port } = gateway.gateway;
    const paths = [
      '/v1/../admin',
      '/v1/%2e%2e/admin',
      '/v1/..%2fadmin',
      '/v1/models/..%2F..%2fadmin',
      '/v1/models/%2f%2fevil.example',
      '/v1//evil.example/x',
      '/v1/x\\..\\y',
      '/v1',
      '/v1/',
      '//evil.example/v1/models',
      'http://evil.example/v1/models',
      '/v1/files/../../x',
      '/v1/%0d%0ax',
    ];
    for (const path of paths) {
      const said = await talk(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect([path, said.slice(9, 12)]).toEqual([path, '404']);
    }
    expect(a.calls).toBe(0);
  });

  it('take the methods of the API, and no others', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const method of ['OPTIONS', 'PROPFIND', 'TRACE']) {
      const said = await talk(
        gateway.gateway.port,
        `${method} /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(said.slice(9, 12)).toBe('405');
    }
  });

  it('come in requests that mean one thing only', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const start = 'POST /v1/chat/completions HTTP/1.1\r\n';
    const odd = [
      `${start}Host: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${start}Host: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      `${start}Host: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      `${start}Host: localhost\r\nX: a\r\n b\r\nContent-Length: +5\r\n\r\nhello`,
      `${start}Content-Length: 2\r\n\r\n{}`,
      'GET /v1/models HTTP/1.1\nHost: localhost\n\n',
    ];
    for (const bytes of odd)
      expect([bytes, (await talk(gateway.gateway.port, bytes)).slice(9, 12)]).toEqual([bytes, '400']);
    expect(a.calls).toBe(0);
  });
});

describe('bodies', () => {
  it('are within bounds: 413 by their length, and by what comes', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      limits: { bodyBytes: 10_000, uploadBytes: 50_000 },
    });
    const large = chat('gpt-5', { metadata: { x: 'y'.repeat(20_000) } });
    const response = await gateway.get('/v1/chat/completions', large);
    expect([response.status, await response.json()]).toMatchObject([
      413,
      { error: { code: 'request_too_large', type: 'invalid_request_error' } },
    ]);
    const pieces = Readable.toWeb(
      Readable.from(
        (function* () {
          for (let i = 0; i < 20; i++) yield Buffer.alloc(1_000, 0x20);
        })(),
      ),
    );
    const streamed = await gateway.get('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: pieces as never,
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
    const form = new FormData();
    form.append('purpose', 'batch');
    form.append('file', new Blob([new Uint8Array(60_000)]), 'x.jsonl');
    expect((await gateway.get('/v1/files', { method: 'POST', body: form })).status).toBe(413);
    expect(a.calls).toBe(0);
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
  });

  it('are JSON where they say so, not too deep, and not compressed', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const send = async (body: string, headers: Record<string, string> = {}) =>
      (
        await gateway.get('/v1/chat/completions', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        })
      ).status;
    expect(await send('{"model":')).toBe(400);
    expect(await send('[1]')).toBe(400);
    expect(await send(`{"model":"gpt-5","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe(400);
    expect(await send('{}', { 'content-encoding': 'gzip' })).toBe(415);
    expect(a.calls).toBe(0);
    expect(
      await send(
        '{"model":"gpt-5","messages":[],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      ),
    ).toBe(200);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('are JSON where they do not say so, as those of curl', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
      const init = { ...chat('gpt-5'), headers: { 'content-type': type } };
      expect((await gateway.get('/v1/chat/completions', init)).status).toBe(200);
      expect(a.requests.at(-1)?.headers['content-type']).toBe('application/json');
    }
  });

  it('of uploads pass through while they come', async () => {
    let [seen, before] = [0, 0];
    const upstream = createServer((message, response) => {
      message.on('data', (chunk: Buffer) => {
        seen += chunk.byteLength;
      });
      message.on('end', () =>
        response.setHeader('content-type', 'application/json').end('{"id":"file-1","object":"file"}'),
      );
    });
    await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: `http://127.0.0.1:${port}/v1` }],
    });
    const piece = Buffer.alloc(2 ** 20, 1);
    const boundary = 'edge';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n`;
    const body = Readable.toWeb(
      Readable.from(
        (async function* () {
          yield Buffer.from(head);
          for (let i = 0; i < 96; i++) {
            before = seen;
            yield piece;
          }
          yield Buffer.from(`\r\n--${boundary}--\r\n`);
        })(),
      ),
    );
    const response = await gateway.get('/v1/files', {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: body as never,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(200);
    expect(seen).toBeGreaterThan(96 * 2 ** 20);
    // Were it kept whole, none of it would have gone up before the last piece came.
    expect(before).toBeGreaterThan(32 * 2 ** 20);
    upstream.close();
  });
});

it('forms larger than 32 MiB, whose calls name a model, pass through as many at once as there are', async () => {
  const sizes: number[] = [];
  const upstream = createServer((message, response) => {
    let size = 0;
    message.on('data', ({ byteLength }: Buffer) => {
      size += byteLength;
    });
    message.on('end', () => {
      sizes.push(size);
      response.setHeader('content-type', 'application/json').end('{"text":"well"}');
    });
  });
  await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  await using gateway = await gatewayWith({
    ...{ endpoints: [{ name: 'a', apiKey: 'k', baseURL }], limits: { bodyBytesAtOnce: 1 } },
  });
  const sound = Buffer.alloc(33 * 2 ** 20, 1);
  const body = Buffer.concat([
    Buffer.from('--edge\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'),
    sound,
    Buffer.from('\r\n--edge--\r\n'),
  ]);
  const headers = { 'content-type': 'multipart/form-data; boundary=edge' };
  const send = () => gateway.get('/v1/audio/transcriptions', { method: 'POST', headers, body });
  const replies = await Promise.all([send(), send(), send(), send()]);
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(sizes).toEqual(Array(4).fill(body.byteLength));
  upstream.close();
});

describe('connections', () => {
  // Those that never say what they want: threats/19-slow-and-many.spec.ts.
  it('that send endless headers hear so', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const said = await talk(
      gateway.gateway.port,
      `GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    );
    expect(said.slice(9, 12)).toBe('431');
  });

  it('are not kept busy by a body that nobody wants', async () => {
    const clock = manualClock();
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a)], clientKeys: [{ name: 'app', key: 'k1' }] },
      { clock },
    );
    let said = '';
    const closed = new Promise<void>((resolve) => {
      const socket = connect(gateway.gateway.port, '127.0.0.1', () =>
        socket.write('POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n'),
      );
      socket.on('data', (chunk) => {
        said += chunk;
        void clock.advance(5_000);
      });
      socket.on('error', () => undefined).on('close', () => resolve());
    });
    await closed;
    expect(said.slice(9, 12)).toBe('401');
  });
});
