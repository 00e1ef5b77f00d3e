/**
 * Waiting for something to become true, woken by events instead of by polling. Used by `faultServer().until` and the event recorder.
 */

/** A place to wait at. */
export interface Waiters {
  /** Something happened: look again whether what somebody waits for is true. */
  look(): void;
  /** Resolves once `is` holds; rejects after `ms` with `what` in its message. */
  until(is: () => boolean, ms: number, what: string): Promise<void>;
  /** Rejects whoever still waits. */
  end(): void;
}

/** An empty place to wait at. */
export function waiters(): Waiters {
  const waiting = new Set<{ look(): void; end(why: string): void }>();
  return {
    look: () => {
      for (const waiter of [...waiting]) waiter.look();
    },
    end: () => {
      for (const waiter of [...waiting]) waiter.end('closed before it happened');
    },
    until: (is, ms, what) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => waiter.end(`did not happen within ${ms} ms`), ms);
        const waiter = {
          look() {
            try {
              if (!is()) return;
              resolve();
            } catch (error) {
              reject(error);
            }
            leave();
          },
          end(why: string) {
            reject(new Error(`${what} ${why}`));
            leave();
          },
        };
        const leave = () => {
          clearTimeout(timer);
          waiting.delete(waiter);
        };
        waiting.add(waiter);
        waiter.look();
      }),
  };
}
