/**
 * What a fault server remembers of each request, and how it reads one off the wire.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseMultipart } from './multipart.ts';

/** One request as it arrived. Fields fill in as things happen: `body` when it is read, `endedAt` when the exchange is over. */
export interface ServerRequest {
  /** 1 for the first request since the start or the last `reset()`. */
  readonly number: number;
  /** `POST`, `GET`, … */
  readonly method: string;
  /** The path without query, as it arrived: `/v1/chat/completions`. */
  readonly path: string;
  /** The path without base path and Azure deployment: `/chat/completions`. */
  readonly route: string;
  /** The query; the last value of each name. */
  readonly query: Readonly<Record<string, string>>;
  /** The request headers, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** JSON parsed; multipart as `MultipartBody`; other bodies as text; nothing yet or no body: undefined. */
  body: unknown;
  /** Length of the body in bytes. */
  bytes: number;
  /** The model asked for: Azure deployment, JSON or multipart field. */
  model: string | undefined;
  /** The key that came with it, from `authorization: Bearer` or `api-key`. */
  readonly apiKey: string | undefined;
  /** Monotonic arrival time (`performance.now()`) of its headers. */
  readonly at: number;
  /** Number of the connection it came on, from 1. */
  readonly socketId: number;
  /** Whether that connection had carried a request before. */
  readonly reused: boolean;
  /** What the script did with it, in short: `ok`, `503`, `stream`, `reset`, … */
  step: string;
  /** The status answered, once its headers are out. */
  status: number | undefined;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  /** Monotonic time when the exchange was over, either way. */
  endedAt: number | undefined;
}

const BASE = /^(?:.*?\/v1(?=\/)|.*?\/openai(?:\/deployments\/(?<deployment>[^/]+))?(?=\/))/;

/** The record of a request whose headers have arrived. */
export function recordOf(
  message: IncomingMessage,
  facts: { number: number; socketId: number; reused: boolean },
): ServerRequest {
  const url = new URL(message.url ?? '/', 'http://fault.server');
  const base = BASE.exec(url.pathname);
  const deployment = base?.groups?.deployment;
  const bearer = /^Bearer (.+)$/i.exec(message.headers.authorization ?? '')?.[1];
  const key = message.headers['api-key'] ?? bearer;
  return {
    ...facts,
    method: message.method ?? 'GET',
    path: url.pathname,
    route: url.pathname.slice(base?.[0].length ?? 0),
    query: Object.fromEntries(url.searchParams),
    headers: message.headers,
    body: undefined,
    bytes: 0,
    model: deployment === undefined ? undefined : decodeURIComponent(deployment),
    apiKey: Array.isArray(key) ? key[0] : key,
    at: performance.now(),
    step: '',
    status: undefined,
    aborted: false,
    endedAt: undefined,
  };
}

/** Reads the body into the record and hands back its files' bytes. Resolves to undefined when the client left half-way. */
export function readBody(message: IncomingMessage, record: ServerRequest): Promise<Map<string, Buffer> | undefined> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    message.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      record.bytes += chunk.length;
    });
    message.once('end', () => resolve(understand(Buffer.concat(chunks), record)));
    message.once('close', () => resolve(undefined));
    message.once('error', () => resolve(undefined));
  });
}

function understand(bytes: Buffer, record: ServerRequest): Map<string, Buffer> {
  const type = record.headers['content-type'] ?? '';
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary) {
    const { body, contents } = parseMultipart(bytes, boundary);
    record.body = body;
    record.model ??= body.fields.model;
    return contents;
  }
  record.body = bytes.length === 0 ? undefined : parseText(bytes.toString(), type);
  const model = (record.body as { model?: unknown } | undefined)?.model;
  if (typeof model === 'string') record.model ??= model;
  return new Map();
}

function parseText(text: string, type: string): unknown {
  if (!type.includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
