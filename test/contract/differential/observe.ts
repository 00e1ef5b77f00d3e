// Everything a caller and an upstream can see of one call, as plain data, so that two clients can be compared.
import type OpenAI from 'openai';
import { account } from '../support/account.ts';
import { type Script, type Seen, startUpstream, type Upstream } from '../support/upstream.ts';

/** What one call gave back and what it sent. */
export interface Observed {
  /** The data, or what a stream yielded and how it ended. */
  result?: unknown;
  response?: { status: number; url: string; headers: [string, string][]; requestId: string | null } | undefined;
  error?: Record<string, unknown>;
  /** The requests as they arrived. */
  wire: { method: string; url: string; headers: Record<string, unknown>; body: string }[];
}

/** A call to make on a client: a promise of the SDK, or anything that settles. */
export type Call = (client: OpenAI, upstream: Upstream) => PromiseLike<unknown>;

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;

/** An error as data: every field a caller may look at, and the class names up to Error. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { thrown: error };
  const classes: string[] = [];
  for (let at = Object.getPrototypeOf(error); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    classes.push(at.constructor.name);
  }
  const { status, code, type, param, requestID, headers, error: body } = error as Error & Record<string, unknown>;
  const cause = error.cause instanceof Error ? describeError(error.cause) : undefined;
  const keys = Object.keys(error);
  return {
    classes,
    name: error.name,
    message: error.message,
    ...{ status, code, type, param, requestID, body, cause, keys },
    headers: headers instanceof Headers ? headersOf(headers) : headers,
  };
}

const headersOf = (headers: Headers): [string, string][] =>
  [...headers].filter(([name]) => name !== 'date').sort(([a], [b]) => a.localeCompare(b));

async function describeStream(stream: AsyncIterable<unknown>): Promise<unknown> {
  const events: unknown[] = [];
  try {
    for await (const event of stream) events.push(structuredClone(event));
  } catch (error) {
    return { stream: stream.constructor.name, events, ended: describeError(error) };
  }
  return { stream: stream.constructor.name, events, ended: 'normally' };
}

/** A result as data. */
export async function describeResult(data: unknown): Promise<unknown> {
  if (!isObject(data)) return { value: data === undefined ? 'undefined' : data };
  if (data instanceof Response) {
    return {
      response: data.status,
      headers: headersOf(data.headers),
      bytes: [...new Uint8Array(await data.arrayBuffer())],
    };
  }
  if ('getPaginatedItems' in data) {
    const page = data as unknown as { getPaginatedItems(): unknown[]; hasNextPage(): boolean };
    return {
      page: data.constructor.name,
      items: page.getPaginatedItems(),
      more: page.hasNextPage(),
      keys: Object.keys(data),
    };
  }
  if (Symbol.asyncIterator in data) return describeStream(data as unknown as AsyncIterable<unknown>);
  return {
    json: structuredClone(data),
    class: data.constructor?.name,
    requestId: data._request_id ?? null,
    text: JSON.stringify(data),
  };
}

async function settle(promise: PromiseLike<unknown>): Promise<Omit<Observed, 'wire'>> {
  try {
    if (!('withResponse' in promise)) return { result: await describeResult(await promise) };
    const call = promise as PromiseLike<unknown> & {
      withResponse(): Promise<{ data: unknown; response: Response; request_id: string | null }>;
    };
    const { data, response, request_id } = await call.withResponse();
    const { status, url } = response;
    const seen = { status, url, headers: headersOf(response.headers), requestId: request_id };
    return { result: await describeResult(data), response: seen };
  } catch (error) {
    return { error: describeError(error) };
  }
}

const wireOf = ({ method, url, headers, raw }: Seen): Observed['wire'][number] => {
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  const hide = (text: string) => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text);
  const shown = Object.entries(headers).map(([name, value]) => [name, hide(String(value))]);
  return { method, url, headers: Object.fromEntries(shown), body: hide(raw.toString('latin1')) };
};

/** Makes one call on a client of its own, against an upstream of its own. */
export async function observe(
  make: (upstream: Upstream) => OpenAI,
  call: Call,
  script: Script = () => undefined,
): Promise<Observed> {
  const upstream = await startUpstream(0, async (request) => (await script(request)) ?? account(request));
  try {
    const seen = await settle(call(make(upstream), upstream));
    const all: Observed = { ...seen, wire: upstream.seen.map(wireOf) };
    const host = new URL(upstream.origin).host;
    const neutral = JSON.stringify(all, (_, value) => (value === undefined ? '(undefined)' : value))
      .replaceAll(host, 'upstream')
      .replaceAll(/"user-agent":"\w+\/JS/g, '"user-agent":"Client/JS');
    return JSON.parse(neutral) as Observed;
  } finally {
    await upstream.close();
  }
}
