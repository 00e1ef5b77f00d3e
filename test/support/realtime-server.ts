// A WebSocket server as endpoints have them: greets each socket and says everything back, or turns it away.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { certificate } from './certificate.ts';

/** How a handshake is answered: 101 lets it through, `'hang'` never answers. */
export type HandshakeAnswer = 101 | 'hang' | { status: number; headers?: Record<string, string>; body?: string };

/** A running server. */
export interface RealtimeServer extends AsyncDisposable {
  readonly name: string;
  /** `http://127.0.0.1:…/v1`. */
  readonly url: string;
  /** The handshakes that came. */
  readonly handshakes: readonly IncomingMessage[];
  /** The sockets that opened. */
  readonly sockets: readonly WebSocket[];
  /** How handshakes are answered from now on. */
  answer(next: HandshakeAnswer): void;
}

/** Starts one. @param path where it stands, `/v1` unless told otherwise. */
export async function realtimeServer(name: string, path = '/v1'): Promise<RealtimeServer> {
  const http = createServer((_request, response) => response.writeHead(404).end('{}'));
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: (names) => [...names][0] ?? false });
  const handshakes: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  let answer: HandshakeAnswer = 101;
  http.on('upgrade', (request, socket, head) => {
    handshakes.push(request);
    socket.on('error', () => undefined);
    if (answer === 'hang') {
      socket.resume().once('end', () => socket.end());
      return;
    }
    if (answer !== 101) {
      const { status, headers = {}, body = '{"error":{"message":"no"}}' } = answer;
      const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
      socket.end(`HTTP/1.1 ${status} No\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n${body}`);
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (opened) => {
      sockets.push(opened);
      opened.on('message', (data, binary) => opened.send(data, { binary }));
      opened.on('error', () => undefined);
      opened.send(JSON.stringify({ type: 'session.created', event_id: 'e', session: { id: `sess_${name}` } }));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    name,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}${path}`,
    handshakes,
    sockets,
    answer: (next) => {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      for (const each of upgrades.clients) each.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

/** TLS before a port of this machine, as a gateway has it that is reached from others. */
export async function secureFront(port: number): Promise<{ port: number; ca: string } & AsyncDisposable> {
  const { cert, key } = certificate();
  const server = createSecureServer({ cert, key }, (socket) => {
    const inner = connect(port, '127.0.0.1');
    socket.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: cert,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
