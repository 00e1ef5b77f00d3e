/** The version of the package that runs: from its own package.json, which stands somewhere above, in the repository and when built. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'load-balanced-openai';

function found(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); dirname(folder) !== folder; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    if (name === NAME) return String(version);
  }
  return 'unknown';
}

/** Such as `1.2.3`. */
export const packageVersion: string = found();
