/**
 * What every store promises, as checks for any test runner: a store of your own can be held to the same contract as
 * `memoryStore()`. Two stores that see the same facts are held to more: what is told to one, the other knows.
 */
import { randomUUID } from 'node:crypto';
import type { SharedStore } from '../index.ts';
import { MEMBERS, type Promised } from './store-bench.ts';
import { storePromises } from './store-promises.ts';

/** One promise of the contract. */
export interface StoreCheck {
  /** The promise in words: the name for the test. */
  readonly promise: string;
  /** @throws Error that says what the store did instead */
  check(): Promise<void>;
}

/** What differs between stores. */
export interface StoreContractOptions {
  /** Two stores made one after the other see the same facts: both are checked together as well. @default false */
  readonly shared?: boolean;
  /** How time passes, for stores on a clock of their own. @default real time */
  readonly wait?: (ms: number) => PromiseLike<unknown>;
}

/**
 * The contract of stores, as checks that throw.
 * @param make builds a store; called at least once per check. Its facts may be those of earlier ones: every check has keys of
 * its own.
 * @throws TypeError when `make` is no function
 * @example for (const { promise, check } of sharedStoreContract(() => myStore())) test(promise, check);
 */
export function sharedStoreContract(
  make: () => SharedStore | PromiseLike<SharedStore>,
  { shared = false, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }: StoreContractOptions = {},
): StoreCheck[] {
  if (typeof make !== 'function')
    throw new TypeError('sharedStoreContract: expected a function that makes a store, such as () => myStore()');
  const made = async () => {
    const store = await make();
    const missing = MEMBERS.filter((name) => typeof store?.[name] !== 'function');
    if (missing.length === 0) return store;
    throw new TypeError(
      `sharedStoreContract: what the function returned is no store; missing are ${missing.join(', ')}`,
    );
  };
  const played = (check: Promised[1], both: boolean) => async () => {
    const one = await made();
    await check({ one, other: both ? await made() : one, key: `contract:${randomUUID()}`, wait });
  };
  return storePromises.flatMap(([promise, check]) => [
    { promise, check: played(check, false) },
    ...(shared ? [{ promise: `${promise}, with two stores`, check: played(check, true) }] : []),
  ]);
}
