/**
 * One request and the connection it came on, with the few things every step does to it: wait, write, hang up.
 * Made by `fault-server.ts`, used by `perform.ts` and the wire files. Nothing waits longer than the connection lives.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Reply } from './reply.ts';
import type { ServerRequest } from './server-request.ts';
import type { AnswerOptions } from './steps.ts';

/** Response headers; a list sends the header several times. */
export type ReplyHeaders = Record<string, string | readonly string[]>;

/** A request being answered. */
export interface Exchange {
  readonly request: ServerRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Aborted when the exchange is over, whoever ended it. */
  readonly over: AbortSignal;
  /** Headers every reply carries: who served it, its id, rate limits, those of the step. */
  readonly headers: ReplyHeaders;
  /** The files of a multipart body, by field name. */
  contents: ReadonlyMap<string, Buffer>;
  /** We ended it ourselves, so the client did not abort. */
  ours: boolean;
  /** The healthy answer, with so many content events when a number is given. */
  healthy(options: AnswerOptions, events?: number): Reply;
}

/** Waits; false when the exchange was over first. */
export function wait(exchange: Exchange, ms: number): Promise<boolean> {
  const { over } = exchange;
  if (over.aborted) return Promise.resolve(false);
  if (ms <= 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(true), ms);
    const gone = () => finish(false);
    const finish = (passed: boolean) => {
      clearTimeout(timer);
      over.removeEventListener('abort', gone);
      resolve(passed);
    };
    over.addEventListener('abort', gone, { once: true });
  });
}

/** Waits until the exchange is over. */
export function untilOver({ over }: Exchange): Promise<void> {
  if (over.aborted) return Promise.resolve();
  return new Promise((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
}

/** Sends the status line and the headers at once, before any body. */
export function sendHead(exchange: Exchange, status: number, headers: ReplyHeaders): void {
  const { response, request } = exchange;
  if (exchange.over.aborted) return;
  request.status = status;
  const all = Object.entries({ ...headers, ...exchange.headers });
  response.writeHead(
    status,
    Object.fromEntries(all.map(([name, value]) => [name, typeof value === 'string' ? value : [...value]])),
  );
  response.flushHeaders();
}

/** Writes a part of the body; resolves when it left this process, false when the exchange was over first. */
export function writeBody(exchange: Exchange, chunk: string | Uint8Array): Promise<boolean> {
  return written(exchange, (done) => exchange.response.write(chunk, done), chunk.length);
}

/** Writes bytes past the HTTP layer; resolves when they left this process, false when the exchange was over first. */
export function writeRaw(exchange: Exchange, chunk: string | Uint8Array): Promise<boolean> {
  return written(exchange, (done) => exchange.socket.write(chunk, done), chunk.length);
}

/** Ends the connection by our own will: RST, or FIN after what is still to be written. */
export function hangUp(exchange: Exchange, how: 'reset' | 'close'): void {
  exchange.ours = true;
  if (how === 'close') exchange.socket.destroySoon();
  else reset(exchange.socket);
}

/**
 * Ends the connection after a part of the answer, once the client had a moment to read it.
 * Why: RST in the same breath as data is reported by some systems as a plain end of the data, or without the data.
 */
export async function hangUpAfterData(exchange: Exchange, how: 'reset' | 'close'): Promise<void> {
  if (how === 'reset') {
    if (!(await wait(exchange, BREATH))) return;
    // A process that was kept from running is late for everything: a client in it reads in this very turn, before what follows.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (exchange.over.aborted) return;
  }
  hangUp(exchange, how);
}

/** Long enough (ms) for a client on the same machine to wake up and read. */
const BREATH = 5;

/**
 * RST, at once; a TLS connection, or one whose FIN is on its way, can only be dropped.
 * Why not `resetAndDestroy()` alone: it sends FIN first, and when the client hangs up in that moment the system refuses the
 * RST and Node never closes the socket: a connection that neither ends nor is told of.
 */
export function reset(socket: Socket): void {
  if ('encrypted' in socket || socket.writableEnded) {
    socket.destroy();
    return;
  }
  socket.destroySoon = socket.destroy;
  socket.resetAndDestroy();
}

function written(
  { over }: Exchange,
  write: (done: (error?: Error | null) => void) => void,
  length: number,
): Promise<boolean> {
  if (over.aborted) return Promise.resolve(false);
  if (length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    over.addEventListener('abort', gone, { once: true });
    write((error) => {
      over.removeEventListener('abort', gone);
      resolve(!error && !over.aborted);
    });
  });
}
