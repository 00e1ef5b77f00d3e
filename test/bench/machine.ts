// What must be known of the machine to read the figures.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform } from 'node:os';
import { join } from 'node:path';

const version = (name: string) =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, `../../node_modules/${name}/package.json`), 'utf8')) as {
      version: string;
    }
  ).version;

/** One line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return `Node ${process.versions.node}, openai ${version('openai')}, undici ${version('undici')}, ${platform()}, ${availableParallelism()} cores (${model})`;
}
