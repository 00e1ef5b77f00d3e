// Builds the dashboard when what is built is missing or older than its sources. For `npm start` and for the tests.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const built = join(repository, 'dist/dashboard');
const sources = ['src/gateway/dashboard', '.config/vite.ts', '.config/notices.ts', 'package-lock.json'];

function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((each) => newest(join(path, each))));
}

function isFresh(): boolean {
  const page = join(built, 'index.html');
  return existsSync(page) && sources.every((path) => newest(join(repository, path)) <= statSync(page).mtimeMs);
}

/** Builds it aside and puts it in place as a whole: others may be reading, or building the same. @returns whether it had to. */
export async function buildDashboard(): Promise<boolean> {
  if (isFresh()) return false;
  const { build } = await import('vite');
  const aside = `${built}.${process.pid}`;
  await build({ configFile: join(repository, '.config/vite.ts'), build: { outDir: aside } });
  const before = `${aside}.before`;
  if (!isFresh()) {
    if (existsSync(built)) renameSync(built, before);
    renameSync(aside, built);
  }
  for (const path of [aside, before]) rmSync(path, { recursive: true, force: true });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
