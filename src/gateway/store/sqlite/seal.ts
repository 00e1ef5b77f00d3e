/** Encrypts texts for the store, each for the place it stands in: nobody can read one, change one, or put one in another's place. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Env } from '../../../config/inheritance.ts';
import { StoreFailure } from '../gateway-store.ts';
import type { Connection } from './connection.ts';
import { encryptionKey, KEY_VARIABLE, keyFileOf } from './encryption-key.ts';

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

interface SecretRow {
  readonly salt: Uint8Array;
  readonly proof: Uint8Array;
}

/**
 * The seal of a store, made with it and held to the same key ever after.
 * @throws StoreFailure when the key is missing or another one.
 */
export function sealOf(connection: Connection, env: Env): Seal {
  const { path } = connection;
  const found = () =>
    connection.statement('SELECT salt, proof FROM secret WHERE id = 1').get() as SecretRow | undefined;
  const checked = ({ salt, proof }: SecretRow) => {
    const { key, from } = encryptionKey(path, env, salt, false);
    const seal = new Seal(key);
    try {
      seal.open(proof, PROOF);
    } catch {
      throw new StoreFailure(
        `The store ${path} was encrypted with another key than that of ${from}. Give it the key it was made with (${KEY_VARIABLE}, or ${keyFileOf(path)} when the variable is not set).`,
      );
    }
    return seal;
  };
  const row = found();
  if (row) return checked(row);
  return connection.change(() => {
    // Another process may have been faster.
    const now = found();
    if (now) return checked(now);
    const salt = randomBytes(SALT);
    const seal = new Seal(encryptionKey(path, env, salt, true).key);
    connection.statement('INSERT INTO secret (id, salt, proof) VALUES (1, ?, ?)').run(salt, seal.close(PROOF, PROOF));
    return seal;
  });
}
