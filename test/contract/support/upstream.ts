// A scripted HTTP upstream on the loopback interface that keeps every request exactly as it arrived, bytes included.
// The contract suites compare those bytes, and say per request what to answer.
// Why not the fault server: these suites are about what leaves and what comes back, so they own both ends to the byte.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reset } from '../../../src/testing/exchange.ts';

/** One request as it arrived on the wire. */
export interface Seen {
  /** Which upstream got it: its place in the pool, from 0. */
  upstream: number;
  /** The upstream's name, `e1` for the first; part of every id it makes. */
  name: string;
  method: string;
  /** Path with query. */
  url: string;
  /** Path without query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  raw: Buffer;
  /** How many requests this upstream got before. */
  index: number;
  /** The JSON body; empty when the body was none. */
  json: Record<string, unknown>;
  /** The multipart body. */
  form(): Promise<FormData>;
  /** Settles when the connection is done with this exchange, true when the whole reply had been written. */
  closed: Promise<boolean>;
}

/** What to answer. One of `json`, `text`, `bytes`, `sse`, or a fault. */
export interface Reply {
  status?: number;
  headers?: Record<string, string | string[]>;
  json?: unknown;
  text?: string;
  bytes?: Uint8Array;
  /** Server-sent events: objects become `data:` lines, with an `event:` line when they have a `type`; strings go out as they are. */
  sse?: readonly unknown[];
  /** Leave the reply open after the last byte, until the caller goes away. */
  hold?: boolean;
  /** Never answer at all. */
  hang?: boolean;
  /** Reset the connection instead of answering. */
  reset?: boolean;
  /** Announce the whole body, send this many bytes of it, then reset the connection. */
  cutAfter?: number;
  /** Wait for this before the first byte. */
  gate?: Promise<unknown>;
}

/** Says what to answer; `undefined` = somebody else may. */
export type Script = (request: Seen) => Reply | undefined | Promise<Reply | undefined>;

/** A running upstream. */
export interface Upstream {
  name: string;
  /** `http://127.0.0.1:port` */
  origin: string;
  /** The origin with `/v1`. */
  url: string;
  seen: Seen[];
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

const sseFrame = (event: unknown): string => {
  if (typeof event === 'string') return event;
  const type = (event as { type?: unknown; event?: unknown }).type;
  return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
};

async function send(reply: Reply, res: ServerResponse): Promise<void> {
  await reply.gate;
  if (reply.hang) return;
  if (reply.reset) return void (res.socket && reset(res.socket));
  const status = reply.status ?? 200;
  const body =
    reply.bytes ??
    (reply.text !== undefined ? Buffer.from(reply.text) : undefined) ??
    (reply.json !== undefined ? Buffer.from(JSON.stringify(reply.json)) : undefined);
  const type = reply.sse
    ? 'text/event-stream; charset=utf-8'
    : reply.json !== undefined
      ? 'application/json'
      : undefined;
  res.writeHead(status, { ...(type ? { 'content-type': type } : {}), ...reply.headers });
  if (reply.sse) for (const event of reply.sse) res.write(sseFrame(event));
  if (reply.cutAfter !== undefined && body) {
    res.write(body.subarray(0, reply.cutAfter), () => res.socket && reset(res.socket));
  } else if (reply.hold) {
    if (body) res.write(body);
  } else {
    res.end(body);
  }
}

/** Starts an upstream; `script` answers every request. */
export async function startUpstream(upstream: number, script: Script): Promise<Upstream> {
  const name = `e${upstream + 1}`;
  const seen: Seen[] = [];
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    const closed = new Promise<boolean>((settle) => res.on('close', () => settle(res.writableFinished)));
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', async () => {
      const raw = Buffer.concat(chunks);
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://upstream');
      const json = (req.headers['content-type'] ?? '').includes('json') && raw.length ? JSON.parse(raw.toString()) : {};
      const form = () =>
        new Response(raw, { headers: { 'content-type': req.headers['content-type'] ?? '' } }).formData();
      const { method = '', url = '', headers } = req;
      const path = pathname;
      const query = searchParams;
      const index = seen.length;
      const request: Seen = { upstream, name, method, url, path, query, headers, raw, index, json, form, closed };
      seen.push(request);
      const reply = (await script(request)) ?? {
        status: 404,
        json: { error: { message: `No route ${method} ${url}` } },
      };
      const marked = { 'x-request-id': `req_${name}_${request.index}`, ...reply.headers };
      await send({ ...reply, headers: marked }, res);
    });
    req.on('error', () => undefined);
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((settle) => {
      server.close(() => settle());
      server.closeAllConnections();
    });
  return { name, origin, url: `${origin}/v1`, seen, close };
}
