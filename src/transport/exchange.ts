/**
 * One request under way, as undici tells of it: to the promise of its response first, then to the response's body.
 * Why undici's `dispatch` and not its `request`: that makes a stream of Node of every body, and a call that waits for a free
 * connection hears of its abort only when it got one.
 */
import type { Dispatcher } from 'undici';
import { decoding } from './decoding.ts';
import { fastHeaders } from './fast-headers.ts';
import { fastResponse, NO_BODY } from './fast-response.ts';
import type { Sink } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';
import { abortReason, fetchFailed } from './transfer-errors.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of a body that a reply must not have, so much is let pass; then its connection is given up. Bytes. */
const UNWANTED = 128 * 1024;

type Controller = Dispatcher.DispatchController;

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

/** Who waits for the response; `undefined` = it redirects, and the standard fetch is to follow. */
type Waiting = (response: Response | undefined) => void;

/** @throws nothing; what happens is told to `resolve` or `reject`. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: Outgoing;
  #resolve: Waiting | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #controller: Controller | undefined;
  #sink: Sink | undefined;
  /** The caller aborts. Why a function: for an object that listens Node makes one that outlives the call. */
  #onAbort: (() => void) | undefined;

  constructor(request: Outgoing, resolve: Waiting, reject: (error: unknown) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal } = request;
    if (!signal) return;
    // By a name of its own: a function written straight into a field is made among V8's old objects, and keeps all that it sees
    // of the call until those are collected.
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
    const { signal } = this.#request;
    if (signal?.aborted) controller.abort(abortReason(signal) as Error);
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
      if (redirect === 'error') this.#fail(fetchFailed(new Error('unexpected redirect')));
      else this.#settle(undefined);
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
      this.#sink = new Unwanted(controller);
      this.#settle(fastResponse({ ...facts, source: null }));
      return;
    }
    try {
      const { sink, body } = decoding(headers.get('content-encoding'), controller);
      this.#sink = sink;
      this.#settle(fastResponse({ ...facts, source: body }));
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
    this.#fail(this.#reject ? fetchFailed(error) : error);
  }

  #settle(response: Response | undefined): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(response);
  }

  #fail(error: unknown): void {
    this.#leave();
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (reject) reject(error);
    else this.#sink?.fail(error);
  }

  #leave(): void {
    if (this.#onAbort) this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}
