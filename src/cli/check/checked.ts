/** What `check` looks at: the configuration, together with what its store holds where there is one. */
import { basename } from 'node:path';
import type { GatewaySettings } from '../../gateway/config/settings.ts';
import { StoreFailure } from '../../gateway/store/gateway-store.ts';
import { chooseStore, isMissing, openStore } from '../choose-store.ts';
import { configurationFrom, fileFrom, settingsFrom } from '../settings-from.ts';

/** What a gateway would be started with, or what stands against it. */
export type Checked =
  | {
      readonly is: 'read';
      readonly settings: GatewaySettings;
      /** Client keys of the configuration and the store. */
      readonly keys: number;
      /** The store that was read. */
      readonly store: string | undefined;
    }
  | { readonly is: 'wrong'; readonly problem: string };

const wrong = (problem: string): Checked => ({ is: 'wrong', problem });

/**
 * Reads it. A store is not made for this.
 * @param config the file named, if one is. @param named the value of `--store`.
 * @throws StoreFailure when the store cannot be read.
 */
export async function checkedFrom(config: string | undefined, named: string | undefined): Promise<Checked> {
  const file = fileFrom(config);
  if (file.is !== 'read') return wrong(file.problem);
  const choice = chooseStore(named, file.found, process.env);
  if (typeof choice === 'string' && named !== undefined) return wrong(choice);
  if (typeof choice === 'string' || choice.is === 'memory' || isMissing(choice)) {
    if (named !== undefined && typeof choice !== 'string') return wrong(`There is no store at ${named}.`);
    const found = settingsFrom(config);
    if (found.is !== 'read') return wrong(found.problem);
    return { ...found, keys: found.settings.clientKeys.length, store: undefined };
  }
  const store = await openStore(choice, process.env);
  try {
    const { state } = store;
    if (state.is === 'degraded') throw new StoreFailure(state.reason);
    const found = configurationFrom(config, { store, mayBeEmpty: choice.asked });
    if (found.is !== 'read') return wrong(found.problem);
    const { settings } = found.configuration;
    const keys = settings.clientKeys.length + store.keys.list().length;
    return { is: 'read', settings, keys, store: choice.is === 'redis' ? store.place : basename(choice.path) };
  } finally {
    await store.close();
  }
}
