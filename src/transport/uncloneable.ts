/** Keeps what stands for a `Response` and its `Headers` from being copied by `structuredClone`, as theirs are not. */
import * as threads from 'node:worker_threads';

/**
 * Marks a thing so; nothing happens on a Node that cannot.
 * Why: whoever holds a reply of the SDK would hand its request on with it, key and all, where a real one refuses to be copied.
 */
export const uncloneable: (thing: object) => void =
  (threads as { markAsUncloneable?: (thing: object) => void }).markAsUncloneable ?? (() => undefined);
