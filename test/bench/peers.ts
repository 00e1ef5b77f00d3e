// The packages of npm that are measured beside this one: installed when they are needed, exactly as their lockfile has them, in
// a folder that nothing else sees.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, type ContenderName, contenders } from './contenders.ts';

const FOLDER = join(import.meta.dirname, 'peers');

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly optional?: boolean }>>;
}
const lock = (path: string): Lock =>
  existsSync(join(FOLDER, path)) ? JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) : { packages: {} };

/** Whether all that the lockfile names is there. */
function complete(): boolean {
  const { packages: installed } = lock('node_modules/.package-lock.json');
  return Object.entries(lock('package-lock.json').packages).every(
    ([place, { version, optional }]) => place === '' || optional || installed[place]?.version === version,
  );
}

/** Their names; none when they cannot be had, without a network for example. */
export function installedPeers(): readonly ContenderName[] {
  if (!complete()) {
    const args = ['ci', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
    try {
      execFileSync('npm', args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'], timeout: 180_000 });
    } catch {
      return [];
    }
  }
  const all = Object.entries(contenders) as [ContenderName, Contender][];
  return all.filter(([, { peer }]) => peer).map(([name]) => name);
}
