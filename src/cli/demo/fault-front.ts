/**
 * A real HTTP server on loopback in front of another one: passes requests on, unless the script says that it is broken now.
 * Why in front and not inside: the servers behind it are not ours, and a broken connection is a matter of the socket.
 */
import { Agent, createServer, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './outages.ts';

/** A running front. */
export interface FaultFront {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  /** Refuses connections from now on; answers under way run out. */
  kill(): void;
  /** Drops every connection and stops. */
  close(): Promise<void>;
}

/** What a front is told. */
export interface FrontOptions {
  /** The server behind it: `http://127.0.0.1:port`. */
  readonly behind: string;
  /** Asked at each request and at each new connection. */
  readonly fault: () => Fault | undefined;
  /** How long an answer takes to begin, in ms; a model has to think. */
  readonly thinking: () => number;
}

const ERRORS: Readonly<Record<number, object>> = {
  429: { message: 'Rate limit reached.', type: 'requests', param: null, code: 'rate_limit_exceeded' },
  500: { message: 'The server had an error.', type: 'server_error', param: null, code: null },
};

function refuse(response: ServerResponse, fault: Fault & { is: 'status' }): void {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (fault.retryAfter !== undefined) headers['retry-after'] = String(fault.retryAfter);
  response.writeHead(fault.status, headers).end(JSON.stringify({ error: ERRORS[fault.status] ?? {} }));
}

/** Hands the request over and the reply back, piece by piece; each side going away takes the other one along. */
function passOn(request: IncomingMessage, response: ServerResponse, behind: string, agent: Agent): void {
  const { method = 'GET', url = '/', headers } = request;
  const onward = open(`${behind}${url}`, { method, headers, agent }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
    reply.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}

/** Starts a front on a free port. */
export async function faultFront({ behind, fault, thinking }: FrontOptions): Promise<FaultFront> {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let killed = false;
  const server = createServer(async (request, response) => {
    request.on('error', () => response.destroy());
    response.once('finish', () => killed && request.socket.destroySoon());
    if (fault()?.is === 'drop') return request.socket.destroy();
    await sleep(thinking());
    if (response.destroyed) return undefined;
    const now = fault();
    if (now?.is === 'drop') return request.socket.destroy();
    return now ? refuse(response, now) : passOn(request, response, behind, agent);
  });
  server.on('connection', (socket) => {
    if (fault()?.is === 'drop') return socket.destroy();
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kill() {
      if (killed) return;
      killed = true;
      server.close();
    },
    close() {
      if (server.listening) server.close();
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
