/**
 * The keys that an endpoint's requests went out with lately. Why: a key function gives another key each time, and a reply may
 * repeat that of an earlier request, of another call even. Kept per client, noted as the request is sent.
 */
import { secretHeaders } from '../config/headers.ts';

/** Requests of one client of which the key is still known; a function that caches its token gives one. */
const KEPT = 100;
const NAMES = ['authorization', 'api-key'] as const;
const kept = new WeakMap<object, Set<string>>();
const last = new WeakMap<object, string | null>();

function note(client: object, value: string): void {
  const known = kept.get(client) ?? new Set();
  if (known.size === 0) kept.set(client, known);
  known.add(value);
  if (known.size > KEPT) known.delete(known.values().next().value as string);
}

/** A request goes out. @param client it belongs to. */
export function noteKeys(client: object, headers: unknown): void {
  if (!(headers instanceof Headers)) return;
  for (const name of NAMES) {
    const value = headers.get(name);
    if (value !== null) note(client, value);
  }
}

/** The same for one that carries the client's own key and no other: cheap, since that rarely changes. */
export function noteOwnKey(client: { readonly apiKey: string | null }): void {
  const { apiKey } = client;
  if (last.get(client) === apiKey) return;
  last.set(client, apiKey);
  if (apiKey !== null) note(client, apiKey);
}

/** The keys of its last requests. */
export function keysSent(client: object): string[] {
  return [...(kept.get(client) ?? [])].flatMap((authorization) => secretHeaders({ authorization }));
}
