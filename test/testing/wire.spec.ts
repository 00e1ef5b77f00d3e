// Every step, by name and by shape, does on the wire what its description says: seen byte by byte by a client that adds nothing.
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer, type Step } from '../../src/testing/index.ts';
import { STEP_NAMES } from '../../src/testing/step-names.ts';
import { type RawReply, type RawRequest, rawRequest } from '../support/raw-client.ts';

const PLAIN = { model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] };
const STREAM = { ...PLAIN, stream: true };
const FIRST = /"content":"a-0 "/;
const DONE = 'data: [DONE]\n\n';

let server: FaultServer;
beforeAll(async () => {
  server = await faultServer({ name: 'a' });
});
beforeEach(() => server.reset());
afterAll(() => server.close());

const send = (step: Step, request: RawRequest = {}) => {
  server.script(step);
  return rawRequest(server.port, { body: PLAIN, ...request });
};
const stream = (step: Step, request: RawRequest = {}) => send(step, { body: STREAM, ...request });
const close = { headers: { connection: 'close' } };
const status = ({ head }: RawReply) => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
const declared = ({ head }: RawReply) => Number(/content-length: (\d+)/i.exec(head)?.[1]);
const unchunk = ({ body }: RawReply) => {
  let out = '';
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, line), 16);
    if (!size) return { text: out, complete: size === 0 };
    out += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
  return { text: out, complete: false };
};
const contentEvents = (reply: RawReply) => unchunk(reply).text.match(/"content":"a-\d+ "/g)?.length ?? 0;

