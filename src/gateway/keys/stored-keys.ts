/** The client keys of the store as calls look them up: in memory, read again whenever somebody changed them. */
import type { ClientKey } from '../config/settings.ts';
import type { GatewayLog } from '../http/log.ts';
import type { GatewayStore } from '../store/gateway-store.ts';

/** The keys of a store. */
export class StoredKeys {
  readonly #keys: GatewayStore['keys'];
  #byDigest: ReadonlyMap<string, ClientKey> = new Map();

  /** @param changed called after they were read again. @throws StoreFailure when they cannot be read. */
  constructor(store: Pick<GatewayStore, 'keys' | 'watch'>, log: GatewayLog, changed = () => {}) {
    this.#keys = store.keys;
    this.#read();
    store.watch((what) => {
      if (what !== 'keys') return;
      try {
        this.#read();
        log.info('client keys read from the store', { clientKeys: this.size });
        changed();
      } catch (error) {
        // Those known go on until they are too old to be trusted.
        log.warn('The client keys of the store cannot be read.', { reason: (error as Error).message });
      }
    });
  }

  #read(): void {
    const rows = this.#keys.list().map(({ name, digest, groups, limits, expiresAt }): [string, ClientKey] => {
      return [digest, { name, digest, groups, limits, expiresAt }];
    });
    this.#byDigest = new Map(rows);
  }

  get size(): number {
    return this.#byDigest.size;
  }

  /** False when nobody knows any more which of them were revoked. */
  get fresh(): boolean {
    return this.#keys.fresh;
  }

  /** False as long as nobody could read them at all. */
  get known(): boolean {
    return this.#keys.known ?? true;
  }

  /** Their names. */
  get names(): string[] {
    return [...this.#byDigest.values()].map(({ name }) => name);
  }

  /** The key with this SHA-256. */
  find(digest: string): ClientKey | undefined {
    return this.#byDigest.get(digest);
  }
}
