/**
 * How an attempt is told that nobody wants its reply any more. Why not a signal at once: Node's own costs as much as the choice of
 * an endpoint, hardly any attempt is ever ended, and not every port asks for one.
 */

import type { Ending } from '../transport/pending-exchange.ts';

/** The end of one attempt. */
export class AttemptEnd implements Ending {
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;
  /** The one who listens, where that is no signal. */
  #run: (() => void) | undefined;

  get aborted(): boolean {
    return this.#aborted || this.#controller?.signal.aborted === true;
  }

  get reason(): unknown {
    return this.#controller ? this.#controller.signal.reason : this.#reason;
  }

  /** One that ends with it, and it with that. Made when it is asked for. */
  get controller(): AbortController {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
      else if (this.#run) this.#controller.signal.addEventListener('abort', this.#run);
    }
    return this.#controller;
  }

  /** Ends it, once. */
  abort(reason: unknown): void {
    if (this.#controller) this.#controller.abort(reason);
    else if (!this.#aborted) {
      this.#aborted = true;
      this.#reason = reason;
      this.#run?.();
    }
  }

  /** Of those that listen the last one is told. */
  addEventListener(type: 'abort', run: () => void): void {
    if (this.#controller) this.#controller.signal.addEventListener(type, run);
    else this.#run = run;
  }

  removeEventListener(type: 'abort', run: () => void): void {
    this.#controller?.signal.removeEventListener(type, run);
    if (this.#run === run) this.#run = undefined;
  }
}
