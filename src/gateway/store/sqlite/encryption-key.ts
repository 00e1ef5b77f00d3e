/** Where the key comes from that secrets are encrypted with: the environment, or a file beside the store that only its owner can read. */
import { randomBytes, scryptSync } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Env } from '../../../config/inheritance.ts';
import { StoreFailure } from '../gateway-store.ts';

/** The variable. */
export const KEY_VARIABLE = 'LBO_ENCRYPTION_KEY';
/** That of the key before, while a store is given another one. */
export const PREVIOUS_VARIABLE = 'LBO_ENCRYPTION_KEY_PREVIOUS';
const BYTES = 32;
const SHORTEST_PHRASE = 12;
/** 64 MiB and some 100 ms for every guess. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 };

/** A key and where it is from. */
export interface EncryptionKey {
  readonly key: Buffer;
  /** For messages. */
  readonly from: string;
}

/** 32 bytes as they are written: 64 hex digits, or base64 of either alphabet. */
function written(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[\w+/-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === BYTES ? bytes : undefined;
}

/** The key of the environment. @throws StoreFailure when it is too short. */
export function environmentKey(env: Env, salt: Uint8Array, variable = KEY_VARIABLE): EncryptionKey {
  const text = env[variable]?.trim() ?? '';
  const key = written(text);
  if (key) return { key, from: variable };
  if (text.length < SHORTEST_PHRASE)
    throw new StoreFailure(
      `${variable} is too short: give 32 bytes as hex or base64 (openssl rand -hex 32), or a pass phrase of at least ${SHORTEST_PHRASE} characters.`,
    );
  return { key: scryptSync(text.normalize('NFKC'), salt, BYTES, SCRYPT), from: `${variable}, a pass phrase` };
}

/** Where the key file of a store is. */
export const keyFileOf = (path: string): string => `${path}.key`;

function fromFile(file: string): EncryptionKey | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
    throw new StoreFailure(
      `The key file ${file} can be read by others (mode ${(stats.mode & 0o777).toString(8)}); make it its owner's alone: chmod 600 ${file}`,
    );
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new StoreFailure(`The key file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  const key = written(text);
  if (!key) throw new StoreFailure(`The key file ${file} holds no key of 32 bytes in hex.`);
  return { key, from: `the key file ${file}` };
}

/** A file that is there is whole: it comes under its name when it is written. */
function newFile(file: string): EncryptionKey {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  const key = randomBytes(BYTES);
  try {
    writeFileSync(draft, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new StoreFailure(
      `The key file ${file} cannot be written (${(error as NodeJS.ErrnoException).code}); set ${KEY_VARIABLE} instead.`,
    );
  }
  return { key, from: `the key file ${file}` };
}

/**
 * The key for a store. Call it while nobody else can: it may make one.
 * @param isNew nothing was encrypted yet; else no key is made, because no other than the first can be the right one.
 * @throws StoreFailure saying what to do.
 */
export function encryptionKey(path: string, env: Env, salt: Uint8Array, isNew: boolean): EncryptionKey {
  if (env[KEY_VARIABLE]?.trim()) return environmentKey(env, salt);
  const file = keyFileOf(path);
  const found = fromFile(file);
  if (found) return found;
  if (isNew) return newFile(file);
  throw new StoreFailure(
    `The key of the store ${path} is missing: set ${KEY_VARIABLE}, or put the key file back to ${file}.`,
  );
}
