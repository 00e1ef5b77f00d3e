// The fast fetch against the standard one: whatever a user of `fetch` can see is the same, and what it does not carry the
// standard one does.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { inspect } from 'node:util';
import * as threads from 'node:worker_threads';
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClosedError, ConfigurationError } from '../../src/errors.ts';
import { type FastFetch, fastFetch } from '../../src/transport/index.ts';

type Route = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void;

const text = 'Grüße, 世界 🌍';
const large = Array.from({ length: 200_000 }, (_, index) => index % 97).join();
let misdirected = 0;
const packed = (times: number): Buffer => (times === 0 ? Buffer.from(text) : gzipSync(packed(times - 1)));
const ROUTES: Record<string, Route> = {
  '/text': (response) => response.end(text),
  '/json': (response) => response.setHeader('content-type', 'application/json').end('{"a":[1,2,"ü"]}'),
  '/not-json': (response) => response.end('<html>'),
  '/bom': (response) => response.end('\ufeff{"a":1}'),
  '/empty': (response) => response.end(),
  '/204': (response) => response.writeHead(204).end(),
  '/304': (response) => response.writeHead(304).end(),
  '/500': (response) => response.writeHead(500, 'Broken').end('oops'),
  '/gzip': (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(text)),
  '/deflate': (response) => response.setHeader('content-encoding', 'deflate').end(deflateSync(text)),
  '/deflate-and-more': (response) => {
    response.setHeader('content-encoding', 'deflate').write(deflateSync(text));
    setTimeout(() => response.end(Buffer.alloc(300_000, 'x')), 5);
  },
  '/raw-deflate': (response) => response.setHeader('content-encoding', 'deflate').end(deflateRawSync(text)),
  '/status-999': (response) => response.writeHead(999, 'Denied').end('no'),
  '/odd-words': (response) => response.writeHead(200, Buffer.from('Всё').toString('latin1')).end(text),
  '/br': (response) => response.setHeader('content-encoding', 'br').end(brotliCompressSync(text)),
  '/zstd': (response) => {
    // Node has it since 22.15; elsewhere nobody undoes it.
    if ('zstdCompressSync' in zlib) response.setHeader('content-encoding', 'zstd').end(zlib.zstdCompressSync(text));
    else response.end(text);
  },
  '/two': (response) => response.setHeader('content-encoding', 'deflate, gzip').end(gzipSync(deflateSync(text))),
  '/in-part-strange': (response) => response.setHeader('content-encoding', 'rot13, gzip').end(gzipSync(text)),
  '/five': (response) => response.setHeader('content-encoding', 'GZIP, gzip,gzip , gzip,gzip').end(packed(5)),
  '/six': (response) => response.setHeader('content-encoding', Array(6).fill('gzip').join()).end(packed(6)),
  '/large-packed': (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(large)),
  // Meant for another connection; the second time it is the answer.
  '/421': (response) => response.writeHead(421).end(`asked ${++misdirected % 2 === 1 ? 'once' : 'twice'}`),
  '/407': (response) => response.writeHead(407).end('who are you'),
  '/strange': (response) => response.setHeader('content-encoding', 'rot13').end(text),
  '/bad-gzip': (response) => response.setHeader('content-encoding', 'gzip').end('no gzip at all'),
  '/odd-headers': (response) => response.setHeader('x-name', Buffer.from('файл').toString('latin1')).end(),
  '/cookies': (response) => response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-two', ['1', '2']).end(),
  '/chunks': (response) => {
    for (const letter of 'abc') response.write(letter.repeat(1_000));
    response.end();
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('abc');
    setImmediate(() => response.destroy());
  },
  '/cut-chunks': (response) => {
    response.write('abc');
    setImmediate(() => response.destroy());
  },
  '/reset': (response) => response.destroy(),
  '/redirect': (response) => response.writeHead(307, { location: '/echo' }).end(),
  '/see-other': (response) => response.writeHead(303, { location: '/echo' }).end(),
  '/echo': (response, request, body) => {
    const { method, url, headers } = request;
    const seen = Object.entries(headers).sort();
    response.end(JSON.stringify({ method, url, headers: Object.fromEntries(seen), body: body.toString('hex') }));
  },
};