/** What is seen of each step by name. */
const SEEN: Record<keyof typeof STEP_NAMES, () => Promise<void>> = {
  ok: async () => {
    const reply = await send('ok', close);
    expect(status(reply)).toBe(200);
    expect(reply.end).toBe('fin');
    expect(reply.body).toHaveLength(declared(reply));
    expect(JSON.parse(reply.body)).toMatchObject({ system_fingerprint: 'a', choices: [{ finish_reason: 'stop' }] });
  },
  reset: async () => expect(await send('reset')).toMatchObject({ text: '', end: 'reset' }),
  close: async () => expect(await send('close')).toMatchObject({ text: '', end: 'fin' }),
  'black-hole': async () => expect(await send('black-hole')).toMatchObject({ text: '', end: 'open' }),
  'stall-body': async () => {
    const reply = await send('stall-body');
    expect(reply).toMatchObject({ body: '{"id"', end: 'open' });
    expect(declared(reply)).toBeGreaterThan(100);
  },
  drip: async () => {
    const reply = await send({ step: 'drip', bytes: 20, every: 5 }, close);
    expect(JSON.parse(reply.body)).toMatchObject({ system_fingerprint: 'a' });
    expect(reply.times.length).toBeGreaterThan(5);
  },
  'cut-body': async () => {
    const reply = await send('cut-body');
    expect(reply).toMatchObject({ body: '{"id', end: 'reset' });
    expect(declared(reply)).toBeGreaterThan(100);
    expect(await send({ step: 'cut-body', cut: 'close', after: 9 })).toMatchObject({ body: '{"id":"ch', end: 'fin' });
  },
  'truncated-json': async () => {
    const reply = await send('truncated-json', close);
    expect(reply.body).toHaveLength(declared(reply));
    expect(() => JSON.parse(reply.body)).toThrow();
    expect(reply.end).toBe('fin');
  },
  html: async () => {
    const reply = await send('html', close);
    expect(status(reply)).toBe(200);
    expect(reply.head).toContain('content-type: text/html');
    expect(reply.body).toContain('<!doctype html>');
  },
  'error-200': async () => {
    const reply = await send('error-200', close);
    expect(status(reply)).toBe(200);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { type: 'server_error' } });
  },
  empty: async () => {
    const reply = await send('empty', close);
    expect([status(reply), declared(reply), reply.body]).toEqual([200, 0, '']);
  },
  'no-content': async () => expect(status(await send('no-content', close))).toBe(204),
  'wrong-content-type': async () => {
    const reply = await send('wrong-content-type', close);
    expect(reply.head).toContain('content-type: text/plain');
    expect(JSON.parse(reply.body)).toMatchObject({ object: 'chat.completion' });
  },
  'wrong-shape': async () => expect((await send('wrong-shape', close)).body).toBe('{}'),
  'error-body-stall': async () => {
    const reply = await send('error-body-stall');
    expect([status(reply), reply.end]).toEqual([500, 'open']);
    expect(reply.body.length).toBeGreaterThan(0);
    expect(reply.body.length).toBeLessThan(declared(reply));
  },
  bomb: async () => {
    const unpack = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync };
    for (const encoding of ['gzip', 'br', 'deflate'] as const) {
      const reply = await send({ step: 'bomb', bytes: 5_000_000, encoding }, { ...close, quietMs: 2_000 });
      const packed = Buffer.from(unchunk(reply).text, 'latin1');
      const body = JSON.parse(unpack[encoding](packed).toString());
      expect(reply.head).toContain(`content-encoding: ${encoding}`);
      expect(body.choices[0].message.content).toHaveLength(5_000_000);
      expect(packed.length).toBeLessThan(50_000);
    }
  },
  'huge-body': async () => {
    const reply = await send({ step: 'huge-body', bytes: 3_000_000 }, { ...close, quietMs: 2_000 });
    expect(JSON.parse(unchunk(reply).text).choices[0].message.content).toHaveLength(3_000_000);
    expect((await send('huge-body', { limit: 5_000_000 })).end).toBe('open');
    await server.until(() => server.inFlight === 0);
  },
  'huge-line': async () => {
    const reply = await send({ step: 'huge-line', bytes: 3_000_000 }, { ...close, quietMs: 2_000 });
    const { text } = unchunk(reply);
    expect(text.indexOf('\n')).toBeGreaterThan(3_000_000);
    expect(text.endsWith(DONE)).toBe(true);
  },
  'header-flood': async () => {
    const reply = await send({ step: 'header-flood', bytes: 100_000 }, { quietMs: 2_000 });
    expect(reply.head.length).toBeGreaterThan(100_000);
    expect(reply).toMatchObject({ body: '{}', end: 'fin' });
  },
  garbage: async () => {
    const reply = await send('garbage');
    expect(reply.text.startsWith('HTTP')).toBe(false);
    expect(reply.bytes.length).toBeGreaterThan(10);
    expect(reply.end).toBe('fin');
  },
  'half-headers': async () =>
    expect(await send('half-headers')).toMatchObject({ text: 'HTTP/1.1 200 OK\r\ncontent-ty', end: 'fin' }),
  'conflicting-length': async () => {
    const lengths = (await send('conflicting-length')).head.match(/content-length: \d+/g) ?? [];
    expect(new Set(lengths).size).toBe(2);
  },
  'duplicate-headers': async () => {
    const types = (await send('duplicate-headers')).head.match(/content-type: \S+/g);
    expect(types).toEqual(['content-type: application/json', 'content-type: text/html']);
  },
  'bare-lf': async () => {
    const reply = await send('bare-lf');
    expect(reply.text).toMatch(/^HTTP\/1\.1 200 OK\ncontent-type/);
    expect(reply.text).not.toContain('\r');
  },
  'early-hints': async () => {
    const reply = await send('early-hints', close);
    expect(reply.text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\n.*\r\n\r\nHTTP\/1\.1 200 OK\r\n/s);
  },
  'only-hints': async () => {
    const reply = await send({ step: 'only-hints', every: 5 }, { limit: 500 });
    expect(reply.text.match(/HTTP\/1\.1 \d+/g)?.every((line) => line === 'HTTP/1.1 103')).toBe(true);
    await server.until(() => server.inFlight === 0);
  },
  'only-continue': async () =>
    expect(await send('only-continue')).toMatchObject({ text: 'HTTP/1.1 100 Continue\r\n\r\n', end: 'open' }),
  'sse-error': async () => {
    const reply = await stream('sse-error', close);
    expect(unchunk(reply)).toMatchObject({ complete: true, text: expect.stringMatching(/^data: {"error":/) });
  },
  'sse-stall': async () => {
    const reply = await stream('sse-stall');
    expect(reply.head).toContain('text/event-stream');
    expect([status(reply), reply.body, reply.end]).toEqual([200, '', 'open']);
  },
  'sse-comments': async () => {
    const reply = await stream({ step: 'sse-comments', every: 5 }, { limit: 500 });
    expect(unchunk(reply).text.replaceAll(': keep-alive\n\n', '')).toBe('');
    await server.until(() => server.inFlight === 0);
  },
  'sse-cut': async () => {
    const reply = await stream('sse-cut');
    expect([contentEvents(reply), reply.end, unchunk(reply).complete]).toEqual([3, 'reset', false]);
  },
  'sse-half-frame': async () => {
    const reply = await stream('sse-half-frame', close);
    const { text, complete } = unchunk(reply);
    expect([contentEvents(reply), reply.end, complete]).toEqual([3, 'fin', true]);
    expect(text.endsWith('\n\n')).toBe(false);
  },
  'sse-garbage': async () => {
    const reply = await stream('sse-garbage', close);
    const last = unchunk(reply).text.split('\n\n').at(-2) ?? '';
    expect(contentEvents(reply)).toBe(3);
    expect(() => JSON.parse(last.slice(6))).toThrow();
  },
  'sse-no-end': async () => {
    const reply = await stream('sse-no-end', close);
    const { text, complete } = unchunk(reply);
    expect([contentEvents(reply), complete, reply.end]).toEqual([10, true, 'fin']);
    expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
  },
  'sse-open': async () => {
    const reply = await stream('sse-open');
    expect([unchunk(reply).text.endsWith(DONE), reply.end]).toEqual([true, 'open']);
  },
};

