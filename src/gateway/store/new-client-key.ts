/** Makes client keys: the key for whoever will use it, told once, and what the store keeps of it. */
import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { StoredKey } from './gateway-store.ts';

/** 256 bits. */
const BYTES = 32;

/** What a new key is made from. */
export type KeyWish = Pick<StoredKey, 'name' | 'groups' | 'limits' | 'expiresAt'>;

/** A new key and what is kept of it. Not stored yet. */
export function newClientKey(wish: KeyWish, clock: Clock): { key: string; stored: StoredKey } {
  // Clients that look for it find the prefix they know; scanners of leaked secrets find ours.
  const key = `sk-lbo-${randomBytes(BYTES).toString('base64url')}`;
  const id = `key_${randomBytes(9).toString('base64url')}`;
  return { key, stored: { ...wish, id, digest: hash('sha256', key), createdAt: clock.date() } };
}
