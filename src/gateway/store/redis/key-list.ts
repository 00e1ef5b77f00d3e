/** Client keys in the copy of what stands in Redis. Names are one of a kind for all gateways: who was not the first tries again. */
import { ChangedMeanwhile, type GatewayStore, KeyTaken, type StoredKey } from '../gateway-store.ts';
import type { Mirror } from './mirror.ts';

/** So often a change is tried again when another gateway was faster. */
const TRIES = 10;

type Keys = readonly StoredKey[];

/** @returns whether there was anything to do. @throws StoreFailure when that cannot be told. */
async function change(mirror: Mirror, next: (keys: Keys) => Keys | undefined): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    let keys = next(mirror.now.keys);
    if (!keys) {
      // A key that was made elsewhere a moment ago may not have been heard of here.
      await mirror.read();
      keys = next(mirror.now.keys);
    }
    if (!keys) return false;
    try {
      await mirror.write('keys', keys);
      return true;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile) || tries === TRIES) throw error;
    }
  }
}

/** The keys. */
export const keyList = (mirror: Mirror): GatewayStore['keys'] => ({
  list: () => mirror.now.keys,
  add: async (key) => {
    await change(mirror, (keys) => {
      if (keys.some(({ name }) => name === key.name)) throw new KeyTaken(key.name);
      return [...keys, key];
    });
  },
  delete: (id) =>
    change(mirror, (keys) => {
      const rest = keys.filter((key) => key.id !== id);
      return rest.length === keys.length ? undefined : rest;
    }),
  get fresh() {
    return mirror.fresh;
  },
  get known() {
    return mirror.known;
  },
});
