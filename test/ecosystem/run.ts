// Drives the libraries around the SDK with the built package, as a user has it: `npm run ecosystem`, or with words of
// file names (`npm run ecosystem -- langchain agents`). Installs what is missing in this folder, builds and packs, or takes
// the package that TARBALL names, puts it beside the libraries, and runs each *.test.ts in a process of its own.
// The last line is `N passed, N failed, N skipped`.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const here = import.meta.dirname;
const root = join(here, '../..');

const command = (name: string, args: readonly string[], cwd: string) =>
  execFileSync(name, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly optional?: boolean }>>;
}
const lock = (path: string): Lock =>
  existsSync(join(here, path)) ? JSON.parse(readFileSync(join(here, path), 'utf8')) : { packages: {} };

/** The libraries, exactly as the lockfile has them. */
function install(): void {
  const { packages: installed } = lock('node_modules/.package-lock.json');
  const missing = Object.entries(lock('package-lock.json').packages).some(
    ([place, { version, optional }]) => place !== '' && !optional && installed[place]?.version !== version,
  );
  if (missing)
    command(
      'npm',
      ['ci', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'],
      here,
    );
}

/** The package to try, built and packed unless one was given. */
function tarball(folder: string): string {
  if (process.env.TARBALL) return resolve(process.env.TARBALL);
  command('npm', ['run', 'build'], root);
  const packed = command('npm', ['pack', '--json', '--pack-destination', folder], root);
  return join(folder, (JSON.parse(packed) as [{ filename: string }])[0].filename);
}

/** Unpacked by hand: npm would take seconds to look at all the libraries, and what the package needs is among them. */
function unpack(file: string): void {
  const place = join(here, 'node_modules/load-balanced-openai');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  command('tar', ['-xzf', file, '-C', place, '--strip-components=1'], here);
}

install();
const folder = mkdtempSync(join(tmpdir(), 'ecosystem-'));
try {
  unpack(tarball(folder));
} finally {
  rmSync(folder, { recursive: true });
}

const words = process.argv.slice(2);
const files = globSync('*.test.ts', { cwd: here })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => join(here, file))
  .sort();

// What a library would take from the environment is for the tests to say; children get the same.
for (const name of Object.keys(process.env))
  if (/^(OPENAI|AZURE|LANG|DD_|SENTRY|OTEL)/.test(name)) delete process.env[name];
process.env.NODE_OPTIONS = `--import=${join(here, 'support/loopback-only.ts')}`;

const tests = run({ files, concurrency: availableParallelism(), timeout: 120_000 });
tests.on('test:summary', ({ file, counts, success }) => {
  if (file !== undefined) return;
  const { tests, passed, skipped } = counts;
  process.exitCode = success && passed > 0 ? 0 : 1;
  process.once('exit', () => console.log(`${passed} passed, ${tests - passed - skipped} failed, ${skipped} skipped`));
});
tests.compose(spec()).pipe(process.stdout);
