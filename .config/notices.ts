// Names what a bundle holds of others: a plugin for the build that writes each package with its version and its licence.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Bundle {
  readonly [file: string]: { readonly type: string; readonly moduleIds?: readonly string[] };
}

interface Notice {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/** The folder of the package that a module is of; `undefined` for modules of our own. */
function folderOf(id: string): string | undefined {
  const path = id.replace(/^\0/, '').split('?', 1)[0] as string;
  if (!path.includes('/node_modules/')) return undefined;
  for (let folder = dirname(path); basename(folder) !== 'node_modules'; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    // Folders inside of packages have files of that name without a name in them.
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string }).version)
      return folder;
  }
  return undefined;
}

function noticeOf(folder: string): Notice {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Notice;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (typeof license !== 'string') throw new Error(`${name} names no licence`);
  return { name, version, license, text: file ? readFileSync(join(folder, file), 'utf8').trim() : '' };
}

/** The file: a line for each package, then the licences in full. */
export function noticesText(moduleIds: readonly string[]): string {
  const folders = [...new Set(moduleIds.flatMap((id) => folderOf(id) ?? []))];
  const notices = folders.map(noticeOf).sort((a, b) => a.name.localeCompare(b.name));
  const lines = notices.map(({ name, version, license }) => `- ${name} ${version} (${license})`);
  const texts = notices.filter(({ text }) => text !== '').map(({ name, text }) => `## ${name}\n\n${text}`);
  return [
    '# Packages inside of the command line and the gateway',
    '',
    ...lines,
    '',
    ...texts.join('\n\n').split('\n'),
    '',
  ].join('\n');
}

/** What the dashboard holds, which is built for itself. */
export const dashboardPackages: readonly string[] = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** Ends the build of a bundle that holds a package which the notices would not name. */
export function onlyOf(names: readonly string[]) {
  return {
    name: 'only-of',
    generateBundle(_: unknown, bundle: Bundle) {
      const ids = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
      const found = new Set(ids.flatMap((id) => folderOf(id) ?? []).map((folder) => noticeOf(folder).name));
      const others = [...found].filter((name) => !names.includes(name));
      if (others.length > 0) throw new Error(`The notices do not name ${others.join(', ')}: see .config/notices.ts`);
    },
  };
}

/** Writes the file beside what is built. @param beside packages in other files of the package. */
export function notices(fileName: string, beside: readonly string[] = []) {
  return {
    name: 'notices',
    generateBundle(
      this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): void },
      _: unknown,
      bundle: Bundle,
    ) {
      const ids = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
      ids.push(...beside.map((name) => join(modules, name, 'index.js')));
      this.emitFile({ type: 'asset', fileName, source: noticesText(ids) });
    },
  };
}
