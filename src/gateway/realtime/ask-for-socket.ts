/** From a call for a socket to the pool: what goes along, and what does not. */
import type { IncomingHttpHeaders } from 'node:http';
import type { WebSocket } from 'ws';
import { joined, unsteered } from '../../call/steering.ts';
import { CLIENT_STATE, type ClientState } from '../../sdk/client-state.ts';
import { type OpenSocket, openSocket } from '../../sdk/open-socket.ts';
import { followsProxies } from '../direct/goes-directly.ts';
import { upstreamHeaders } from '../http/wire-headers.ts';
import type { Destination } from '../running/destination.ts';
import { openUpstream } from './open-upstream.ts';

/** The longest time for all handshakes and waits, in ms. */
const WITHIN = 60_000;

/** A call for a socket. */
export interface SocketCall {
  /** Below `/v1`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: IncomingHttpHeaders;
  readonly protocols: readonly string[];
  /** Of a call that the socket joins. */
  readonly id: string | undefined;
  readonly signal: AbortSignal;
}

/** Opens it at an endpoint. @throws what a call throws. */
export function askForSocket(to: Destination, call: SocketCall): Promise<OpenSocket<WebSocket>> {
  const { path, id, signal, protocols } = call;
  const { client } = to.pool;
  const state = (client as unknown as { readonly [CLIENT_STATE]: ClientState })[CLIENT_STATE];
  const caller = state.caller(client);
  const steering =
    to.endpoint === undefined ? caller.steering : joined(caller.steering, { ...unsteered, endpoint: to.endpoint });
  const { model: _, ...query } = call.query;
  return openSocket(
    { ...caller, steering },
    {
      ...{
        path,
        query,
        headers: new Headers(upstreamHeaders(call.headers)),
        model: to.model,
        id,
        within: WITHIN,
        signal,
      },
      open: (handshake) => openUpstream(handshake, protocols, followsProxies(caller.core)),
    },
  );
}
