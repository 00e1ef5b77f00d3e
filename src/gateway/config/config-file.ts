/** Finds the configuration file and reads it by the format its name says. The first step of loading a configuration. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { readJson } from './read-json.ts';
import { readToml } from './read-toml.ts';
import { readYaml } from './read-yaml.ts';
import type { Written } from './written.ts';

const READERS: Readonly<Record<string, (text: string) => Written>> = {
  '.yaml': readYaml,
  '.yml': readYaml,
  '.json': (text) => readJson(text, false),
  '.jsonc': (text) => readJson(text, true),
  '.toml': readToml,
};
const BASE = 'load-balanced-openai';
/** The names looked for in the working directory. */
export const configNames: readonly string[] = Object.keys(READERS).map((extension) => BASE + extension);
const MOST_BYTES = 10 * 2 ** 20;

/** A file that cannot be taken for a configuration; the message is for whoever wrote it. */
export class UnreadableFile extends Error {}

/**
 * The configuration file of a folder; `undefined` when there is none.
 * @throws UnreadableFile when there are several.
 */
export function findConfig(folder: string): string | undefined {
  const there = new Set(readdirSync(folder));
  const found = configNames.filter((name) => there.has(name));
  if (found.length > 1)
    throw new UnreadableFile(
      `There are ${found.length} configuration files: ${found.join(', ')}. Keep one, or name one by --config.`,
    );
  return found[0] === undefined ? undefined : resolve(folder, found[0]);
}

/** Reads a configuration file. @throws UnreadableFile when it is none. */
export function readConfig(file: string): Written {
  const name = basename(file);
  const reader = READERS[extname(file).toLowerCase()];
  if (!reader)
    throw new UnreadableFile(`${name}: the name of a configuration file ends in .yaml, .json, .jsonc or .toml.`);
  let text: string;
  try {
    if (statSync(file).size > MOST_BYTES) throw new UnreadableFile(`${name}: is larger than 10 MiB.`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read'
          : `reading it failed (${code})`;
    throw new UnreadableFile(`${name}: ${why}.`);
  }
  return reader(text.replace(/^\uFEFF/, ''));
}
