/**
 * By what a key is looked up: its SHA-256. A connection brings the same key with nearly every call, so that it is worked out once for as
 * long as that holds. What is remembered lives no longer than the connection itself, and helps nobody else.
 */
import { hash } from 'node:crypto';

const latest = new WeakMap<object, { readonly key: string; readonly digest: string }>();

/** The digest of a key. @param connection by which it came, if one is at hand. */
export function digestOf(key: string, connection?: object): string {
  const before = connection && latest.get(connection);
  if (before?.key === key) return before.digest;
  const digest = hash('sha256', key);
  if (connection) latest.set(connection, { key, digest });
  return digest;
}
