/**
 * A `Response` over an undici reply. Text and JSON are read straight from the socket's buffers; a real `Response` with its web
 * stream is built only for those who ask for more.
 */
import { abortReason, bytesOf, type Source, textOf, transferError } from './body-source.ts';
import { streamOf } from './web-stream.ts';

/** What a reply is made of. */
export interface Facts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  /** `null`: the reply has no body. */
  readonly source: Source | null;
  readonly signal: AbortSignal | undefined;
}

/** Statuses whose replies have no body. */
export const NO_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** Replies and streams that nobody reads to the end and nobody cancels free their connection when they are collected. */
const abandoned = new FinalizationRegistry<Source>((source) => source.on('error', () => undefined).destroy());

const unusable = () => new TypeError('Body is unusable: Body has already been read');

/** What a `Response` is for its user. */
class FastResponse {
  readonly #facts: Facts;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  readonly type = 'default';
  readonly redirected = false;
  /** Apart, so that a stream which tells it holds nothing of its reply: a body that is dropped can be collected. */
  readonly #reading = { used: false };
  /** Stands for it once somebody wanted what only a real one can do. */
  #real: Response | undefined;

  constructor(facts: Facts) {
    this.#facts = facts;
    this.status = facts.status;
    this.statusText = facts.statusText;
    this.headers = facts.headers;
    this.url = facts.url;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get bodyUsed(): boolean {
    return this.#reading.used || this.#real?.bodyUsed === true;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#facts.source === null && !this.#real ? null : this.#standard().body;
  }

  #standard(): Response {
    if (this.#real) return this.#real;
    const { source, signal, status, statusText, headers } = this.#facts;
    const reading = this.#reading;
    // What was read already, or is being read, cannot be read again through the real one either.
    const spent = this.#reading.used ? new ReadableStream<Uint8Array>() : undefined;
    const body = source === null ? null : (spent ?? streamOf(source, signal, reading));
    if (source && body) {
      // From now on it is the stream that somebody holds.
      abandoned.unregister(source);
      if (!spent) abandoned.register(body, source, source);
    }
    // Servers may send statuses that nobody may construct.
    this.#real = new Response(body, { status: status > 599 ? 599 : status, statusText, headers });
    void spent?.cancel();
    return this.#real;
  }

  /** Reads the body once, without a web stream in between. */
  async #read<Value>(
    fast: (source: Source) => Promise<Value>,
    standard: (real: Response) => Promise<Value>,
    empty: () => Value,
  ): Promise<Value> {
    if (this.#reading.used) throw unusable();
    if (this.#real) return standard(this.#real);
    const { source, signal } = this.#facts;
    if (source === null) return empty();
    this.#reading.used = true;
    abandoned.unregister(source);
    if (signal?.aborted) throw abortReason(signal);
    try {
      return await fast(source);
    } catch (error) {
      throw error instanceof SyntaxError ? error : transferError(error, signal);
    }
  }

  text(): Promise<string> {
    return this.#read(
      textOf,
      (real) => real.text(),
      () => '',
    );
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(
      async (source) => new Uint8Array(await bytesOf(source)),
      async (real) => new Uint8Array(await real.arrayBuffer()),
      () => new Uint8Array(),
    );
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' });
  }

  formData(): Promise<FormData> {
    return this.#standard().formData();
  }

  clone(): Response {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = this.#standard().clone();
    // A real one that was not fetched has no address, and no status beyond 599.
    for (const name of ['url', 'status'] as const)
      Object.defineProperty(copy, name, { value: this[name], configurable: true });
    return copy;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    const { status, statusText, ok, url, bodyUsed } = this;
    return { status, statusText, ok, url, bodyUsed, headers: Object.fromEntries(this.headers) };
  }
}

// `instanceof Response` holds for it, too.
if (typeof Response === 'function') Object.setPrototypeOf(FastResponse.prototype, Response.prototype);

/** The reply to one request. */
export function fastResponse(facts: Facts): Response {
  const response = new FastResponse(facts);
  if (facts.source) abandoned.register(response, facts.source, facts.source);
  return response as unknown as Response;
}
