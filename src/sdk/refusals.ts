/** Error replies as they came, kept for callers who want bytes: the SDK reads a body to make its error, and cannot give it back. */

/** An error reply. */
export interface Refusal {
  readonly response: Response;
  readonly headers: Headers;
  /** The status it shall be shown with, where its own says success. */
  readonly status: number | undefined;
  /** `undefined` = what came of it is only in the error. */
  readonly body: Uint8Array | undefined;
}

const refusals = new WeakMap<object, Refusal>();

/** The words of a server, without the keys that it repeats: then, and only then, they change. @param safe takes them out. */
export function withoutSecrets(body: Uint8Array, safe: (text: unknown) => unknown): Uint8Array {
  const text = new TextDecoder().decode(body);
  const clean = String(safe(text));
  return clean === text ? body : Buffer.from(clean);
}

/**
 * Keeps the reply that an error was made of.
 * @param error as the caller may see it, its headers among it.
 * @param safe takes the attempt's credentials out.
 */
export function keepRefusal(
  error: unknown,
  response: Response,
  body: Uint8Array,
  safe: (text: unknown) => unknown,
  status?: number,
): void {
  if (typeof error !== 'object' || error === null) return;
  const { headers } = error as { headers?: unknown };
  refusals.set(error, {
    response,
    status,
    headers: headers instanceof Headers ? headers : response.headers,
    body: withoutSecrets(body, safe),
  });
}

/** The reply behind an error, if there was one. */
export function refusalOf(error: unknown): Refusal | undefined {
  return typeof error === 'object' && error !== null ? refusals.get(error) : undefined;
}
