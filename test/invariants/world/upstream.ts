// Endpoints that exist only in memory: a `fetch` whose answers are given by hand, head and body apart, on the test's clock.
// Why below the SDK and not a fake `send`: so the seam, the checks of replies and the watch over streams take part as well.

/** How a request is answered up to its headers. */
export type Answer =
  /** All of it at once. */
  | { readonly is: 'ok' }
  /** The headers alone; the body follows by `say`. */
  | { readonly is: 'begin' }
  | {
      readonly is: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly code?: string;
    }
  | { readonly is: 'bad'; readonly how: 'html' | 'empty' | 'cut' | 'error' }
  | { readonly is: 'lost'; readonly code: 'ECONNREFUSED' | 'ECONNRESET' | 'ENOTFOUND' };

/** What comes next in a body that was begun. */
export type Word = 'preamble' | 'content' | 'end' | 'cut' | 'stop' | 'error' | 'garbage' | 'comment';

const encoder = new TextEncoder();
const line = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

/** One request as it arrived at an endpoint. */
export class Asked {
  /** What is to come next. */
  phase: 'head' | 'body' | 'over' = 'head';
  /** The client gave it up. */
  gone = false;
  answered: Answer | undefined;
  readonly words: Word[] = [];
  readonly endpoint: string;
  readonly call: number;
  /** Which attempt of its call it is, from 0. */
  readonly index: number;
  readonly at: number;
  readonly number: number;
  readonly stream: boolean;
  /** It asks for a file. */
  readonly object: boolean;
  readonly #path: string;
  readonly #model: string;
  readonly #settle: { resolve(response: Response): void; reject(error: unknown): void };
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(
    facts: { endpoint: string; call: number; index: number; at: number; number: number; path: string },
    body: { model?: string; stream?: boolean },
    signal: AbortSignal | null | undefined,
    settle: { resolve(response: Response): void; reject(error: unknown): void },
  ) {
    this.endpoint = facts.endpoint;
    this.call = facts.call;
    this.index = facts.index;
    this.at = facts.at;
    this.number = facts.number;
    this.stream = body.stream === true;
    this.object = facts.path.includes('/files');
    this.#path = facts.path;
    this.#model = body.model ?? '';
    this.#settle = settle;
    const abort = () => this.#abort(signal?.reason);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  }

  /** Sends the headers, and the body too unless it is only begun. */
  answer(how: Answer): void {
    if (this.phase !== 'head') throw new Error('answered twice');
    this.answered = how;
    this.phase = 'over';
    if (how.is === 'lost') {
      const cause = Object.assign(new Error(how.code), { code: how.code });
      this.#settle.reject(new TypeError('fetch failed', { cause }));
    } else if (how.is === 'status') {
      const error = { message: `status ${how.status}`, code: how.code ?? null, type: null };
      this.#respond(JSON.stringify({ error }), how.status, { 'content-type': 'application/json', ...how.headers });
    } else if (how.is === 'bad') {
      const bodies = { html: '<html></html>', empty: '', cut: '{"id":"x","cho', error: '{"error":{"message":"sick"}}' };
      this.#respond(bodies[how.how], 200, { 'content-type': how.how === 'html' ? 'text/html' : 'application/json' });
    } else {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#body = controller;
        },
        cancel: () => {
          this.phase = 'over';
          this.gone = true;
        },
      });
      this.phase = 'body';
      this.#respond(body, 200, { 'content-type': this.stream ? 'text/event-stream' : 'application/json' });
      if (how.is === 'ok')
        for (const word of this.stream ? (['content', 'end'] as const) : (['end'] as const)) this.say(word);
    }
  }

  /** Sends a piece of the body. Of a plain reply there is only one piece: `end` sends it whole, every fault cuts it. */
  say(given: Word): void {
    const word = this.stream || given === 'end' || given === 'cut' ? given : 'stop';
    if (this.phase !== 'body') throw new Error('there is no body to go on with');
    this.words.push(word);
    if (word === 'cut') {
      this.phase = 'over';
      this.#body?.error(
        new TypeError('terminated', {
          cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
        }),
      );
      return;
    }
    const text = this.stream ? this.#event(word) : word === 'end' ? JSON.stringify(this.#json()) : '{"id":';
    if (text !== '') this.#body?.enqueue(encoder.encode(text));
    if (this.stream && word !== 'end' && word !== 'stop') return;
    this.phase = 'over';
    this.#body?.close();
  }

  #event(word: Word): string {
    const chunk = (delta: object, reason: string | null = null) =>
      line({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] });
    if (word === 'preamble') return chunk({ role: 'assistant', content: '' });
    if (word === 'content') return chunk({ content: `<${this.number}>` });
    if (word === 'end') return `${chunk({}, 'stop')}data: [DONE]\n\n`;
    if (word === 'error') return line({ error: { message: 'sick', type: 'server_error' } });
    if (word === 'comment') return ': still here\n\n';
    return word === 'garbage' ? line('{"choices": [') : '';
  }

  #json(): object {
    const message = { role: 'assistant', content: `<${this.number}>` };
    if (this.#path.endsWith('/responses'))
      return { id: `resp_${this.number}`, object: 'response', status: 'queued', output: [] };
    if (this.object) return { id: 'file-1', object: 'file' };
    return {
      id: 'c',
      object: 'chat.completion',
      model: this.#model,
      choices: [{ index: 0, finish_reason: 'stop', message }],
    };
  }

  #respond(body: string | ReadableStream<Uint8Array>, status: number, headers: Record<string, string>): void {
    this.#settle.resolve(new Response(body, { status, headers: { 'x-request-id': `req_${this.number}`, ...headers } }));
  }

  #abort(reason: unknown): void {
    if (this.phase === 'over') return;
    const { phase } = this;
    this.phase = 'over';
    this.gone = true;
    if (phase === 'head') this.#settle.reject(reason);
    else this.#body?.error(reason);
  }
}

/** The endpoints of a test: `http://<name>.test`. */
export interface Upstream {
  readonly fetch: typeof globalThis.fetch;
  /** Every request, in order of arrival. */
  readonly asked: readonly Asked[];
  /** Told of each request as it arrives; may answer it. */
  arrived: (asked: Asked) => void;
}

/** Endpoints without a request so far. */
export function upstream(clock: { now(): number }): Upstream {
  const asked: Asked[] = [];
  const self: Upstream = {
    asked,
    arrived: () => undefined,
    fetch: (input, init) =>
      new Promise<Response>((resolve, reject) => {
        const url = new URL(String(input));
        const headers = new Headers(init?.headers);
        const facts = {
          endpoint: url.hostname.split('.')[0] as string,
          call: Number(headers.get('x-call')),
          index: Number(headers.get('x-stainless-retry-count')),
          ...{ at: clock.now(), number: asked.length, path: url.pathname },
        };
        const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as object) : {};
        const one = new Asked(facts, body, init?.signal, { resolve, reject });
        asked.push(one);
        self.arrived(one);
      }),
  };
  return self;
}
