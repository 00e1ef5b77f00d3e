/** Encrypts texts for the store, each for the place it stands in: nobody can read one, change one, or put one in another's place. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Env } from '../../../config/inheritance.ts';
import { StoreFailure } from '../gateway-store.ts';
import type { Connection } from './connection.ts';
import { encryptionKey, environmentKey, KEY_VARIABLE, keyFileOf, PREVIOUS_VARIABLE } from './encryption-key.ts';

const ALGORITHM = 'aes-256-gcm';
const [NONCE, TAG] = [12, 16];
/** Bytes of a store's salt. */
export const SALT = 16;
/** What the right key makes readable. */
export const PROOF = 'load-balanced-openai';

/** A key at work. */
export class Seal {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @param place where it will stand. */
  close(text: string, place: string): Uint8Array {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  /** @throws when it was closed by another key, for another place, or changed. */
  open(bytes: Uint8Array, place: string): string {
    const nonce = bytes.subarray(0, NONCE);
    const tag = bytes.subarray(NONCE, NONCE + TAG);
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG });
    decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString('utf8');
  }
}

/** What a store is encrypted by. */
export interface FittingSeal {
  readonly seal: Seal;
  /** By the key before: it is to be given the present one. */
  readonly isPrevious: boolean;
}

function opens(seal: Seal, proof: Uint8Array): boolean {
  try {
    seal.open(proof, PROOF);
    return true;
  } catch {
    return false;
  }
}

/** How a store is given another key, for messages that say that it has another one. */
export const TO_CHANGE = `To give it a new key, start with the old one as ${PREVIOUS_VARIABLE} besides.`;

/** The seal that a store was made with, by the present key or the one before; `undefined` = by neither. @throws StoreFailure. */
export function fitting(present: Seal, salt: Uint8Array, proof: Uint8Array, env: Env): FittingSeal | undefined {
  if (opens(present, proof)) return { seal: present, isPrevious: false };
  if (!env[PREVIOUS_VARIABLE]?.trim()) return undefined;
  const seal = new Seal(environmentKey(env, salt, PREVIOUS_VARIABLE).key);
  return opens(seal, proof) ? { seal, isPrevious: true } : undefined;
}

/** A new salt and what proves a key with it. @param keyOf makes the key. */
export function newProof(keyOf: (salt: Uint8Array) => Uint8Array): { seal: Seal; salt: Uint8Array; proof: Uint8Array } {
  const salt = randomBytes(SALT);
  const seal = new Seal(keyOf(salt));
  return { seal, salt, proof: seal.close(PROOF, PROOF) };
}

/** The row of it. */
export interface SecretRow {
  readonly salt: Uint8Array;
  readonly proof: Uint8Array;
}

/** What proves the key of a store; `undefined` = it has none yet. */
export const secretOf = (connection: Connection): SecretRow | undefined =>
  connection.statement('SELECT salt, proof FROM secret WHERE id = 1').get() as SecretRow | undefined;

/**
 * The seal of a store, made with it and held to the same key until it is given another one.
 * @throws StoreFailure when the key is missing or another one.
 */
export function sealOf(connection: Connection, env: Env): FittingSeal {
  const { path } = connection;
  const found = () => secretOf(connection);
  const checked = ({ salt, proof }: SecretRow) => {
    const { key, from } = encryptionKey(path, env, salt, false);
    const fits = fitting(new Seal(key), salt, proof, env);
    if (fits) return fits;
    const also = env[PREVIOUS_VARIABLE]?.trim() ? `, and than that of ${PREVIOUS_VARIABLE}` : '';
    throw new StoreFailure(
      `The store ${path} was encrypted with another key than that of ${from}${also}. Give it the key it was made with (${KEY_VARIABLE}, or ${keyFileOf(path)} when the variable is not set). ${TO_CHANGE}`,
    );
  };
  const row = found();
  if (row) return checked(row);
  return connection.change(() => {
    // Another process may have been faster.
    const now = found();
    if (now) return checked(now);
    const { seal, salt, proof } = newProof((own) => encryptionKey(path, env, own, true).key);
    connection.statement('INSERT INTO secret (id, salt, proof) VALUES (1, ?, ?)').run(salt, proof);
    return { seal, isPrevious: false };
  });
}
