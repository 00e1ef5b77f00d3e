/** A bound for code that is not ours. */
import type { Clock } from '../clock.ts';

/**
 * What `work` comes to, if it does so in time.
 * @param keepAlive `false` lets the process end before the time is over.
 * @throws what it throws, at once or later, or that it took too long; what it comes to after that is nobody's concern.
 */
export function within<Value>(
  clock: Clock,
  ms: number,
  keepAlive: boolean,
  work: () => PromiseLike<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)), keepAlive);
    work().then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}
