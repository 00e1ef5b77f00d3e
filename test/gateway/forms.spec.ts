// Forms through the gateway: they go up as they came, whichever endpoint they go to, and are held once.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { endpointOf, gatewayWith } from '../support/gateway.ts';
import { startChild } from '../support/live-child.ts';

const EDGE = '--------------------------0123456789abcdef';
const TYPE = `multipart/form-data; boundary=${EDGE}`;
const PATH = '/v1/audio/transcriptions';

/** A form as a client of its own kind writes it. */
function formOf(model: string, sound: Buffer): Buffer {
  const head = [
    `--${EDGE}\r\nContent-Disposition: form-data; name="file"; filename="ä b.mp3"\r\n`,
    'Content-Type: audio/mpeg\r\nX-Own: kept\r\n\r\n',
  ];
  const rest = [
    `\r\n--${EDGE}\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}`,
    `\r\n--${EDGE}\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nword\r\n--${EDGE}--`,
  ];
  return Buffer.concat([Buffer.from(head.join('')), sound, Buffer.from(rest.join(''))]);
}

/** What came to a server. */
interface Came {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server that keeps what comes; it answers `status`, once `ready` is there. */
async function keeper(status: number, keeps = true, ready = () => Promise.resolve()) {
  const came: Came[] = [];
  const server = createServer((message, response) => {
    void ready().then(() => {
      const pieces: Buffer[] = [];
      message.on('data', (piece: Buffer) => {
        if (keeps) pieces.push(piece);
      });
      message.on('end', () => {
        came.push({ headers: message.headers, body: Buffer.concat(pieces) });
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 200 ? '{"text":"well"}' : '{"error":{"message":"down"}}');
      });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { came, baseURL, [Symbol.asyncDispose]: close };
}

describe('a form', () => {
  it.each([
    ['small', 503, 1_000],
    ['large', 503, 3_000_000],
    // Of a stream some versions of Node say that the connection failed.
    ['large', 401, 100_000],
  ])('that is %s goes up as it came after a %i, with each endpoint’s name of the model', async (_, status, length) => {
    await using down = await keeper(status);
    await using up = await keeper(200);
    const sound = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * at) >> 3));
    await using gateway = await gatewayWith({
      endpoints: [
        { name: 'down', apiKey: 'k', baseURL: down.baseURL },
        { name: 'up', apiKey: 'k', baseURL: up.baseURL },
      ],
      groups: {
        voice: {
          strategy: 'priority',
          endpoints: [
            { endpoint: 'down', model: 'whisper-down' },
            { endpoint: 'up', model: 'whisper-of-another-name' },
          ],
        },
      },
    });
    const headers = { 'content-type': TYPE };
    const body = new Uint8Array(formOf('voice', sound));
    const response = await gateway.get(PATH, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toEqual([200, { text: 'well' }]);
    for (const [{ came }, model] of [
      [down, 'whisper-down'],
      [up, 'whisper-of-another-name'],
    ] as const) {
      const sent = formOf(model, sound);
      expect(came.length).toBeGreaterThan(0);
      for (const each of came) {
        expect(each.body.equals(sent)).toBe(true);
        expect(each.headers).toMatchObject({ 'content-type': TYPE, 'content-length': String(sent.length) });
        expect(each.headers['transfer-encoding']).toBeUndefined();
      }
    }
  });

  it('that names no model goes up as it came, too', async () => {
    await using up = await keeper(200);
    await using gateway = await gatewayWith({ endpoints: [{ name: 'up', apiKey: 'k', baseURL: up.baseURL }] });
    const body = new TextEncoder().encode(
      String(formOf('x', Buffer.alloc(100_000, 7))).replace('"model"', '"purpose"'),
    );
    await gateway.get('/v1/files', { method: 'POST', headers: { 'content-type': TYPE }, body });
    const [seen] = up.came;
    expect([seen?.headers['content-type'], seen?.body.equals(body)]).toEqual([TYPE, true]);
  });

  it('that can be read in two ways goes up as it was read here', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const headers = { 'content-type': TYPE };
    const own = 'X-Own: kept\r\n';
    const twofold = formOf('whisper-1', Buffer.from('x')).toString().replace(own, own.repeat(2));
    expect((await gateway.get(PATH, { method: 'POST', headers, body: twofold })).status).toBe(200);
    const [seen] = a.requests;
    expect(seen?.model).toBe('whisper-1');
    expect(seen?.headers['content-type']).not.toContain(EDGE);
  });

  it('has one model and not too many parts, or it goes nowhere', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const send = async (body: string) => {
      const response = await gateway.get(PATH, { method: 'POST', headers: { 'content-type': TYPE }, body });
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
    };
    const field = (name: string) => `--${EDGE}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\nx\r\n`;
    const end = `--${EDGE}--\r\n`;
    expect(await send(field('model').repeat(2) + end)).toEqual([400, 'The body names more than one model.']);
    expect(await send(field('x').repeat(1_001) + end)).toEqual([400, 'The form has more than 1000 parts.']);
    expect(await send(field('model'))).toEqual([400, 'The body is not the form that its content-type says it is.']);
    expect(a.calls).toBe(0);
  });

  it('is held once while it is sent, with however many others', { timeout: 60_000 }, async () => {
    const [COUNT, BYTES] = [8, 16 * 2 ** 20];
    const answers: (() => void)[] = [];
    // Each is held until all are there.
    await using upstream = await keeper(200, false, () => new Promise((resolve) => answers.push(resolve)));
    const configuration = { endpoints: [{ name: 'a', apiKey: 'k', baseURL: upstream.baseURL }] };
    await using child = startChild(new URL('./children/holds-forms.ts', import.meta.url), { configuration });
    const { port } = await child.line<{ port: number }>();
    const send = async (count: number, body: Buffer) => {
      const headers = { 'content-type': TYPE, 'content-length': body.length };
      const calls = Array.from({ length: count }, async () => {
        const call = request({ port, path: PATH, method: 'POST', headers }).end(body);
        const [response] = (await once(call, 'response')) as [IncomingMessage];
        await once(response.resume(), 'end');
        return response.statusCode;
      });
      await expect.poll(() => answers.length, { timeout: 30_000 }).toBe(count);
      for (const answer of answers.splice(0)) answer();
      expect(await Promise.all(calls)).toEqual(Array(count).fill(200));
      child.tell();
      return (await child.line<{ grown: number }>()).grown;
    };
    // What a first call loads is not what forms cost.
    await send(1, formOf('whisper-1', Buffer.alloc(100_000)));
    const grown = await send(COUNT, formOf('whisper-1', Buffer.alloc(BYTES, 7)));
    expect(grown / (COUNT * BYTES)).toBeLessThan(1.6);
  });
});
