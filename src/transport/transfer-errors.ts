/** What goes wrong between two machines, in the words of the standard fetch: the SDK and the classifier go by them. */

/** What an aborted fetch rejects with. */
export function abortReason(signal: Pick<AbortSignal, 'reason'>): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/** No response came. */
export const fetchFailed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause });

/** The body of a response broke off. */
export function transferError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return abortReason(signal);
  return new TypeError('terminated', { cause: error });
}