const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  // Two replies are compared.
  response.sendDate = false;
  const route = ROUTES[(request.url ?? '').split('?')[0] as string] ?? (ROUTES['/echo'] as Route);
  route(response, request, Buffer.concat(parts));
});
let base: string;
let fast: FastFetch;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fast = fastFetch();
});
afterAll(async () => {
  await fast.close();
  server.closeAllConnections();
  server.close();
});

/** What an error says, in whatever realm it was made. */
const told = (error: unknown) => {
  const { name, message, cause } = error as Error;
  return { name, message, caused: cause !== undefined };
};

const READERS: Record<string, (response: Response) => Promise<unknown>> = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString('hex'),
  blob: async (response) => {
    const blob = await response.blob();
    return [blob.type, await blob.text()];
  },
  'body, iterated': async (response) => {
    const parts: Uint8Array[] = [];
    for await (const part of response.body ?? []) parts.push(part as Uint8Array);
    return Buffer.concat(parts).toString('hex');
  },
  'body, read': async (response) => {
    const reader = response.body?.getReader();
    const parts: Uint8Array[] = [];
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) parts.push(part.value);
    return Buffer.concat(parts).toString('hex');
  },
  'body, in a new Response': (response) => new Response(response.body).text(),
  clone: async (response) => {
    const copy = response.clone();
    return [copy.status, copy.statusText, copy.url, [...copy.headers], await copy.text(), await response.text()];
  },
  tee: async (response) => Promise.all((response.body?.tee() ?? []).map((half) => new Response(half).text())),
};

async function seen(fetch: typeof globalThis.fetch, path: string, init: RequestInit | undefined, read: string) {
  try {
    const response = await fetch(`${base}${path}`, init);
    const { status, statusText, ok, url, headers, redirected } = response;
    const rows = [...headers];
    const facts = {
      status,
      statusText,
      ok,
      url,
      rows,
      redirected,
      cookies: headers.getSetCookie(),
      type: headers.get('Content-Type'),
    };
    const before = response.bodyUsed;
    const value = await (READERS[read] as (response: Response) => Promise<unknown>)(response).catch(told);
    return {
      ...facts,
      before,
      value,
      after: response.bodyUsed,
      again: await response.text().catch((error) => told(error).name),
    };
  } catch (error) {
    return told(error);
  }
}

describe('a reply looks the same as that of the standard fetch', () => {
  for (const path of Object.keys(ROUTES)) {
    for (const read of Object.keys(READERS)) {
      it(`${path}, ${read}`, async () => {
        expect(await seen(fast, path, undefined, read)).toEqual(await seen(globalThis.fetch, path, undefined, read));
      });
    }
  }
});

const stream = () => new Blob(['streamed']).stream();
const form = () => {
  const data = new FormData();
  data.set('a', 'b');
  return data;
};
const BODIES: Record<string, () => NonNullable<RequestInit['body']>> = {
  string: () => text,
  bytes: () => new TextEncoder().encode(text),
  'an ArrayBuffer': () => new TextEncoder().encode(text).buffer,
  'a view of a part': () => new DataView(new TextEncoder().encode(text).buffer, 2, 4),
  parameters: () => new URLSearchParams({ a: 'ü', b: '2' }),
  'a blob': () => new Blob([text], { type: 'text/x' }),
  'a stream': stream,
  'nothing but empty text': () => '',
};

