// A real WebSocket server over TLS, as the SDK's socket classes want it: greets each socket, or turns it away with a status.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { certificate } from './certificate.ts';

/** One attempt to open a socket, as the server saw it. */
export interface Opened {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What every socket hears first. */
export const greeting = (name: string) => ({ type: 'session.created', event_id: 'e', session: { id: `sess_${name}` } });

// One for all: whoever trusts several of the same name finds the first one only.
const { cert, key } = certificate();

/** A running server. */
export interface SocketServer extends AsyncDisposable {
  /** `https://127.0.0.1:…`, without a path. */
  readonly origin: string;
  /** The certificate to trust. */
  readonly ca: string;
  readonly opened: readonly Opened[];
  /** The status that upgrades are answered with from now on; 101 = they are let through. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** Starts one. */
export async function socketServer(name: string): Promise<SocketServer> {
  const http = createServer({ cert, key });
  const sockets = new WebSocketServer({ noServer: true });
  const opened: Opened[] = [];
  let status = 101;
  http.on('upgrade', (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://localhost');
    opened.push({ path: pathname, query: Object.fromEntries(searchParams), headers: request.headers });
    if (status !== 101) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opening) => opening.send(JSON.stringify(greeting(name))));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const each of sockets.clients) each.terminate();
      http.close(() => resolve());
      http.closeAllConnections();
    });
  return {
    origin: `https://127.0.0.1:${(http.address() as AddressInfo).port}`,
    ca: cert,
    opened,
    answer: (next) => {
      status = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
