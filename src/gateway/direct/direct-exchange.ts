/** One request that went out directly, as undici tells of it. */
import type { Dispatcher } from 'undici';
import { decoding } from '../../transport/decoding.ts';
import { fastHeaders } from '../../transport/fast-headers.ts';
import { fastResponse, NO_BODY } from '../../transport/fast-response.ts';
import type { Flow, Incoming, Sink } from '../../transport/incoming.ts';
import { abortReason, fetchFailed, transferError } from '../../transport/transfer-errors.ts';
import { DirectReply } from './direct-reply.ts';

type Controller = Dispatcher.DispatchController;
type RawHeaders = Parameters<typeof fastHeaders>[0];

/** A reply that is no good one, for the SDK to make its error of. */
export class RefusedReply {
  readonly response: Response;

  constructor(response: Response) {
    this.response = response;
  }
}

/** Hands on what comes out of a decoder, as fast as it is taken. */
class Pouring implements Flow {
  readonly #source: Incoming;
  #paused: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  constructor(source: Incoming) {
    this.#source = source;
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#paused = undefined;
    this.#resume?.();
  }

  abort(reason: Error): void {
    this.#source.destroy(reason);
    this.resume();
  }

  async into(reply: DirectReply): Promise<void> {
    try {
      for await (const part of this.#source) {
        reply.push(part);
        if (this.#paused) await this.#paused;
      }
      reply.end();
    } catch (error) {
      reply.fail(transferError(error, undefined));
    }
  }
}

/** One exchange: its head is told to `resolve` or `reject`, its body to the reply. */
export class DirectExchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #url: string;
  #resolve: ((reply: DirectReply | RefusedReply) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #controller: Controller | undefined;
  #sink: Sink | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    url: string,
    signal: AbortSignal,
    resolve: (reply: DirectReply | RefusedReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.#url = url;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    // By a name of its own: a function written straight into a field is made among V8's old objects.
    const onAbort = () => {
      const reason = abortReason(signal);
      this.#fail(reason);
      this.#controller?.abort(reason as Error);
    };
    this.#onAbort = onAbort;
    signal.addEventListener('abort', onAbort);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(abortReason(this.#signal) as Error);
  }

  onResponseStart(controller: Controller, status: number, raw: RawHeaders, statusText = ''): void {
    if (status < 200) return;
    if (status === 407) {
      controller.abort(new Error('Proxy response (407): it asks for credentials of its own'));
      return;
    }
    const encoding = raw['content-encoding'];
    const isPlain = encoding === undefined || encoding === 'identity';
    if (status < 300 && isPlain) {
      const reply = new DirectReply(status, raw, this.#url, controller);
      this.#sink = reply;
      this.#settle(reply);
      return;
    }
    try {
      const { sink, body } = decoding(Array.isArray(encoding) ? encoding.join() : (encoding ?? null), controller);
      this.#sink = sink;
      if (status < 300) {
        const pouring = new Pouring(body);
        const reply = new DirectReply(status, raw, this.#url, pouring, true);
        this.#settle(reply);
        void pouring.into(reply);
        return;
      }
      const source = NO_BODY.has(status) ? null : body;
      const facts = { status, statusText, headers: fastHeaders(raw), url: this.#url, signal: undefined, source };
      this.#settle(new RefusedReply(fastResponse(facts)));
    } catch (error) {
      controller.abort(error as Error);
    }
  }

  onResponseData(_controller: Controller, part: Buffer): void {
    this.#sink?.push(part);
  }

  onResponseEnd(): void {
    this.#leave();
    this.#sink?.end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(this.#reject ? fetchFailed(error) : transferError(error, undefined));
  }

  #settle(reply: DirectReply | RefusedReply): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(reply);
  }

  #fail(error: unknown): void {
    this.#leave();
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (reject) reject(error);
    else this.#sink?.fail(error);
  }

  #leave(): void {
    if (this.#onAbort) this.#signal.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}
