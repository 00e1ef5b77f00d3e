/**
 * Lets the caller's signal abort a reply that was handed out, without the signal keeping the reply alive.
 * Why weak: applications pass one long-lived signal to thousands of calls; listeners left on it would hold every reply.
 */

interface Link {
  readonly signal: AbortSignal;
  readonly listener: () => void;
}

const collected = new FinalizationRegistry<Link>(({ signal, listener }) =>
  signal.removeEventListener('abort', listener),
);
/** The response holds its controller, so that the link lives exactly as long as the reply. */
const controllers = new WeakMap<Response, AbortController>();

/** Aborts `controller` when `signal` aborts, for as long as `response` is in use. @returns ends the link. */
export function linkAbort(
  signal: AbortSignal | undefined,
  controller: AbortController,
  response: Response,
): () => void {
  if (!signal) return () => undefined;
  if (signal.aborted) controller.abort();
  const weak = new WeakRef(controller);
  const listener = () => weak.deref()?.abort();
  signal.addEventListener('abort', listener, { once: true });
  controllers.set(response, controller);
  collected.register(response, { signal, listener });
  return () => signal.removeEventListener('abort', listener);
}
