/**
 * How many connections there may be, in all and from one address: one client that opens thousands must not take the place of all
 * others. Connections of this machine's own programs count in all only, since a proxy in front brings everybody from there.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback } from './guard.ts';

/** How many there may be. */
export interface ConnectionCaps {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/**
 * What stands for everybody who is behind an address: of IPv6 the first half, since whoever has one address of a network has all of
 * them.
 */
export function sourceOf(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...new Array<string>(zeros).fill('0'), ...last];
  return `${all
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')}::/64`;
}

/**
 * Ends connections above the caps as they come.
 * @param caps asked for at each connection, since they may change.
 * @param refused told of each that was ended, with where it came from.
 */
export function capConnections(server: Server, caps: () => ConnectionCaps, refused: (source: string) => void): void {
  const bySource = new Map<string, number>();
  const known = new WeakSet<Socket>();
  let all = 0;
  server.on('connection', (socket: Socket) => {
    // One that offered an upgrade comes twice.
    if (known.has(socket)) return;
    known.add(socket);
    const { connections, connectionsPerAddress } = caps();
    const source = sourceOf(socket.remoteAddress);
    const here = (bySource.get(source) ?? 0) + 1;
    if (all >= connections || (here > connectionsPerAddress && !isLoopback(source))) {
      refused(source);
      socket.destroy();
      return;
    }
    all += 1;
    bySource.set(source, here);
    socket.once('close', () => {
      all -= 1;
      const left = (bySource.get(source) ?? 1) - 1;
      if (left === 0) bySource.delete(source);
      else bySource.set(source, left);
    });
  });
}