describe('the server sees the same as from the standard fetch', () => {
  const both = async (path: string, init: () => RequestInit & { duplex?: 'half' }) => {
    const [ours, theirs] = [
      await (await fast(`${base}${path}`, init())).json(),
      await (await fetch(`${base}${path}`, init())).json(),
    ];
    expect(ours).toEqual(theirs);
    return ours as { body: string };
  };

  for (const [what, body] of Object.entries(BODIES)) {
    it(`${what} as body`, () => both('/echo', () => ({ method: 'POST', body: body(), duplex: 'half' })));
    it(`${what} as body, after a redirect`, async () => {
      if (what === 'a stream') return;
      await both('/redirect', () => ({ method: 'POST', body: body() }));
      await both('/see-other', () => ({ method: 'POST', body: body() }));
    });
  }

  it('a form', async () => {
    const reply = await fast(`${base}/echo`, { method: 'POST', body: form() });
    expect(Buffer.from(((await reply.json()) as { body: string }).body, 'hex').toString()).toContain('name="a"');
  });

  it('what is no wish of a `fetch`: both refuse it, or take it, alike', async () => {
    const wishes: Record<string, unknown>[] = [
      { credentials: 'no such' },
      { credentials: 'include' },
      { mode: 'no such' },
      { redirect: 'no such' },
      { cache: 'no-store' },
      { signal: {} },
      { keepalive: true },
      { method: 'no such' },
      { method: 'patch' },
      { method: 'GET', body: 'x' },
      { headers: { 'no such': 'x' } },
      { headers: { 'x-two-lines': 'a\nb' } },
    ];
    for (const wish of wishes) {
      const [ours, theirs] = await Promise.all([fast, fetch].map((one) => seen(one, '/echo', wish as never, 'json')));
      if ('name' in (theirs as object)) expect(ours).toMatchObject({ name: (theirs as Error).name });
      else expect(ours).toEqual(theirs);
    }
  });

  it('headers in every form, and methods', async () => {
    const headers = { 'X-Key': ' padded ', accept: 'text/x', 'Content-Type': 'application/json' };
    await both('/echo', () => ({ method: 'post', body: '{}', headers }));
    await both('/echo', () => ({ method: 'PUT', body: '{}', headers: new Headers(headers) }));
    await both('/echo', () => ({ method: 'DELETE', headers: Object.entries(headers) }));
    await both('/echo?a=b%20c&d=ü#part', () => ({}));
    await both('/a/../echo/./x', () => ({}));
  });

  it('a `Request`, a `URL`, and a call with a dispatcher of its own go the standard way', async () => {
    const request = () => new Request(`${base}/echo`, { method: 'POST', body: text });
    expect(((await (await fast(request())).json()) as { body: string }).body).toBe(Buffer.from(text).toString('hex'));
    expect((await fast(new URL(`${base}/text`))).ok).toBe(true);
    let asked = 0;
    const own = fastFetch({
      fetch: async () => {
        asked += 1;
        return new Response('standard');
      },
    });
    const dispatcher = {} as never;
    expect(await (await own(`${base}/text`, { dispatcher } as RequestInit)).text()).toBe('standard');
    expect(await (await own(request())).text()).toBe('standard');
    expect(asked).toBe(2);
    await own.close();
  });
});

describe('replies out of the ordinary', () => {
  it('a packed body that breaks while nobody reads it ends no process, and is told to a later reader', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    // The test runner listens, too; only this one may hear of it.
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', note);
    try {
      const response = await fast(`${base}/bad-gzip`);
      await new Promise((done) => setTimeout(done, 100));
      await expect(response.text()).rejects.toThrow('terminated');
      expect(uncaught).toEqual([]);
    } finally {
      process.off('uncaughtException', note);
      for (const other of others) process.on('uncaughtException', other);
    }
  });

  it('the body of a reply that is being read, or was, can be looked at, and stays whole', async () => {
    for (const one of [fast, globalThis.fetch]) {
      const response = await one(`${base}/chunks`);
      const reading = response.text();
      expect(response.body).toBeInstanceOf(ReadableStream);
      expect((await reading).length).toBe(3_000);
      expect(response.body).toBeInstanceOf(ReadableStream);
      expect(response.bodyUsed).toBe(true);
      await expect(response.text()).rejects.toThrow(TypeError);
    }
  });

  it.each([204, 304])('a %i that announces a body comes at once', { timeout: 3_000 }, async (status) => {
    const raw = createRawServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', () => socket.write(`HTTP/1.1 ${status} x\r\ncontent-length: 2\r\n\r\n`)),
    ).listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const response = await fast(`http://127.0.0.1:${(raw.address() as AddressInfo).port}/`);
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    raw.close();
  });

  it('headers beyond ASCII, byte by byte', async () => {
    const [ours, theirs] = await Promise.all([fast, fetch].map((one) => one(`${base}/odd-headers`)));
    expect(ours?.headers.get('x-name')).toBe(theirs?.headers.get('x-name'));
    expect(new Headers(ours?.headers).get('x-name')).toBe(theirs?.headers.get('x-name'));
  });
});

