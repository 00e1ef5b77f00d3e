// Temporary installations: the built package beside one version of the SDK, as a user's node_modules would hold them, and
// loaded by Node itself, once through `import` and once through `require`.
// Why built and not from source: the two formats must load the two different builds of `openai` that Node would pick.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Library, Sdk } from './bench.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const modules = join(root, 'node_modules');

/** The module formats. */
export const FORMATS = ['esm', 'cjs'] as const;
/** One of the module formats. */
export type Format = (typeof FORMATS)[number];

/** The SDK and the library as Node loads them together. */
export interface Installation {
  /** e.g. `openai 7.55.0, esm` */
  label: string;
  sdk: Sdk;
  library: Library;
}

const made: string[] = [];
let built: string | undefined;

/** Builds the package once into a folder of its own, types left out. */
function build(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lbo-build-'));
  made.push(folder);
  const bin = join(modules, 'tsdown', 'dist', 'run.mjs');
  const quick = ['--out-dir', join(folder, 'dist'), '--no-dts', '--logLevel', 'error'];
  execFileSync(process.execPath, [bin, '--config', join('.config', 'tsdown.ts'), ...quick], { cwd: root });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  return folder;
}

/** Makes `openai` a package whose entry replaces the constructor, everything else linked to the real one. */
function replaceConstructor(from: string, to: string, replacement: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (!['index.js', 'index.mjs', 'package.json'].includes(entry)) symlinkSync(join(from, entry), join(to, entry));
  }
  cpSync(join(from, 'package.json'), join(to, 'package.json'));
  const real = (file: string) => JSON.stringify(join(from, file));
  writeFileSync(join(to, 'replace.cjs'), `module.exports = ${replacement};`);
  writeFileSync(
    join(to, 'index.js'),
    `const real = require(${real('index.js')});
const OpenAI = require('./replace.cjs')(real.OpenAI);
module.exports = Object.defineProperties({}, {
  ...Object.getOwnPropertyDescriptors(real),
  OpenAI: { value: OpenAI, enumerable: true },
  default: { value: OpenAI, enumerable: true },
});`,
  );
  writeFileSync(
    join(to, 'index.mjs'),
    `export * from ${real('index.mjs')};
import * as real from ${real('index.mjs')};
import replace from './replace.cjs';
export const OpenAI = replace(real.OpenAI);
export default OpenAI;`,
  );
}

/** Makes one installation folder with the given copy of the SDK (its name in this repository's node_modules). */
export function install(sdkName: string, replacement?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lbo-install-'));
  made.push(folder);
  const own = join(folder, 'node_modules');
  mkdirSync(own);
  built ??= build();
  cpSync(built, join(own, 'load-balanced-openai'), { recursive: true });
  for (const name of ['opossum', 'zod']) symlinkSync(join(modules, name), join(own, name));
  if (replacement === undefined) symlinkSync(join(modules, sdkName), join(own, 'openai'));
  else replaceConstructor(join(modules, sdkName), join(own, 'openai'), replacement);
  writeFileSync(join(folder, 'load.cjs'), 'module.exports = { import: (name) => import(name), require };');
  return folder;
}

/** Loads an installation in one format. */
export async function loadInstallation(sdkName: string, format: Format, replacement?: string): Promise<Installation> {
  const folder = install(sdkName, replacement);
  const own = createRequire(join(folder, 'load.cjs'))('./load.cjs') as {
    import(name: string): Promise<unknown>;
    require(name: string): unknown;
  };
  const load = async (name: string) => (format === 'esm' ? own.import(name) : own.require(name));
  const { version } = JSON.parse(readFileSync(join(modules, sdkName, 'package.json'), 'utf8')) as { version: string };
  const { Stream } = (await load('openai/streaming')) as Pick<Sdk, 'Stream'>;
  const sdk = { ...((await load('openai')) as Sdk), Stream };
  const library = (await load('load-balanced-openai')) as Library;
  return { label: `openai ${version}, ${format}`, sdk, library };
}

/** Removes every installation made. */
export function removeInstallations(): void {
  built = undefined;
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
