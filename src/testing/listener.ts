/**
 * The listening socket of a fault server and the connections on it: up, down, up again on the same port.
 * Used by `fault-server.ts` only; knows nothing of requests beyond handing them on.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { reset } from './exchange.ts';

/** A port on 127.0.0.1 that can be up or down. */
export interface Listener {
  /** The port, the same for life. */
  readonly port: number;
  /** Open connections now. */
  readonly open: number;
  /** Listens again after `down()`. */
  up(): Promise<void>;
  /** Resets every connection and stops listening. */
  down(): Promise<void>;
}

/** Connections that may wait to be accepted; the system's own limit is lower. Node's 511 would slow bursts down. */
const BACKLOG = 65_535;

/** Starts to listen. Sets no time limit and announces none: only scripts decide when a connection ends. */
export async function listen(
  options: { port: number; tls: { cert: string; key: string } | undefined },
  serve: RequestListener,
  changed: () => void,
): Promise<Listener> {
  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      changed();
    });
    changed();
  });
  const up = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await up(options.port);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get open() {
      return sockets.size;
    },
    up: () => (server.listening ? Promise.resolve() : up(port)),
    async down() {
      if (!server.listening) return;
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      const stopped = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) reset(socket);
      await Promise.all([stopped, ...closed]);
    },
  };
}
