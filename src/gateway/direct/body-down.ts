/** A body on its way down to the client: as fast as its reader reads, never ended as if it were whole when it is not. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { StreamEnd } from '../../dispatch/watched.ts';
import { IDLE_READER } from '../http/write-reply.ts';
import { endWith, writePart } from './one-piece.ts';
import type { BodyTaker, Passing } from './passing.ts';

/** Told of what passes, and of the end. */
export interface BodyWatcher {
  /** So many events go out. */
  passed(events: number): void;
  /** The body broke before its end. */
  broke(error: unknown): void;
}

/** One body on its way. */
export class BodyDown implements BodyTaker {
  readonly #response: ServerResponse;
  readonly #body: Passing;
  readonly #clock: Clock;
  readonly #watcher: BodyWatcher;
  readonly #done: (end: StreamEnd) => void;
  #cancel: (() => void) | undefined;
  #wrote = false;
  /** Taken and not yet written. */
  #pending: Buffer[] = [];
  #events = 0;

  private constructor(
    response: ServerResponse,
    body: Passing,
    clock: Clock,
    watcher: BodyWatcher,
    done: (end: StreamEnd) => void,
  ) {
    this.#response = response;
    this.#body = body;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#done = done;
  }

  /** Hands a body on. Resolves when it is over. */
  static pass(response: ServerResponse, body: Passing, clock: Clock, watcher: BodyWatcher): Promise<StreamEnd> {
    return new Promise((resolve) => {
      const down = new BodyDown(response, body, clock, watcher, resolve);
      body.to(down);
      // The reader may see that there is an answer before it says anything.
      if (!down.#wrote && !response.writableEnded) response.flushHeaders();
    });
  }

  take(bytes: Buffer, events: number): boolean {
    const response = this.#response;
    if (response.destroyed) return true;
    this.#wrote = true;
    this.#events += events;
    this.#pending.push(bytes);
    // What comes in one packet goes out in one piece.
    if (this.#pending.length === 1) queueMicrotask(this.#flush);
    return !response.writableNeedDrain;
  }

  readonly #flush = () => {
    const response = this.#response;
    const bytes = this.#taken();
    if (!bytes || response.destroyed || response.writableEnded || writePart(response, bytes) || this.#cancel) return;
    this.#cancel = this.#clock.after(IDLE_READER, () => response.destroy(), false);
    response.once('drain', this.#drained);
  };

  /** What waits, as one. */
  #taken(): Buffer | undefined {
    const pending = this.#pending;
    if (pending.length === 0) return undefined;
    this.#pending = [];
    this.#watcher.passed(this.#events);
    this.#events = 0;
    return pending.length === 1 ? pending[0] : Buffer.concat(pending);
  }

  over(end: StreamEnd, words?: Uint8Array): void {
    const response = this.#response;
    this.#wrote = true;
    this.#cancel?.();
    response.off('drain', this.#drained);
    const last = end.is === 'left' ? undefined : this.#taken();
    if (end.is === 'complete') endWith(response, last);
    else if (last) writePart(response, last);
    if (words) response.end(words);
    else if (end.is === 'failed') {
      // A head that comes together with the end of its connection some clients take for a connection that was lost before it.
      if (!response.destroyed) response.flushHeaders();
      setImmediate(() => {
        this.#watcher.broke(end.error);
        this.#done(end);
      });
      return;
    }
    this.#done(end);
  }

  readonly #drained = () => {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#body.goOn();
  };
}
