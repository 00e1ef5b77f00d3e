/**
 * The dashboard as it was built: one page, and assets whose names change with what they hold. Read from the package, or in the
 * repository from where `npm run build` puts it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A file to be sent. */
export interface DashboardFile {
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
}

/** Where it may be, seen from the built command line and from this file. */
const PLACES = ['../dashboard/', '../../../dist/dashboard/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The folder that holds a dashboard that was built; its sources have an index.html as well, but no assets. */
export function builtDashboard(places: readonly string[] = PLACES): string | undefined {
  return places.find((place) => existsSync(join(place, 'index.html')) && existsSync(join(place, 'assets')));
}

/** Files that were read, by their path: an asset never changes. */
const known = new Map<string, DashboardFile>();

function fileAt(path: string): DashboardFile {
  const bytes = readFileSync(path);
  return { bytes, gzipped: gzipSync(bytes), type: TYPES[extname(path)] ?? 'application/octet-stream' };
}

/** The page as it is now: in the repository it may be built anew while a gateway runs. */
export function dashboardPage(folder: string): DashboardFile {
  return fileAt(join(folder, 'index.html'));
}

/** An asset by its name; `undefined` when there is none. Only names that the folder lists are ever read. */
export function dashboardAsset(folder: string, name: string): DashboardFile | undefined {
  const path = join(folder, 'assets', name);
  const found = known.get(path);
  if (found) return found;
  if (!readdirSync(join(folder, 'assets')).includes(name)) return undefined;
  const file = fileAt(path);
  known.set(path, file);
  return file;
}
