/** What gateways on one Redis keep a copy of: read from the texts that stand there, its configuration encrypted. */
import type { Env } from '../../../config/inheritance.ts';
import type { StoredConfig } from '../../config/stored-config.ts';
import { type StoredKey, StoreFailure } from '../gateway-store.ts';
import { environmentKey, KEY_VARIABLE } from '../sqlite/encryption-key.ts';
import { type FittingSeal, fitting, newProof, SALT, Seal, TO_CHANGE } from '../sqlite/seal.ts';

/** A part that is changed as one. */
export type Part = 'config' | 'keys';

/** The parts. */
export interface Parts {
  readonly config: StoredConfig;
  readonly keys: readonly StoredKey[];
}

/** A copy, with all that is needed to put it back. */
export interface Copy extends Parts {
  readonly id: string;
  readonly salt: string;
  readonly proof: string;
  readonly versions: Readonly<Record<Part, number>>;
  /** As they stand in Redis. */
  readonly texts: Readonly<Record<Part, string>>;
}

/** What a new store holds. */
export const EMPTY: Parts = { config: { endpoints: {}, groups: {}, drained: [] }, keys: [] };

/** Encrypted by another key than this gateway has. */
export class WrongKey extends StoreFailure {}

/** Reads copies of one store. */
export class CopyReader {
  readonly #place: string;
  readonly #env: Env;
  #seal: { readonly salt: string; readonly seal: Seal } | undefined;
  #fitting: { readonly proof: string; readonly fits: FittingSeal } | undefined;
  /** That no key of this process fits, is found out once: a pass phrase takes some 100 ms. */
  #unfit: string | undefined;

  /** @throws StoreFailure when there is no key, or one that is too short. */
  constructor(place: string, env: Env) {
    this.#place = place;
    this.#env = env;
    if (!env[KEY_VARIABLE]?.trim())
      throw new StoreFailure(
        `A store in Redis needs ${KEY_VARIABLE}, the same for every gateway on it: what the dashboard keeps there is encrypted. Make one by: openssl rand -hex 32`,
      );
    environmentKey(env, Buffer.alloc(SALT));
  }

  #sealOf(salt: string): Seal {
    if (this.#seal?.salt !== salt) {
      const { key } = environmentKey(this.#env, Buffer.from(salt, 'base64'));
      this.#seal = { salt, seal: new Seal(key) };
    }
    return (this.#seal as { seal: Seal }).seal;
  }

  /** A salt and what proves the present key with it, as they stand in Redis. */
  newProof(): { readonly seal: Seal; readonly salt: string; readonly proof: string } {
    const { seal, salt, proof } = newProof((own) => environmentKey(this.#env, own).key);
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    return { seal, salt: text(salt), proof: text(proof) };
  }

  /** Whether it is the present key that this proves. */
  isPresent(salt: string, proof: string): boolean {
    const bytes = Buffer.from(salt, 'base64');
    const { key } = environmentKey(this.#env, bytes);
    return fitting(new Seal(key), bytes, Buffer.from(proof, 'base64'), {}) !== undefined;
  }

  /** What the secrets of a copy are encrypted by. @throws WrongKey, StoreFailure. */
  sealFor({ salt, proof }: Pick<Copy, 'salt' | 'proof'>): FittingSeal {
    if (this.#fitting?.proof === proof) return this.#fitting.fits;
    const [saltBytes, proofBytes] = [Buffer.from(salt, 'base64'), Buffer.from(proof, 'base64')];
    const fits = this.#unfit === proof ? undefined : fitting(this.#sealOf(salt), saltBytes, proofBytes, this.#env);
    if (!fits) {
      this.#unfit = proof;
      throw new WrongKey(
        `The store ${this.#place} was encrypted with another key than that of ${KEY_VARIABLE}. Every gateway on it needs the same. ${TO_CHANGE}`,
      );
    }
    this.#fitting = { proof, fits };
    return fits;
  }

  /** What stands in Redis. @throws WrongKey, StoreFailure. */
  read(found: readonly (string | null)[]): Copy {
    const place = this.#place;
    const [id, salt, proof, configVersion, configText, keysVersion, keysText] = found.map((one) => one ?? '') as [
      ...string[],
    ] as [string, string, string, string, string, string, string];
    const { seal } = this.sealFor({ salt, proof });
    const versions = { config: Number(configVersion), keys: Number(keysVersion) };
    try {
      const config = configText === '' ? EMPTY.config : seal.open(Buffer.from(configText, 'base64'), 'config');
      return {
        ...{ id, salt, proof, versions, texts: { config: configText, keys: keysText } },
        config: typeof config === 'string' ? (JSON.parse(config) as StoredConfig) : config,
        keys: keysText === '' ? [] : (JSON.parse(keysText) as StoredKey[]),
      };
    } catch {
      throw new StoreFailure(`The store ${place} is damaged: its configuration or its keys cannot be read.`);
    }
  }
}
