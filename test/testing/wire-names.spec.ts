// Every step that has a name does on the wire what the table says: seen byte by byte by a client that adds nothing.
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { STEP_NAMES } from '../../src/testing/step-names.ts';
import { bench, close, DONE, declared, status, unchunk } from './observe.ts';

const { send, idle } = bench();

/** What is seen of each step by name; those of streams are in `wire-streams.spec.ts`. */
const SEEN: Record<string, () => Promise<void>> = {
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
    await idle();
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
    await idle();
  },
  'only-continue': async () =>
    expect(await send('only-continue')).toMatchObject({ text: 'HTTP/1.1 100 Continue\r\n\r\n', end: 'open' }),
};

describe('a step by name', () => {
  for (const [name, see] of Object.entries(SEEN)) it(name, see);
  it('is described for each name there is', () =>
    expect(Object.keys(SEEN)).toEqual(Object.keys(STEP_NAMES).filter((name) => !name.startsWith('sse-'))));
});
