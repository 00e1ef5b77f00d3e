/** The gateway's configuration for a command: found, loaded, or told what is wrong with it. */
import { resolve } from 'node:path';
import { UnreadableFile } from '../gateway/config/config-file.ts';
import { InvalidConfiguration } from '../gateway/config/invalid.ts';
import { type Found, findSettings, loadSettings } from '../gateway/config/load.ts';
import type { GatewaySettings } from '../gateway/config/settings.ts';
import { Configuration, type ConfigurationSources } from '../gateway/configuration.ts';

/** What was read, or what is to be said. */
export type Read<What> = What | { readonly is: 'wrong' | 'missing'; readonly problem: string };

/** A file that was read and not checked, or what is to be said. */
export type FileRead = Read<{ readonly is: 'read'; readonly found: Found }>;

/** The settings, or what is to be said. */
export type SettingsRead = Read<{ readonly is: 'read'; readonly settings: GatewaySettings }>;

function told<What>(read: () => What): Read<What> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidConfiguration || error instanceof UnreadableFile)) throw error;
    const isMissing = error instanceof InvalidConfiguration && error.isMissing;
    return { is: isMissing ? 'missing' : 'wrong', problem: error.message };
  }
}

const placeOf = (file: string | undefined) => {
  const folder = process.cwd();
  return { file: file && resolve(folder, file), folder };
};

/** Finds the file named, or the one of this folder, or says that there is none. */
export function fileFrom(file: string | undefined): FileRead {
  return told(() => ({ is: 'read', found: findSettings(placeOf(file)) }));
}

/** Loads the file named, or the one of this folder, or what the environment says. */
export function settingsFrom(file: string | undefined): SettingsRead {
  return told(() => ({ is: 'read', settings: loadSettings({ ...placeOf(file), env: process.env }) }));
}

/** The same joined with what a store holds, and kept together from then on. */
export function configurationFrom(
  file: string | undefined,
  more: Pick<ConfigurationSources, 'store' | 'mayBeEmpty'>,
): Read<{ readonly is: 'read'; readonly configuration: Configuration }> {
  const place = placeOf(file);
  const find = () => findSettings(place);
  return told(() => ({ is: 'read', configuration: new Configuration({ find, env: process.env, ...more }) }));
}
