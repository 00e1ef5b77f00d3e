/**
 * Builds an attempt's request by the SDK, and later ones that differ in nothing but their body after its pattern.
 * Why: two thirds of what the SDK does here is checking a dozen headers that are the same for every call of a client.
 */
import type { OpenAI } from 'openai';
import type { RequestOptions } from './call-of.ts';
import type { Outgoing } from './outgoing.ts';
import { standIn } from './stand-in.ts';

/** A request as it is handed to fetch. */
export interface Built {
  readonly req: RequestInit;
  readonly url: string;
  /** The same headers, where many requests have them. */
  readonly pattern?: Headers;
}

interface Builder {
  readonly _options: { readonly defaultHeaders?: unknown; readonly defaultQuery?: unknown };
  readonly idempotencyHeader?: string;
  buildRequest(options: RequestOptions, facts: { retryCount: number }): Promise<Built>;
}

/** What the SDK puts into a request of the client itself; when it changes, so do the patterns. */
const FIELDS = ['baseURL', 'apiKey', 'adminAPIKey', 'organization', 'project'] as const;
/** Options of a call that say nothing about its headers and address, or stand in the pattern's name. */
const COVERED: ReadonlySet<string> = new Set([
  ...['method', 'path', 'body', 'stream', 'signal', 'maxRetries', 'timeout', '__security', '__metadata'],
]);
const METADATA: ReadonlySet<string> = new Set(['streamFromBody', 'model', 'helperMethod']);
/** So many of one client; more are not of one kind any more. */
const KEPT = 100;

interface Pattern {
  readonly url: string;
  readonly headers: Headers;
}

class Patterns {
  readonly #client: OpenAI;
  #fields: readonly unknown[];
  /** `undefined` for what was asked once: in a pool of thousands most patterns are never needed again. */
  readonly #known = new Map<string, Pattern | undefined>();

  constructor(client: OpenAI) {
    this.#client = client;
    this.#fields = FIELDS.map((name) => client[name]);
  }

  /** Names the state of the client that the patterns follow. */
  get state(): object {
    return this.#fields;
  }

  find(name: string): Pattern | undefined {
    for (let i = 0; i < FIELDS.length; i++) {
      if (this.#client[FIELDS[i] as 'baseURL'] === this.#fields[i]) continue;
      this.#fields = FIELDS.map((field) => this.#client[field]);
      this.#known.clear();
    }
    return this.#known.get(name);
  }

  /** @param state in which the request was begun: a key that was changed meanwhile must not come back. */
  keep(name: string, { url, req }: Built, state: object): void {
    if (state !== this.#fields) return;
    const again = this.#known.has(name);
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(name, again ? { url, headers: new Headers(req.headers) } : undefined);
  }
}

const patterns = new WeakMap<OpenAI, Patterns>();

function coveredBy(names: ReadonlySet<string>, options: object): boolean {
  for (const name of Object.keys(options)) if (!names.has(name)) return false;
  return true;
}

/** True when the SDK, which may take a body's word for it as it is written, would not change what the options say. */
function saysItStreams({ stream, body, __metadata: facts }: RequestOptions): boolean {
  return !facts?.streamFromBody || stream === ((body as { stream?: unknown }).stream === true);
}

/** The name of the pattern that this request follows; `undefined` = none. */
function patternOf({ client, endpoint, own, text, sending }: Outgoing): string | undefined {
  const { _options: options, idempotencyHeader } = client as unknown as Builder;
  if (text === undefined || own.method !== 'post' || endpoint.settings.type !== 'openai') return undefined;
  if (options.defaultHeaders || options.defaultQuery || client.fetchOptions || idempotencyHeader) return undefined;
  if (!coveredBy(COVERED, own) || (own.__metadata && !coveredBy(METADATA, own.__metadata))) return undefined;
  if (!saysItStreams(own)) return undefined;
  const { bearerAuth, adminAPIKeyAuth } = own.__security ?? { bearerAuth: 'any' };
  const time = 'timeout' in own ? own.timeout : '';
  const helper = own.__metadata?.helperMethod;
  return `${sending.index} ${time} ${bearerAuth} ${adminAPIKeyAuth} ${String(helper)} ${own.path}`;
}

/** Builds the request; the headers are its own, for hooks to change. */
export async function buildRequest(outgoing: Outgoing): Promise<Built> {
  const { client, own, text, sending } = outgoing;
  const name = patternOf(outgoing);
  let known: Patterns | undefined;
  let state: object | undefined;
  if (name !== undefined) {
    known = patterns.get(client);
    if (!known) {
      known = new Patterns(client);
      patterns.set(client, known);
    }
    const pattern = known.find(name);
    state = known.state;
    if (pattern) {
      const { url, headers } = pattern;
      return {
        url,
        pattern: headers,
        req: { method: 'post', headers: new Headers(headers), signal: own.signal as AbortSignal, body: text as string },
      };
    }
  }
  const putBack = text === undefined ? undefined : standIn(own);
  const built = await (client as unknown as Builder).buildRequest(own, { retryCount: sending.index });
  putBack?.();
  if (text !== undefined) built.req.body = text;
  if (name !== undefined && state) known?.keep(name, built, state);
  return built;
}
