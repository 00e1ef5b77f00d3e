// What is written in one piece comes out as if Node had written it: every byte, whole, and the connection goes on behind it.

import { createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { endWith, writePart } from '../../../src/gateway/direct/one-piece.ts';

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const LARGE = Buffer.alloc(100_000, BYTES);
const NOTHING = Buffer.alloc(0);

let end: (() => void) | undefined;
afterEach(() => end?.());

async function serve(answer: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  end = () => {
    server.closeAllConnections();
    server.close();
  };
  return (server.address() as AddressInfo).port;
}

function ask(port: number): Promise<{ body: Buffer; encoding: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1' }, async (reply) => {
      const body = Buffer.concat(await reply.toArray());
      resolve({ body, encoding: reply.headers['transfer-encoding'] });
    });
    asked.on('error', reject).end();
  });
}

/** All that comes over one connection. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let came = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1').on('data', (part) => {
      came += part;
    });
    socket.on('close', () => resolve(came));
  });
}

describe('a body written in one piece', () => {
  it('comes out byte by byte, whatever is written by Node between its parts', async () => {
    const port = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      writePart(response, BYTES);
      writePart(response, NOTHING);
      response.write('by Node');
      writePart(response, LARGE);
      endWith(response, BYTES);
    });
    const { body, encoding } = await ask(port);
    expect(encoding).toBe('chunked');
    expect(body.equals(Buffer.concat([BYTES, Buffer.from('by Node'), LARGE, BYTES]))).toBe(true);
  });

  it.each([NOTHING, BYTES, LARGE])('of a known length comes out, %#', async (bytes) => {
    const port = await serve((response) => {
      response.writeHead(200, { 'content-length': bytes.byteLength });
      endWith(response, bytes);
    });
    expect((await ask(port)).body.equals(bytes)).toBe(true);
  });

  it('leaves its connection to the next call', async () => {
    const port = await serve((response) => {
      response.writeHead(200);
      writePart(response, Buffer.from('one'));
      endWith(response, Buffer.from('two'));
    });
    const call = 'GET / HTTP/1.1\r\nhost: x\r\n';
    const came = await exchange(port, `${call}\r\n${call}connection: close\r\n\r\n`);
    expect(came.match(/3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n/g)).toHaveLength(2);
  });

  it('has no frame for those who know none', async () => {
    const port = await serve((response) => {
      response.writeHead(200);
      writePart(response, Buffer.from('one'));
      endWith(response, Buffer.from('two'));
    });
    expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/\r\n\r\nonetwo$/);
  });

  it('shows its bytes to whoever looks at what is written', async () => {
    const seen: unknown[] = [];
    const port = await serve((response) => {
      const { write } = response;
      response.write = (...given: unknown[]) => {
        seen.push(given[0]);
        return Reflect.apply(write, response, given);
      };
      response.writeHead(200);
      writePart(response, BYTES);
      endWith(response, undefined);
    });
    expect((await ask(port)).body.equals(BYTES)).toBe(true);
    expect(seen).toEqual([BYTES]);
  });
});
