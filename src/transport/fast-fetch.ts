/**
 * A `fetch` for the SDK over undici's own way of sending. Text, bytes and replies without redirects go the short way; what it
 * does not carry (forms, streams, blobs, `Request` objects, redirects, dispatchers, other runtimes) the standard fetch does.
 * Why: most of what an SDK call costs is the standard fetch beneath it.
 */
import type { Dispatcher } from 'undici';
import { abortReason, acceptEncoding, decoded } from './body-source.ts';
import { fastHeaders } from './fast-headers.ts';
import { fastResponse, NO_BODY } from './fast-response.ts';
import { loadUndici, runsUndici } from './load-undici.ts';
import { type Outgoing, outgoing } from './outgoing.ts';
import type { FastFetchOptions } from './transport-options.ts';
import { checkOptions } from './transport-options.ts';

/** A `fetch` with connections of its own. */
export interface FastFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Ends what is under way, then closes its connections; calls afterwards fail. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const failed = (cause: unknown) => new TypeError('fetch failed', { cause });

const PROXIES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'] as const;

function connections(options: FastFetchOptions): Dispatcher {
  const { Agent, EnvHttpProxyAgent } = loadUndici();
  const { connections: most, connectTimeout, headersTimeout, bodyTimeout } = checkOptions(options);
  // HTTP/2 costs more CPU than it saves connections.
  const settings = {
    connections: most,
    connect: { timeout: connectTimeout },
    headersTimeout,
    bodyTimeout,
    allowH2: false,
  };
  return PROXIES.some((name) => process.env[name]) ? new EnvHttpProxyAgent(settings) : new Agent(settings);
}

async function send(dispatcher: Dispatcher, request: Outgoing, again: () => Promise<Response>): Promise<Response> {
  const { url, origin, path, headers, body, redirect, signal } = request;
  const method = request.method as Dispatcher.HttpMethod;
  if (signal?.aborted) throw abortReason(signal);
  let reply: Dispatcher.ResponseData;
  try {
    reply = await dispatcher.request({ origin, path, method, headers, body, signal: signal ?? null });
  } catch (error) {
    throw signal?.aborted ? abortReason(signal) : failed(error);
  }
  const { statusCode: status, statusText = '', body: source } = reply;
  const raw = reply.headers;
  if (redirect !== 'manual' && REDIRECTS.has(status) && raw.location !== undefined) {
    source.on('error', () => undefined).destroy();
    if (redirect === 'error') throw failed(new Error('unexpected redirect'));
    return again();
  }
  const replied = fastHeaders(raw);
  if (method === 'HEAD' || NO_BODY.has(status)) {
    // Not waited for: one that announces a body by mistake would never end.
    void source.dump().catch(() => undefined);
    return fastResponse({ status, statusText, headers: replied, url, source: null, signal });
  }
  return fastResponse({
    status,
    statusText,
    headers: replied,
    url,
    source: decoded(source, replied.get('content-encoding')),
    signal,
  });
}

/**
 * A `fetch` for `new OpenAI({ fetch: fastFetch() })` that costs less than half of the CPU of the standard one. It keeps its own
 * connections, up to 256 for each origin, and goes through the proxies that the environment names.
 * @throws ConfigurationError for wrong options, and when undici is not installed; it is needed on Node only.
 */
export function fastFetch(options: FastFetchOptions = {}): FastFetch {
  const standard: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  const dispatcher = runsUndici ? connections(options) : undefined;
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = dispatcher && outgoing(input, init, acceptEncoding);
    if (!request) return standard(input, init);
    return send(dispatcher, request, () => standard(input, init));
  };
  const close = async () => dispatcher?.close();
  return Object.assign(fetch, { close, [Symbol.asyncDispose]: close });
}