describe('a step by name', () => {
  for (const [name, see] of Object.entries(SEEN)) it(name, see);
  it('is described for each name there is', () => expect(Object.keys(SEEN)).toEqual(Object.keys(STEP_NAMES)));
});

describe('a status', () => {
  it('comes with the error body and hints that were asked for', async () => {
    const headers = { 'X-RateLimit-Remaining-Requests': '0', 'set-cookie': ['a=1', 'b=2'] };
    const reply = await send({ status: 429, retryAfter: 2, retryAfterMs: -1, shouldRetry: false, headers }, close);
    expect(status(reply)).toBe(429);
    expect(reply.head).toMatch(/retry-after: 2\r\n.*retry-after-ms: -1\r\n.*x-should-retry: false/s);
    expect(reply.head).toMatch(/x-ratelimit-remaining-requests: 0.*set-cookie: a=1\r\nset-cookie: b=2/s);
    expect(JSON.parse(reply.body).error).toMatchObject({ type: 'requests', code: 'rate_limit_exceeded' });
  });
  it('takes code, type, message or a whole body', async () => {
    const quota = await send({ status: 429, code: 'insufficient_quota', message: 'No money.' }, close);
    expect(JSON.parse(quota.body).error).toEqual({
      message: 'No money.',
      type: 'insufficient_quota',
      param: null,
      code: 'insufficient_quota',
    });
    expect((await send({ status: 502, body: '<html>' }, close)).body).toBe('<html>');
    expect((await send({ status: 200, body: { own: 1 } }, close)).body).toBe('{"own":1}');
  });
  it('2xx without a body is a healthy answer', async () => {
    const reply = await send(201, close);
    expect([status(reply), JSON.parse(reply.body).object]).toEqual([201, 'chat.completion']);
  });
  it('300 and more are as they stand', async () => {
    for (const code of [304, 401, 404, 408, 409, 422, 500, 501, 503, 529])
      expect(status(await send(code, close))).toBe(code);
  });
});

describe('a redirect', () => {
  it('points where it was told', async () => {
    const reply = await send({ redirect: 'http://127.0.0.1:9/else', status: 308 }, close);
    expect([status(reply), reply.body]).toEqual([308, '']);
    expect(reply.head).toContain('location: http://127.0.0.1:9/else');
  });
});

describe('raw bytes', () => {
  it('are written as they stand, with pauses', async () => {
    const reply = await send({ raw: ['HTT', { wait: 20 }, Buffer.from('P/1.1')], end: 'reset' });
    expect(reply).toMatchObject({ text: 'HTTP/1.1', end: 'reset' });
    expect(reply.times).toHaveLength(2);
    expect(await send({ raw: 'x', end: 'open' })).toMatchObject({ text: 'x', end: 'open' });
  });
});

describe('before the body', () => {
  it('a connection is cut as soon as the headers are in', async () => {
    const bytes = 'POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{"never';
    expect(await send({ step: 'reset', before: 'body' }, { bytes })).toMatchObject({ text: '', end: 'reset' });
    await server.until((s) => s.inFlight === 0);
    expect(server.requests[0]).toMatchObject({ step: 'reset', body: undefined, aborted: false });
  });
});

