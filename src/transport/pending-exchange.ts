/**
 * What every request under way over undici's `dispatch` has in common: who waits for its head, where its body goes, and the end of
 * both by an abort. What becomes of the head is each kind's own.
 */
import type { Dispatcher } from 'undici';
import type { Sink } from './incoming.ts';
import { abortReason, fetchFailed } from './transfer-errors.ts';

/** How a request is ended. */
export type Controller = Dispatcher.DispatchController;

/** Who ends a request: an `AbortSignal`, or what stands for one. */
export interface Ending {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', run: () => void): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

/** One request under way. */
export abstract class PendingExchange<Head> implements Dispatcher.DispatchHandler {
  readonly #signal: Ending | undefined;
  #resolve: ((head: Head) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #controller: Controller | undefined;
  /** Where the body goes. */
  protected sink: Sink | undefined;
  /** The caller aborts. Why a function: for an object that listens Node makes one that outlives the call. */
  #onAbort: (() => void) | undefined;

  /** @throws nothing; what happens is told to `resolve` or `reject`. */
  constructor(signal: Ending | undefined, resolve: (head: Head) => void, reject: (error: unknown) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (!signal) return;
    // By a name of its own: a function written straight into a field is made among V8's old objects, and keeps all that it sees
    // of the call until those are collected.
    const onAbort = () => {
      const reason = abortReason(signal);
      this.fail(reason);
      this.#controller?.abort(reason as Error);
    };
    this.#onAbort = onAbort;
    signal.addEventListener('abort', onAbort);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(abortReason(this.#signal) as Error);
  }

  onResponseData(_controller: Controller, part: Buffer): void {
    this.sink?.push(part);
  }

  onResponseEnd(): void {
    this.#leave();
    this.sink?.end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.fail(this.#reject ? fetchFailed(error) : this.broken(error));
  }

  /** The error of a body that broke. */
  protected broken(error: Error): unknown {
    return error;
  }

  /** The head is there. */
  protected settle(head: Head): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(head);
  }

  /** It is over: for who waits for the head, or for the body. */
  protected fail(error: unknown): void {
    this.#leave();
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (reject) reject(error);
    else this.sink?.fail(error);
  }

  #leave(): void {
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}
