/**
 * A `Response` over an undici reply. Text and JSON are read straight from the socket's buffers; a real `Response` with its web
 * stream is built only for those who ask for more.
 */
import { ChunkReader } from './chunk-reader.ts';
import type { Incoming } from './incoming.ts';
import { abortReason, transferError } from './transfer-errors.ts';
import { uncloneable } from './uncloneable.ts';
import { streamOf } from './web-stream.ts';

/** What a reply is made of. */
export interface Facts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  /** `null`: the reply has no body. */
  readonly source: Incoming | null;
  readonly signal: AbortSignal | undefined;
}

/** Statuses whose replies have no body. */
export const NO_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** Replies and streams that nobody reads to the end and nobody cancels free their connection when they are collected. */
const abandoned = new FinalizationRegistry<Incoming>((source) => source.destroy());

const EMPTY = Buffer.alloc(0);

const startsWithMark = (bytes: Buffer) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** Why a symbol for all: the transport may be another copy of this module than whoever reads. */
const CHUNKS = Symbol.for('load-balanced-openai.chunks');
const TAKEN = Symbol.for('load-balanced-openai.taken');

const unusable = () => new TypeError('Body is unusable: Body has already been read');

let sourceOf: (response: Response) => Incoming | null;

/** What a `Response` is for its user. */
class FastResponse {
  static {
    sourceOf = (response) => (response as unknown as FastResponse).#facts.source;
  }

  readonly #facts: Facts;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  readonly type = 'default';
  readonly redirected = false;
  /** Stands for it once somebody wanted what only a real one can do. */
  #real: Response | undefined;

  constructor(facts: Facts) {
    this.#facts = facts;
    this.status = facts.status;
    this.statusText = facts.statusText;
    this.headers = facts.headers;
    this.url = facts.url;
    uncloneable(this);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get bodyUsed(): boolean {
    return this.#facts.source?.used === true || this.#real?.bodyUsed === true;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#facts.source === null && !this.#real ? null : this.#standard().body;
  }

  /** Whether somebody reads the body; asking makes no web stream. */
  get [TAKEN](): boolean {
    if (Object.hasOwn(this, 'body')) return this.body?.locked === true;
    return this.#facts.source?.used === true || this.#real?.body?.locked === true;
  }

  /** Takes the body for somebody who reads chunk by chunk and frees its connection himself. */
  [CHUNKS](): ChunkReader | undefined {
    const { source, signal } = this.#facts;
    if (source === null || this.#real || source.used) return undefined;
    // Somebody put another one in its place.
    if (Object.hasOwn(this, 'body')) return undefined;
    source.used = true;
    abandoned.unregister(source);
    return new ChunkReader(source, signal);
  }

  #standard(): Response {
    if (this.#real) return this.#real;
    const { source, signal, status, headers } = this.#facts;
    // What was read already, or is being read, cannot be read again through the real one either.
    const spent = source?.used ? new ReadableStream<Uint8Array>() : undefined;
    const body = source && (spent ?? streamOf(source, signal, source));
    if (source && body) {
      // From now on it is the stream that somebody holds.
      abandoned.unregister(source);
      if (!spent && !source.over) abandoned.register(body, source, source);
    }
    // Servers may send statuses, and words for them, that nobody may construct.
    this.#real = new Response(body, { status: status > 599 ? 599 : status, headers });
    void spent?.cancel();
    spent?.getReader();
    return this.#real;
  }

  /** Reads the body once, without a web stream in between. */
  async #bytes(): Promise<Buffer> {
    const { source, signal } = this.#facts;
    if (source === null) return EMPTY;
    if (source.used) throw unusable();
    if (this.#real) return Buffer.from(await this.#real.arrayBuffer());
    source.used = true;
    abandoned.unregister(source);
    if (signal?.aborted) throw abortReason(signal);
    try {
      return await source.bytes();
    } catch (error) {
      throw transferError(error, signal);
    }
  }

  async text(): Promise<string> {
    const bytes = await this.#bytes();
    return bytes.toString('utf8', startsWithMark(bytes) ? 3 : 0);
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#bytes());
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
    // A real one that was not fetched has no address, and none of what nobody may construct.
    for (const name of ['url', 'status', 'statusText'] as const)
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
export const fastResponse = (facts: Facts): Response => new FastResponse(facts) as unknown as Response;

/**
 * Sees to it that the connection of a reply that is dropped unread becomes free.
 * Why later than the reply is made: most bodies are there whole by now, and need none of it.
 */
export function freedWhenDropped(response: Response): Response {
  const source = sourceOf(response);
  if (source && !source.over) abandoned.register(response, source, source);
  return response;
}

/** The chunks of a body that came by the fast transport and that nobody has begun to read, without a web stream; else `undefined`. */
export function chunksOf(response: Response): ChunkReader | undefined {
  return (response as { [CHUNKS]?: () => ChunkReader | undefined })[CHUNKS]?.();
}

/** True when somebody has the body's reader. */
export const isTaken = (response: Response): boolean =>
  (response as { [TAKEN]?: boolean })[TAKEN] ?? response.body?.locked === true;
