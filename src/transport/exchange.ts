/**
 * One request under way, as undici tells of it: to the promise of its response first, then to the response's body.
 * Why undici's `dispatch` and not its `request`: that makes a stream of Node of every body, and a call that waits for a free
 * connection hears of its abort only when it got one.
 */
import { decoding } from './decoding.ts';
import { fastHeaders } from './fast-headers.ts';
import { fastResponse, NO_BODY } from './fast-response.ts';
import type { Sink } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';
import { type Controller, PendingExchange } from './pending-exchange.ts';
import { fetchFailed } from './transfer-errors.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of a body that a reply must not have, so much is let pass; then its connection is given up. Bytes. */
const UNWANTED = 128 * 1024;

/** Takes what nobody may read. */
class Unwanted implements Sink {
  readonly #controller: Controller;
  #left = UNWANTED;

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  push(part: Buffer): void {
    this.#left -= part.length;
    if (this.#left < 0) this.#controller.abort(new Error('a reply without a body has one'));
  }

  end(): void {}

  fail(): void {}
}

/** @throws nothing; what happens is told to `resolve` or `reject`; `undefined` = it redirects, and the standard fetch is to follow. */
export class Exchange extends PendingExchange<Response | undefined> {
  readonly #request: Outgoing;

  constructor(request: Outgoing, resolve: (response: Response | undefined) => void, reject: (error: unknown) => void) {
    super(request.signal, resolve, reject);
    this.#request = request;
  }

  onResponseStart(
    controller: Controller,
    status: number,
    raw: Parameters<typeof fastHeaders>[0],
    statusText = '',
  ): void {
    if (status < 200) return;
    const { method, redirect, url, signal } = this.#request;
    if (redirect !== 'manual' && REDIRECTS.has(status) && Object.hasOwn(raw, 'location')) {
      if (redirect === 'error') this.fail(fetchFailed(new Error('unexpected redirect')));
      else this.settle(undefined);
      controller.abort(new Error('redirected'));
      return;
    }
    if (status === 407) {
      // The standard fetch shows nobody what a proxy says, either.
      controller.abort(new Error('Proxy response (407): it asks for credentials of its own'));
      return;
    }
    const headers = fastHeaders(raw);
    const facts = { status, statusText, headers, url, signal };
    if (method === 'HEAD' || NO_BODY.has(status)) {
      this.sink = new Unwanted(controller);
      this.settle(fastResponse({ ...facts, source: null }));
      return;
    }
    try {
      const { sink, body } = decoding(headers.get('content-encoding'), controller);
      this.sink = sink;
      this.settle(fastResponse({ ...facts, source: body }));
    } catch (error) {
      controller.abort(error as Error);
    }
  }
}
