/** Everything that `serve` needs before it listens: the store, and the configuration joined with what the store holds. */
import { Configuration } from '../../gateway/configuration.ts';
import type { GatewayStore } from '../../gateway/store/gateway-store.ts';
import { memoryGatewayStore } from '../../gateway/store/memory-gateway-store.ts';
import { chooseStore, isMissing, openStore, type StoreChoice } from '../choose-store.ts';
import { configurationFrom, fileFrom } from '../settings-from.ts';
import { type DemoEndpoints, demoEndpoints } from './demo-endpoints.ts';

/** What is served. */
export interface Prepared {
  readonly configuration: Configuration;
  readonly store: GatewayStore;
  readonly demo: DemoEndpoints | undefined;
  /** Why the store is in memory, where nobody wanted it there. */
  readonly warning: string | undefined;
  /** The store was given the present key. */
  readonly rekeyed?: boolean;
}

/** The options that matter here. */
export interface Wanted {
  readonly demo: boolean;
  readonly orDemo: boolean;
  readonly config: string | undefined;
  readonly store: string | undefined;
}

async function ofDemo(): Promise<Prepared> {
  const demo = await demoEndpoints();
  const store = memoryGatewayStore();
  const find = () => ({ source: 'demo', value: demo.configuration });
  return { configuration: new Configuration({ find, env: {}, store }), store, demo, warning: undefined };
}

/** Whether opening it leaves a file that nobody asked for. */
const isNew = (choice: StoreChoice) => choice.is === 'file' && !choice.asked && isMissing(choice);

/**
 * Prepares.
 * @returns what is served, or what is wrong with what was asked for.
 * @throws StoreFailure when the store cannot be opened.
 */
export async function prepare({ demo, orDemo, config, store: option }: Wanted): Promise<Prepared | string> {
  if (demo) return ofDemo();
  const file = fileFrom(config);
  if (file.is !== 'read') return file.problem;
  const choice = chooseStore(option, file.found, process.env);
  if (typeof choice === 'string') return choice;
  // A store that is away now leaves only what the file or the environment names.
  const isAway = (store: GatewayStore) => store.keys.known === false;
  const read = (store: GatewayStore) =>
    configurationFrom(config, { store, mayBeEmpty: choice.is !== 'memory' && choice.asked && !isAway(store) });
  if (isNew(choice)) {
    const without = read(memoryGatewayStore());
    if (without.is !== 'read') return orDemo && without.is === 'missing' ? ofDemo() : without.problem;
  }
  const store = await openStore(choice, process.env);
  try {
    const rekeyed = (await store.rekey?.()) ?? false;
    const found = read(store);
    const warning = choice.is === 'memory' ? choice.why : undefined;
    if (found.is === 'read') return { configuration: found.configuration, store, demo: undefined, warning, rekeyed };
    const { state } = store;
    const away = isAway(store) && state.is === 'degraded' ? state.reason : undefined;
    await store.close();
    if (away !== undefined)
      return `${away} Without it there is nobody to call: start it, or name endpoints in the configuration.\n${found.problem}`;
    return orDemo && found.is === 'missing' ? ofDemo() : found.problem;
  } catch (error) {
    await store.close();
    throw error;
  }
}
