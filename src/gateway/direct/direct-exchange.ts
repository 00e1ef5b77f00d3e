/** One request that went out directly, as undici tells of it. */
import { decoding } from '../../transport/decoding.ts';
import { fastHeaders } from '../../transport/fast-headers.ts';
import { fastResponse, NO_BODY } from '../../transport/fast-response.ts';
import type { Flow, Incoming } from '../../transport/incoming.ts';
import { type Controller, type Ending, PendingExchange } from '../../transport/pending-exchange.ts';
import { transferError } from '../../transport/transfer-errors.ts';
import { DirectReply } from './direct-reply.ts';

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
export class DirectExchange extends PendingExchange<DirectReply | RefusedReply> {
  readonly #url: string;

  constructor(
    url: string,
    signal: Ending,
    resolve: (reply: DirectReply | RefusedReply) => void,
    reject: (error: unknown) => void,
  ) {
    super(signal, resolve, reject);
    this.#url = url;
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
      this.sink = reply;
      this.settle(reply);
      return;
    }
    try {
      const { sink, body } = decoding(Array.isArray(encoding) ? encoding.join() : (encoding ?? null), controller);
      this.sink = sink;
      if (status < 300) {
        const pouring = new Pouring(body);
        const reply = new DirectReply(status, raw, this.#url, pouring, true);
        this.settle(reply);
        void pouring.into(reply);
        return;
      }
      const source = NO_BODY.has(status) ? null : body;
      const facts = { status, statusText, headers: fastHeaders(raw), url: this.#url, signal: undefined, source };
      this.settle(new RefusedReply(fastResponse(facts)));
    } catch (error) {
      controller.abort(error as Error);
    }
  }

  protected override broken(error: Error): unknown {
    return transferError(error, undefined);
  }
}
