/**
 * Reads that several calls wait for at once are made once. Why each waits by itself: one of them giving up must not end the
 * read for the others, nor may it outlast the time that this one has; nobody waiting any more ends it.
 */
import type { Clock } from '../clock.ts';
import { abortError, timeoutError } from '../errors.ts';

interface Running {
  readonly done: Promise<unknown>;
  readonly stop: AbortController;
  waiting: number;
}

/** How long one call waits. */
export interface Patience {
  readonly signal: AbortSignal | undefined;
  /** In monotonic ms. */
  readonly deadline: number;
}

/** Over, or given up: whoever comes now reads anew. */
function end(reads: Map<string, Running>, key: string, running: Running): void {
  if (reads.get(key) === running) reads.delete(key);
}

function begin(reads: Map<string, Running>, key: string, read: (signal: AbortSignal) => Promise<unknown>): Running {
  const stop = new AbortController();
  const running: Running = { done: read(stop.signal), stop, waiting: 0 };
  reads.set(key, running);
  const ended = () => end(reads, key, running);
  running.done.then(ended, ended);
  return running;
}

/** The reads that run now. */
export class SharedReads {
  readonly #scopes = new WeakMap<object, Map<string, Running>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits for the read called `key`, begun with `read` unless it runs already.
   * @param scope reads of one scope are shared.
   * @throws what the read threw, or what the SDK throws when the caller aborts or its time is up.
   */
  async join<T>(scope: object, key: string, patience: Patience, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const reads = this.#scopes.get(scope) ?? new Map<string, Running>();
    this.#scopes.set(scope, reads);
    const running = reads.get(key) ?? begin(reads, key, read);
    running.waiting += 1;
    try {
      return (await this.within(patience, running.done)) as T;
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0) {
        running.stop.abort();
        end(reads, key, running);
      }
    }
  }

  /**
   * What `done` comes to, as long as one call may wait for it.
   * @throws what that rejects with, or what the SDK throws when the caller aborts or its time is up.
   */
  within<T>(patience: Patience, done: Promise<T>): Promise<T> {
    const { signal, deadline } = patience;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(deadline - this.#clock.now(), () => settle(() => reject(timeoutError())));
      const abort = () => settle(() => reject(abortError(signal)));
      const settle = (tell: () => void) => {
        cancel();
        signal?.removeEventListener('abort', abort);
        tell();
      };
      signal?.addEventListener('abort', abort, { once: true });
      done.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
      if (signal?.aborted) abort();
    });
  }
}
