/** The gateway's configuration for a command: found, loaded, or told what is wrong with it. */
import { resolve } from 'node:path';
import { UnreadableFile } from '../gateway/config/config-file.ts';
import { InvalidConfiguration } from '../gateway/config/invalid.ts';
import { loadSettings } from '../gateway/config/load.ts';
import type { GatewaySettings } from '../gateway/config/settings.ts';

/** The settings, or what is to be said. */
export type SettingsRead =
  | { readonly is: 'read'; readonly settings: GatewaySettings }
  | { readonly is: 'wrong' | 'missing'; readonly problem: string };

/** Loads the file named, or the one of this folder, or what the environment says. */
export function settingsFrom(file: string | undefined): SettingsRead {
  try {
    const folder = process.cwd();
    const settings = loadSettings({ file: file && resolve(folder, file), folder, env: process.env });
    return { is: 'read', settings };
  } catch (error) {
    if (!(error instanceof InvalidConfiguration || error instanceof UnreadableFile)) throw error;
    const isMissing = error instanceof InvalidConfiguration && error.isMissing;
    return { is: isMissing ? 'missing' : 'wrong', problem: error.message };
  }
}
