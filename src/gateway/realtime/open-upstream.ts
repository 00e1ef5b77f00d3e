/** The far leg of a socket: the handshake with an endpoint. */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { type Handshake, HandshakeRefused } from '../../sdk/open-socket.ts';
import { Refused } from '../http/api-error.ts';
import { guardedLookup } from '../outside/guard-connects.ts';
import { proxyFor, tunnel } from './proxy-tunnel.ts';

/** The largest message, in bytes: a quarter of an hour of sound, as it is written in JSON. */
export const LARGEST = 32 * 2 ** 20;
/** The longest handshake, in ms. */
const HANDSHAKE = 15_000;
/** Of an error reply so much is read. */
const MOST_TEXT = 65_536;

async function textOf(reply: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of reply as AsyncIterable<Buffer>) {
      pieces.push(piece);
      size += piece.byteLength;
      if (size > MOST_TEXT) break;
    }
  } catch {
    // What came of it says enough.
  }
  return Buffer.concat(pieces).toString().slice(0, MOST_TEXT);
}

function headersOf({ headers }: IncomingMessage): Headers {
  const found = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) found.set(name, String(value));
  return found;
}

/**
 * Opens a socket; nothing is read from it before `resume`. It ends when the signal of its handshake aborts.
 * @param proxied it goes through the proxy that the environment names for its address.
 */
export function openUpstream(
  { url, headers, signal }: Handshake,
  protocols: readonly string[],
  proxied = false,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const proxy = proxied ? proxyFor(url) : undefined;
    // The fast transport knows others; asked for a tunnel they would hang up, and the endpoint be blamed.
    if (proxy && !/^https?:$/.test(proxy.protocol))
      throw new Refused({
        ...{ status: 502, code: 'no_proxy_for_sockets' },
        message: 'Sockets go through HTTP proxies only; name the hosts of their endpoints in NO_PROXY.',
      });
    const lookup = guardedLookup(url);
    const socket = new WebSocket(url, [...protocols], {
      headers,
      handshakeTimeout: HANDSHAKE,
      maxPayload: LARGEST,
      perMessageDeflate: false,
      followRedirects: false,
      ...(lookup && { lookup }),
      ...(proxy && { createConnection: tunnel(proxy, url, signal) }),
    });
    const end = () => socket.terminate();
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
    // Once it is open, its errors are those of whoever has it.
    socket.on('error', reject);
    socket.once('unexpected-response', (_request, reply) => {
      void textOf(reply).then((text) => {
        reject(new HandshakeRefused(reply.statusCode ?? 0, headersOf(reply), text));
        socket.terminate();
      });
    });
    socket.once('open', () => {
      socket.pause();
      resolve(socket);
    });
    if (signal.aborted) end();
  });
}
