/** Knows replies that are not like those of this process's `fetch`: a user's own may give any. */

/**
 * True for a reply whose body is no web stream: those of `node-fetch` have streams of Node, and what tests put in a reply's place
 * often has none. It knows by itself how to be read.
 */
export function isForeign(response: Response): boolean {
  if (response instanceof Response) return false;
  const { body } = response as { body?: { getReader?: unknown } | null };
  return body !== null && typeof body?.getReader !== 'function';
}
