/**
 * Looks at the address of every new connection to endpoints that came through the admin API. Why there: between a name that was
 * checked and a connection made, whoever owns the name can change where it leads. It is seen before a byte of a call is written,
 * whichever way the call goes out: every connection of fetch and undici is announced.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { isPublic } from './public-address.ts';

/** undici tells everybody here, the one inside Node as well. */
const CONNECTED = 'undici:client:connected';

interface Connected {
  readonly connectParams: { readonly hostname: string; readonly port: string; readonly protocol: string };
  readonly socket: Socket;
}

/** The end of a connection that led to an inner address. */
export class InsideAddress extends Error {
  override name = 'InsideAddress';
  readonly code = 'inside_address';
}

/** Origins that are looked after, and by how many. */
const guarded = new Map<string, number>();

const WHY = 'The name of the endpoint leads to this machine or its own network now.';

const look = (message: unknown): void => {
  const { connectParams, socket } = message as Connected;
  const { protocol, hostname, port } = connectParams;
  const { origin } = new URL(`${protocol}//${hostname}${port === '' ? '' : `:${port}`}`);
  if (!guarded.has(origin) || isPublic(socket.remoteAddress ?? '')) return;
  socket.destroy(new InsideAddress(WHY));
};

/**
 * Looks after connections to these origins.
 * @returns what ends it.
 */
export function guardConnects(origins: readonly string[]): () => void {
  if (origins.length === 0) return () => undefined;
  if (guarded.size === 0) subscribe(CONNECTED, look);
  for (const origin of origins) guarded.set(origin, (guarded.get(origin) ?? 0) + 1);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    for (const origin of origins) {
      const left = (guarded.get(origin) ?? 0) - 1;
      if (left > 0) guarded.set(origin, left);
      else guarded.delete(origin);
    }
    if (guarded.size === 0) unsubscribe(CONNECTED, look);
  };
}

const lookup: LookupFunction = (name, options, done) =>
  dns.lookup(name, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, []);
    if (!addresses.every(({ address }) => isPublic(address))) return done(new InsideAddress(WHY), []);
    const [first] = addresses;
    return options.all || !first ? done(null, addresses) : done(null, first.address, first.family);
  });

/** How the name in an address is looked up by whoever makes the connection without undici; `undefined` = as usual. */
export function guardedLookup({ href }: URL): LookupFunction | undefined {
  const { origin } = new URL(href.replace(/^ws/, 'http'));
  return guarded.has(origin) ? lookup : undefined;
}
