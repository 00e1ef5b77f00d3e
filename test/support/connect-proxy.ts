// A proxy that opens tunnels by CONNECT, or refuses to, host by host; every tunnel ends at one server on this machine.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A running proxy. */
export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://user:password@127.0.0.1:port`. */
  readonly url: string;
  readonly password: string;
  /** CONNECT requests by host. */
  readonly asked: Readonly<Record<string, number>>;
}

/** Starts a proxy. @param statuses by host: what each CONNECT is answered with, one after another, then 200. @param port where tunnels end */
export async function connectProxy(
  statuses: Readonly<Record<string, readonly number[]>>,
  port: number,
): Promise<ConnectProxy> {
  const asked: Record<string, number> = {};
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer();
  server.on('connect', ({ url = '' }, plain: Socket) => {
    const client = keep(plain);
    const host = url.replace(/:\d+$/, '');
    const before = asked[host] ?? 0;
    asked[host] = before + 1;
    const status = statuses[host]?.[before] ?? 200;
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const upstream = keep(connect(port, '127.0.0.1'));
    upstream.once('connect', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    return client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = (server.address() as AddressInfo).port;
  const password = 'proxy-password-canary';
  return {
    ...{ port: own, url: `http://user:${password}@127.0.0.1:${own}`, password, asked },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
