// The plain SDK and a pool of one endpoint that is like it, side by side: what each sends, and what comes of it.
import OpenAI from 'openai';
import { LoadBalancedOpenAI } from '../../src/index.ts';

export type Fetch = typeof globalThis.fetch;
/** Makes a call. */
export type Ask = (client: OpenAI) => PromiseLike<unknown>;

export const BASE = 'https://a.example/v1';

/** What was asked. */
interface Sent {
  readonly url: string;
  readonly method: string | undefined;
  readonly headers: [string, string][];
  readonly body: unknown;
  readonly keys: string[];
}

/** Answers like this, one after the other and the last one again, and notes what was asked. */
export function upstream(...replies: (() => Response | Promise<Response>)[]) {
  const sent: Sent[] = [];
  const fetch: Fetch = async (url, init = {}) => {
    const { method, headers, body } = init;
    const keys = Object.keys(init).filter((name) => !['redirect', 'dispatcher'].includes(name));
    sent.push({ url: String(url), method, headers: [...new Headers(headers)], body, keys: keys.sort() });
    const reply = replies[Math.min(sent.length, replies.length) - 1] as () => Response;
    return reply();
  };
  return { sent, fetch };
}

/** What a call gives or throws. */
export async function outcome(ask: Ask, client: OpenAI): Promise<unknown> {
  try {
    const value = await ask(client);
    return { value, id: (value as { _request_id?: unknown } | null)?._request_id };
  } catch (error) {
    return error;
  }
}

/** The pool's one endpoint is like the client. */
export function pair(options: object, fetch: Fetch): [OpenAI, OpenAI] {
  const {
    timeout,
    maxRetries = 0,
    ...own
  } = { apiKey: 'sk-own-0123456789', baseURL: BASE, fetch, ...options } as Record<string, unknown>;
  const both = { logLevel: 'off', maxRetries, ...(timeout !== undefined && { timeout }) };
  return [
    new OpenAI({ ...own, ...both } as never),
    new LoadBalancedOpenAI({ endpoints: [own], ...both, shareState: false } as never),
  ];
}

/** What can be told of an error. */
export const shape = (error: unknown) => {
  const {
    message,
    status,
    code,
    type,
    param,
    requestID,
    headers,
    error: body,
    cause,
  } = error as Record<string, unknown>;
  const name = (error as object).constructor.name;
  const own = headers instanceof Headers ? [...headers] : headers;
  return { name, message, status, code, type, param, requestID, headers: own, body, cause: String(cause) };
};

/** The addresses of the attempts made meanwhile, as a hook hears them that somebody gave to every client of the SDK. */
export async function heardByHook(meanwhile: () => Promise<unknown>): Promise<string[]> {
  const members = OpenAI.prototype as unknown as { prepareRequest: (...facts: unknown[]) => Promise<void> };
  const { prepareRequest } = members;
  const urls: string[] = [];
  members.prepareRequest = async (_, context) => {
    urls.push((context as { url: string }).url);
  };
  try {
    await meanwhile();
  } finally {
    members.prepareRequest = prepareRequest;
  }
  return urls;
}