describe('a stream', () => {
  it('has as many content events as asked for, each naming the server', async () => {
    const { text } = unchunk(await stream({ stream: 4 }, close));
    expect(text.match(/"content":"[^"]+"/g)).toEqual([0, 1, 2, 3].map((i) => `"content":"a-${i} "`));
    expect(text).toMatch(/"role":"assistant".*"finish_reason":"stop".*\[DONE\]\n\n$/s);
  });
  it('says the text it was given, in that many events', async () => {
    const { text } = unchunk(await stream({ stream: 3, text: 'Bonjour', finishReason: 'length' }, close));
    expect([...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1])).toEqual(['Bo', 'nj', 'our']);
    expect(text).toContain('"finish_reason":"length"');
  });
  it('carries own events as they are', async () => {
    const { text } = unchunk(await stream({ stream: [{ n: 1 }, ': ping\n\n'], keepOpen: false }, close));
    expect(text).toBe(`data: {"n":1}\n\n: ping\n\n${DONE}`);
  });
  it('can be cut anywhere and in four ways', async () => {
    const early = await stream({ stream: 5, cutAfter: 'headers', cut: 'close' });
    expect([early.end, early.body]).toEqual(['fin', '']);
    const preamble = await stream({ stream: 5, cutAfter: 0, cut: 'end' }, close);
    expect(unchunk(preamble)).toMatchObject({ complete: true, text: expect.not.stringMatching(FIRST) });
    expect(unchunk(preamble).text).toContain('"role":"assistant"');
    const all = await stream({ stream: 5, cutAfter: 5, cut: 'reset' });
    expect([contentEvents(all), all.end]).toEqual([5, 'reset']);
    expect(unchunk(all).text).not.toContain('"finish_reason":"stop"');
  });
  it('can be cut at any byte', async () => {
    const whole = unchunk(await stream({ stream: 2 }, close)).text.length;
    for (const cutAtByte of [0, 1, 7, whole - 1]) {
      const reply = await stream({ stream: 2, cutAtByte, cut: 'end' }, close);
      expect(unchunk(reply)).toMatchObject({ complete: true });
      expect(unchunk(reply).text).toHaveLength(cutAtByte);
    }
    expect((await stream({ stream: 2, cutAtByte: 9 })).end).toBe('reset');
  });
  it('stalls, errs and babbles after so many events', async () => {
    const stalled = await stream({ stream: 5, stallAfter: 2 });
    expect([contentEvents(stalled), stalled.end]).toEqual([2, 'open']);
    const error = { message: 'no', code: 'server_is_overloaded' };
    const erring = unchunk(await stream({ stream: 5, errorAfter: 2, error, errorAs: 'event' }, close));
    expect(erring.text).toContain(
      '\n\nevent: error\ndata: {"error":{"message":"no","code":"server_is_overloaded"}}\n\n',
    );
    const talk = await stream({ stream: 5, commentsAfter: 1, every: 5 }, { limit: 1_500 });
    expect(contentEvents(talk)).toBe(1);
    expect(unchunk(talk).text).toContain(': keep-alive\n\n');
    await server.until(() => server.inFlight === 0);
  });
  it('waits between events and splits them into chunks', async () => {
    const reply = await stream({ stream: 5, gap: 20 }, close);
    expect(reply.times.at(-1)).toBeGreaterThanOrEqual(95);
    const chunked = await stream({ stream: 2, chunkBytes: 7 }, close);
    expect(chunked.body.match(/^7\r$/gm)?.length).toBeGreaterThan(20);
    expect(contentEvents(chunked)).toBe(2);
  });
  it('of a call that asked for none is its JSON in as many pieces, with the same faults', async () => {
    const whole = unchunk(await send({ stream: 4 }, close));
    expect(JSON.parse(whole.text)).toMatchObject({ object: 'chat.completion' });
    const half = await send({ stream: 4, cutAfter: 2 });
    expect(unchunk(half).text.length).toBeGreaterThan(50);
    expect(() => JSON.parse(unchunk(half).text)).toThrow();
    expect(half.end).toBe('reset');
  });
  it('cut by RST delivers every event before the cut, every time', async () => {
    for (let i = 0; i < 100; i++) expect(contentEvents(await stream({ stream: 20, cutAfter: 7 }))).toBe(7);
  });
});

describe('delay', () => {
  it('holds a step back', async () => {
    const reply = await send({ step: 'ok', delay: 60 }, close);
    expect(reply.times[0]).toBeGreaterThanOrEqual(58);
  });
});
