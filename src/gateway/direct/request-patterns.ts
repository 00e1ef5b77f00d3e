/**
 * The address and the headers of an endpoint's requests as the SDK makes them, made once for calls that differ in nothing but their
 * body and what their callers say: key, account, the vendor's own headers, Azure's addresses.
 */
import type { OpenAI } from 'openai';
import type { RequestOptions } from '../../sdk/call-of.ts';

/** Where requests of one kind go, and what they say of themselves. */
export interface RequestPattern {
  readonly url: string;
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case and values, in turn. */
  readonly rows: readonly string[];
}

interface Builder {
  buildRequest(
    options: RequestOptions,
    facts: { retryCount: number },
  ): Promise<{ readonly req: { readonly headers: Headers }; readonly url: string }>;
}

/** What the SDK puts into a request of the client itself; when it changes, so do the patterns. */
const FIELDS = ['baseURL', 'apiKey', 'adminAPIKey', 'organization', 'project'] as const;
/** So many of one client; more are not of one kind any more. */
const KEPT = 200;

class Patterns {
  readonly known = new Map<string, RequestPattern>();
  /** The one that was asked for last. */
  latest: { readonly kind: RequestKind; readonly pattern: RequestPattern } | undefined;
  readonly #client: OpenAI;
  #fields: readonly unknown[];

  constructor(client: OpenAI) {
    this.#client = client;
    this.#fields = FIELDS.map((name) => client[name]);
  }

  /** Names the state of the client that the patterns follow; forgets those of another one. */
  get state(): object {
    for (let i = 0; i < FIELDS.length; i++) {
      if (this.#client[FIELDS[i] as 'baseURL'] === this.#fields[i]) continue;
      this.#fields = FIELDS.map((field) => this.#client[field]);
      this.known.clear();
      this.latest = undefined;
    }
    return this.#fields;
  }
}

const patterns = new WeakMap<OpenAI, Patterns>();

function patternsOf(client: OpenAI): Patterns {
  let found = patterns.get(client);
  if (!found) {
    found = new Patterns(client);
    patterns.set(client, found);
  }
  return found;
}

/** What tells requests apart. */
export interface RequestKind {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, unknown> | undefined;
  /** The endpoint's own name of the model. */
  readonly model: string | undefined;
  /** Which attempt of its call it is for, from 0. */
  readonly index: number;
}

const nameOf = ({ method, path, model, index }: RequestKind) => `${index} ${method} ${path} ${model ?? ''}`;

async function build(client: OpenAI, { method, path, query, model, index }: RequestKind): Promise<RequestPattern> {
  const own = {
    ...{ method, path, maxRetries: index, body: model === undefined ? {} : { model } },
    ...(query && { query }),
    ...(model !== undefined && { __metadata: { model } }),
  } as unknown as RequestOptions;
  const { req, url } = await (client as unknown as Builder).buildRequest(own, { retryCount: index });
  const { origin, pathname, search } = new URL(url);
  const rows: string[] = [];
  // The length is the body's, which is another one.
  for (const [name, value] of req.headers) if (name !== 'content-length') rows.push(name, value);
  return { url, origin, path: pathname + search, rows };
}

const isSame = (one: RequestKind, other: RequestKind) =>
  one.path === other.path && one.index === other.index && one.method === other.method && one.model === other.model;

/** The pattern of a request, where it is known: else it is to be made. */
export function knownPattern(client: OpenAI, kind: RequestKind): RequestPattern | undefined {
  const all = patternsOf(client);
  if (kind.query || !all.state) return undefined;
  // Most calls are like the one before; to put their name together takes longer than to compare.
  if (all.latest && isSame(all.latest.kind, kind)) return all.latest.pattern;
  const pattern = all.known.get(nameOf(kind));
  if (pattern) all.latest = { kind, pattern };
  return pattern;
}

/** Makes the pattern of a request. @throws what the SDK throws. */
export async function makePattern(client: OpenAI, kind: RequestKind): Promise<RequestPattern> {
  const all = patternsOf(client);
  const { state } = all;
  const pattern = await build(client, kind);
  // One that was begun in another state must not come back with its key.
  if (kind.query || all.state !== state) return pattern;
  if (all.known.size >= KEPT) all.known.clear();
  all.known.set(nameOf(kind), pattern);
  return pattern;
}
