// Statuses, redirects, raw bytes and what every step may say besides, seen byte by byte.
import { describe, expect, it } from 'vitest';
import { bench, close, status } from './observe.ts';

const { send, idle, requests } = bench();

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
    await idle();
    expect(requests()[0]).toMatchObject({ step: 'reset', body: undefined, aborted: false });
  });
});

describe('delay', () => {
  it('holds a step back', async () => {
    const reply = await send({ step: 'ok', delay: 60 }, close);
    expect(reply.times[0]).toBeGreaterThanOrEqual(58);
  });
});
