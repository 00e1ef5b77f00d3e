/** The session that a call's own headers name, if any. Pure. */

/** Headers that name a session, as agents and gateways send them. */
const SESSION_HEADERS: ReadonlySet<string> = new Set([
  'x-session-id',
  'session-id',
  'session_id',
  'x-conversation-id',
  'conversation_id',
]);

const NAMES = [...SESSION_HEADERS];

/** Do these name one? @param headers by name in lower case. */
export const namesSession = (headers: Readonly<Record<string, string>>): boolean =>
  NAMES.some((name) => headers[name] !== undefined && headers[name] !== '');

/** Of plain headers. */
function sessionOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '' && SESSION_HEADERS.has(name.toLowerCase())) return value;
  }
  return undefined;
}

/** The session's name. @param headers in any form the SDK takes */
export function sessionIn(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (Object.getPrototypeOf(headers) === Object.prototype && !('values' in headers))
    return sessionOf(headers as Record<string, unknown>);
  const inner = (headers as { values?: unknown }).values;
  const bag = inner instanceof Headers ? inner : headers;
  const rows = Array.isArray(bag) || bag instanceof Headers ? bag : Object.entries(bag);
  for (const [name, value] of rows as Iterable<[string, unknown]>) {
    if (typeof value === 'string' && value !== '' && SESSION_HEADERS.has(String(name).toLowerCase())) return value;
  }
  return undefined;
}
