// Threat T18: bodies that are too large, too deep or compressed are refused before they cost anything.
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { wrongShape } from '../../../src/gateway/http/json-shape.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { FULL } from '../../support/calls.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';
import { collectGarbage } from '../../support/parts.ts';
import { fc, runs } from '../../support/property.ts';

const MIB = 2 ** 20;

/** Sends this piece over and over as chunks until an answer comes or so many bytes went out. */
function flood(port: number, path: string, type: string, most: number): Promise<{ status: string; sent: number }> {
  const piece = Buffer.alloc(MIB, 0x20);
  const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  return new Promise((resolve) => {
    let [text, sent] = ['', 0];
    const socket = connect(port, '127.0.0.1');
    const done = () => resolve({ status: text.slice(9, 12), sent });
    const more = () => {
      while (sent < most && text === '' && !socket.destroyed) {
        sent += MIB;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('connect', () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      more();
    });
    socket.on('drain', more);
    socket.on('data', (data) => {
      text += data;
      socket.destroy();
    });
    socket.on('error', () => undefined).on('close', done);
  });
}

describe('T18: many bodies', () => {
  it.each([
    ['JSON', 'application/json', JSON.stringify({ model: 'gpt-5', messages: [], pad: 'x'.repeat(3_000) })],
    [
      'forms',
      'multipart/form-data; boundary=b',
      `--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n${'x'.repeat(3_000)}`,
    ],
  ])('of %s are held up to a bound together; who finds no room comes again', async (_, type, body) => {
    await using a = await faultServer({ name: 'a' });
    const limits = { bodyBytesAtOnce: 5_000 };
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], limits });
    const path = type.startsWith('multi') ? '/v1/audio/transcriptions' : '/v1/chat/completions';
    const send = (length: number) => {
      const socket = connect(gateway.gateway.port, '127.0.0.1');
      const answer = new Promise<string>((resolve) => {
        socket.once('data', (data) => resolve(String(data)));
        socket.once('close', () => resolve('closed')).on('error', () => undefined);
      });
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`,
      );
      return { socket, answer };
    };
    // The first one never ends.
    const first = send(100_000);
    await expect.poll(() => gateway.gateway.figures.running).toBe(1);
    // What it sent is read in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = await send(100_000).answer;
    expect(refused).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1\r\n.*too_many_bodies/s);
    first.socket.destroy();
    await expect.poll(() => gateway.gateway.figures.running).toBe(0);
    const later = await gateway.get('/v1/chat/completions', chat('gpt-5', { pad: 'x'.repeat(3_000) }));
    expect(later.status).toBe(200);
  });

  it('one alone is bounded by its own limit', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], limits: { bodyBytesAtOnce: 100 } });
    for (let call = 0; call < 3; call += 1)
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5', { pad: 'x'.repeat(200_000) }))).status).toBe(200);
  });
});

describe('T18: a body', () => {
  it('of a gigabyte in chunks ends at the bound, and is not kept', async () => {
    await using a = await faultServer({ name: 'a' });
    const limits = FULL ? {} : { bodyBytes: 8 * MIB, uploadBytes: 8 * MIB };
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], limits });
    const bound = FULL ? 64 * MIB : 8 * MIB;
    for (const [path, type] of [
      ['/v1/chat/completions', 'application/json'],
      ['/v1/chat/completions', 'text/plain'],
      ['/v1/chat/completions', 'application/octet-stream'],
      ['/v1/messages', 'application/json'],
    ] as const) {
      const { status, sent } = await flood(gateway.gateway.port, path, type, 1_024 * MIB);
      expect([path, type, status]).toEqual([path, type, '413']);
      // What the sockets hold, on both sides.
      expect(sent).toBeLessThan(bound + 64 * MIB);
    }
    expect(a.calls).toBe(0);
    await collectGarbage();
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
  });

  it.each([
    ['lists', '['],
    ['objects', '{"a":'],
    ['both', '[{"a":'],
    ['lists that begin behind text', '["\\"[]{}",['],
  ])('of a million nested %s is refused at once', async (_, piece) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const send = (body: string) =>
      gateway.get('/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const from = process.cpuUsage();
    const response = await send(`{"model":"gpt-5","messages":${piece.repeat(1_000_000)}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('nested deeper')]);
    // Parsed, it would take a second and a hundred megabytes.
    expect(process.cpuUsage(from).user / 1_000).toBeLessThan(400);
    expect((await send(`{"model":"gpt-5","messages":[],"x":${'['.repeat(99)}${']'.repeat(99)}}`)).status).toBe(200);
    expect((await send(`{"model":"gpt-5","messages":[],"x":${'['.repeat(100)}${']'.repeat(100)}}`)).status).toBe(400);
    expect(a.calls).toBe(1);
  });

  it.each([
    'gzip',
    'br',
    'deflate',
    'zstd',
    'x-gzip',
    'gzip, gzip',
    'identity, gzip',
    'GZIP',
    'compress',
    'aes128gcm',
    'nonsense',
  ])('in %s is not taken, so that none can be a bomb', async (encoding) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const [path, type] of [
      ['/v1/chat/completions', 'application/json'],
      ['/v1/files', 'multipart/form-data; boundary=x'],
      ['/v1/messages', 'application/json'],
    ] as const) {
      const headers = { 'content-type': type, 'content-encoding': encoding };
      const body = new Uint8Array([0x1f, 0x8b, 8, 0]);
      expect((await gateway.get(path, { method: 'POST', headers, body })).status).toBe(415);
    }
    expect(a.calls).toBe(0);
  });
});

describe('the shape of a text', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  it('is judged as its value would be, for any JSON', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(undefined, 1, '\t'),
        (value, levels, space) => {
          const text = JSON.stringify(value, null, space);
          expect(wrongShape(Buffer.from(text), levels)).toBe(depthOf(JSON.parse(text)) > levels ? 'deep' : undefined);
        },
      ),
      runs(500),
    );
  });

  it('says nothing of what is no JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(wrongShape(Buffer.from(text), 300)).toBeUndefined();
      }),
      runs(200),
    );
    for (const text of ['', '"', '"\\', '{"', '{"model', '\\"', ']]]]', '{"model":"a","mod\\uzzzz":1'])
      expect(wrongShape(Buffer.from(text), 5)).toBeUndefined();
  });
});
