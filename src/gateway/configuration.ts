/**
 * The one place where a gateway's settings are made: what the file or the environment says, and what was changed through the admin
 * API. Every change goes this way: the whole is checked, put to work beside the one before, written to the store in one transaction,
 * and only then taken. Whatever fails on the way leaves everything as it was.
 */
import type { Env } from '../config/inheritance.ts';
import { type Found, settingsOf } from './config/load.ts';
import type { GatewaySettings } from './config/settings.ts';
import { type ConfigChange, changed, type StoredConfig } from './config/stored-config.ts';
import { storedAddressProblem } from './outside/stored-address.ts';
import type { GatewayStore } from './store/gateway-store.ts';

/** Where a gateway's settings come from. */
export interface ConfigurationSources {
  /** Reads the file, if there is one. Called again for every reload. */
  readonly find: () => Found;
  readonly env: Env;
  readonly store: Pick<GatewayStore, 'config' | 'watch'>;
  /** It may name nobody to call: endpoints can be added while it runs. @default false */
  readonly mayBeEmpty?: boolean | undefined;
}

/**
 * Puts settings to work.
 * @param commit called once they are sure to work, and before they do; when it throws, nothing is taken.
 * @throws whatever stands against them.
 */
export type Take = (settings: GatewaySettings, commit: () => void) => void;

/** The configuration of one gateway. */
export class Configuration {
  readonly #sources: ConfigurationSources;
  #found: Found;
  #settings: GatewaySettings;
  #take: Take = (_, commit) => commit();
  #isWriting = false;

  /** @throws InvalidConfiguration, UnreadableFile, StoreFailure. */
  constructor(sources: ConfigurationSources) {
    this.#sources = sources;
    this.#found = sources.find();
    this.#settings = this.#made(this.#found, sources.store.config.read());
  }

  /** What holds now. */
  get settings(): GatewaySettings {
    return this.#settings;
  }

  /** From now on settings are put to work by `take`. */
  follow(take: Take): void {
    this.#take = take;
  }

  /**
   * Follows what others write into the same store.
   * @param told what came of it: nothing, or why it was not taken.
   * @returns what ends it.
   */
  watch(told: (error?: unknown) => void): () => void {
    return this.#sources.store.watch((what) => {
      if (what !== 'config' || this.#isWriting) return;
      try {
        this.#taken(this.#found, this.#sources.store.config.read(), () => undefined);
        told();
      } catch (error) {
        told(error);
      }
    });
  }

  #made(found: Found, config: StoredConfig, strictGroup?: string): GatewaySettings {
    const { env, mayBeEmpty } = this.#sources;
    const stored = { config, strictGroup, addressProblem: storedAddressProblem };
    return settingsOf(found.value, env, found.source, found.written, { stored, mayBeEmpty });
  }

  #taken(found: Found, config: StoredConfig, commit: () => void, strictGroup?: string): GatewaySettings {
    const next = this.#made(found, config, strictGroup);
    this.#take(next, commit);
    [this.#found, this.#settings] = [found, next];
    return next;
  }

  /** Reads the file again. @throws whatever is wrong with it; then the configuration before goes on. */
  refresh(): GatewaySettings {
    const { find, store } = this.#sources;
    return this.#taken(find(), store.config.read(), () => undefined);
  }

  /**
   * Changes what the store holds. The file is not read again: one that is being edited stands in nobody's way.
   * @throws InvalidConfiguration, CannotStart, ConfigurationError, StoreFailure; then nothing was changed.
   */
  change(change: ConfigChange): GatewaySettings {
    const { config } = this.#sources.store;
    const commit = () => {
      this.#isWriting = true;
      try {
        config.write(change);
      } finally {
        this.#isWriting = false;
      }
    };
    const [group] = Object.keys(change.groups ?? {});
    return this.#taken(this.#found, changed(config.read(), change), commit, group);
  }
}