describe('what ends a call', () => {
  it.each(['manual', 'error'] as const)('redirect: %s', async (redirect) => {
    expect(await seen(fast, '/redirect', { redirect }, 'text')).toEqual(
      await seen(fetch, '/redirect', { redirect }, 'text'),
    );
  });

  it('an abort before, while the answer is awaited, and in its body', async () => {
    const hanging = createServer((request, response) => {
      if (request.url === '/body') response.write('first');
    });
    hanging.listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const at = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    for (const reason of [undefined, new Error('enough')]) {
      const results: unknown[][] = [];
      for (const one of [fast, globalThis.fetch]) {
        const before = await one(`${at}/head`, { signal: AbortSignal.abort(reason) }).catch(told);
        const controller = new AbortController();
        const waiting = one(`${at}/head`, { signal: controller.signal }).catch(told);
        await once(hanging, 'request');
        controller.abort(reason);
        const late = new AbortController();
        const response = await one(`${at}/body`, { signal: late.signal });
        const reading = response.text().catch(told);
        const other = new AbortController();
        const second = await one(`${at}/body`, { signal: other.signal });
        const parts: unknown[] = [];
        late.abort(reason);
        try {
          for await (const part of second.body as ReadableStream<Uint8Array>) {
            parts.push(Buffer.from(part).toString());
            other.abort(reason);
          }
        } catch (error) {
          parts.push(told(error));
        }
        results.push([before, await waiting, await reading, parts]);
      }
      expect(results[0]).toEqual(results[1]);
    }
    hanging.closeAllConnections();
    hanging.close();
  });

  it('a reader who leaves closes the connection', async () => {
    let closed = false;
    const endless = createServer((_request, response) => {
      response.write('x');
      response.on('close', () => {
        closed = true;
      });
    });
    endless.listen(0, '127.0.0.1');
    await once(endless, 'listening');
    const at = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    for (const leave of ['break', 'cancel', 'cancel a reader'] as const) {
      closed = false;
      const { body } = await fast(at);
      if (leave === 'break') for await (const _part of body as ReadableStream<Uint8Array>) break;
      if (leave === 'cancel') await body?.cancel();
      if (leave === 'cancel a reader') await body?.getReader().cancel();
      await expect.poll(() => closed).toBe(true);
    }
    endless.close();
  });

  it('a connection that is refused is named as by the standard fetch', async () => {
    const closedPort = createServer();
    closedPort.listen(0, '127.0.0.1');
    await once(closedPort, 'listening');
    const { port } = closedPort.address() as AddressInfo;
    closedPort.close();
    const error: Error = await fast(`http://127.0.0.1:${port}/`).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error.cause as { code?: unknown }).code).toBe('ECONNREFUSED');
  });

  it('close() lets what is under way end, and refuses everything afterwards by name', async () => {
    const asked: string[] = [];
    const gate = createServer((request, response) => {
      asked.push(request.url as string);
      if (request.url === '/slow') setTimeout(() => response.end('late'), 200);
      else response.write('first', () => setTimeout(() => response.end(', last'), 200));
    });
    gate.listen(0, '127.0.0.1');
    await once(gate, 'listening');
    const at = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
    const own = fastFetch();
    const streaming = await own(`${at}/streaming`);
    const slow = own(`${at}/slow`);
    await expect.poll(() => asked).toContain('/slow');
    const closing = own.close();
    for (const body of ['x', form()]) {
      const error: Error = await own(at, { method: 'POST', body }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.cause).toBeInstanceOf(ClosedError);
      expect((error.cause as Error).message).toContain('fastFetch() was closed');
    }
    expect(await (await slow).text()).toBe('late');
    expect(await streaming.text()).toBe('first, last');
    await closing;
    expect(own.close()).toBe(closing);
    expect(asked).toEqual(['/streaming', '/slow']);
    gate.close();
    await once(gate, 'close');
  });
});

describe('how it looks', () => {
  it('prints as any other fetch, and its replies are not copied as plain things are', async () => {
    expect(inspect({ fetch: fast }, { depth: 0 })).toBe('{ fetch: [Function: fetch] }');
    const response = await fast(`${base}/text`);
    expect(inspect(response)).toContain('status: 200');
    if (!('markAsUncloneable' in threads)) return;
    for (const thing of [response, response.headers]) expect(() => structuredClone(thing)).toThrow(/clone/);
  });

  it('wrong options are named, all at once', () => {
    const wrong = { conections: 1, connectTimeout: -1, bodyTimeout: 'long', fetch: 7, zebra: true };
    expect(() => fastFetch(wrong as never)).toThrow(ConfigurationError);
    expect(() => fastFetch(wrong as never)).toThrow(
      /conections: unknown option; did you mean connections\?.*connectTimeout.*bodyTimeout.*fetch.*zebra: unknown option; known are connections/,
    );
  });
});
