/**
 * What comes with an `Upgrade` header: calls for a socket, and everything else, which is a call as if it had none. Why: once a server
 * takes upgrades, Node hands it all of them, also those that clients offer with every call, such as Java's to HTTP/2.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refused } from './api-error.ts';

/** Paths below `/v1` that are sockets. */
const SOCKETS = /^\/v1\/realtime(\/translations)?(\?|$)/;
/** Headers of a handshake, and of an upgrade that is not taken. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const OFFER = new Set(['upgrade', 'http2-settings']);

/** Does it ask for a socket? */
export function asksForSocket({ headers, url = '' }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && SOCKETS.test(url);
}

/** @throws Refused for a handshake that is none. */
export function checkHandshake({ method, headers }: IncomingMessage): void {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const key = headers['sec-websocket-key'];
  const is = method === 'GET' && key !== undefined && KEY.test(key) && headers['sec-websocket-version'] === '13';
  if (is && !hasBody) return;
  throw new Refused({ status: 400, message: 'This is no handshake of a WebSocket.', code: 'invalid_handshake' });
}

/** Gives a connection back to the server, with its message as it came but for the offer. */
export function asPlain(server: Server, message: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = message;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    const lower = name.toLowerCase();
    if (OFFER.has(lower)) continue;
    if (lower !== 'connection') {
      lines.push(`${name}: ${value}`);
      continue;
    }
    const kept = value.split(',').filter((token) => !OFFER.has(token.trim().toLowerCase()));
    if (kept.length > 0) lines.push(`${name}: ${kept.join(',')}`);
  }
  // Node's parser took these lines for one message, and takes them so again: it let no line break pass.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
