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
export type Take = (settings: GatewaySettings, commit: () => void | Promise<void>) => void | Promise<void>;

/** The configuration of one gateway. */
export class Configuration {
  readonly #sources: ConfigurationSources;
  #found: Found;
  #settings: GatewaySettings;
  #take: Take = (_, commit) => commit();
  #writing = 0;
  /** Takes what others wrote while this gateway was writing. */
  #missed: (() => void) | undefined;

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
    const follow = () => {
      try {
        this.#taken(this.#found, this.#sources.store.config.read());
        told();
      } catch (error) {
        told(error);
      }
    };
    return this.#sources.store.watch((what) => {
      if (what !== 'config') return;
      // Of what is being written here nobody knows yet whether it is this.
      if (this.#writing > 0) this.#missed = follow;
      else follow();
    });
  }

  #made(found: Found, config: StoredConfig, strictGroup?: string): GatewaySettings {
    const { env, mayBeEmpty } = this.#sources;
    const stored = { config, strictGroup, addressProblem: storedAddressProblem };
    return settingsOf(found.value, env, found.source, found.written, { stored, mayBeEmpty });
  }

  #taken(found: Found, config: StoredConfig): GatewaySettings {
    const next = this.#made(found, config);
    this.#take(next, () => undefined);
    [this.#found, this.#settings] = [found, next];
    return next;
  }

  /** Reads the file again. @throws whatever is wrong with it; then the configuration before goes on. */
  refresh(): GatewaySettings {
    const { find, store } = this.#sources;
    return this.#taken(find(), store.config.read());
  }

  /**
   * Changes what the store holds. The file is not read again: one that is being edited stands in nobody's way.
   * Rejects with InvalidConfiguration, CannotStart, ConfigurationError, ChangedMeanwhile, StoreFailure; then nothing was changed.
   */
  async change(change: ConfigChange): Promise<GatewaySettings> {
    const { config } = this.#sources.store;
    const commit = async () => {
      this.#writing += 1;
      try {
        await config.write(change);
        this.#missed = undefined;
      } finally {
        this.#writing -= 1;
      }
    };
    const [group] = Object.keys(change.groups ?? {});
    const found = this.#found;
    const next = this.#made(found, changed(config.read(), change), group);
    try {
      await this.#take(next, commit);
    } catch (error) {
      this.#missed?.();
      this.#missed = undefined;
      throw error;
    }
    this.#settings = next;
    // A file that was read while the store wrote this is younger than what this was made of.
    return this.#found === found ? next : this.#taken(this.#found, config.read());
  }
}
