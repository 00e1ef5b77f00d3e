// The container example without Docker: its steps are read and run one by one in folders that stand for its images, then what it
// would start is started and asked whether it is well. In full only, since it installs everything anew.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort } from './bench/gateways/program.ts';
import { ROOT } from './readme/document.ts';

const FOLDER = join(ROOT, 'examples/docker');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

interface Step {
  readonly what: string;
  readonly rest: string;
}

/** The steps, each on one line, without comments. */
const steps: readonly Step[] = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ what: line.split(' ', 1)[0] as string, rest: line.slice(line.indexOf(' ') + 1) }));
const last = (what: string) => steps.filter((step) => step.what === what).at(-1)?.rest ?? '';
const list = (text: string) => JSON.parse(text.slice(text.indexOf('['))) as string[];

it('is small, runs as nobody in particular, says whether it is well, and names no place to get its base from', () => {
  const bases = steps.filter(({ what }) => what === 'FROM').map(({ rest }) => rest.split(' ')[0]);
  expect(bases.length).toBeGreaterThan(1);
  expect(new Set(bases)).toEqual(new Set(['node:24-slim']));
  expect(last('USER')).toBe('node');
  expect(steps.findIndex(({ what }) => what === 'USER')).toBeLessThan(
    steps.findIndex(({ what }) => what === 'ENTRYPOINT'),
  );
  expect(list(last('HEALTHCHECK')).at(-1)).toContain('/health/live');
  const ignored = read('Dockerfile.dockerignore').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '**/.git', '**/.env']));
});

it('has compose files that name files of this folder, publish on this machine only, and give calls time to end', () => {
  const { services } = parse(read('compose.yaml')) as { services: Record<string, Record<string, unknown>> };
  const { build, ports, volumes, stop_grace_period } = services.gateway as {
    build: { context: string; dockerfile: string };
    ports: string[];
    volumes: string[];
    stop_grace_period: string;
  };
  expect(existsSync(join(FOLDER, build.context, build.dockerfile))).toBe(true);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  for (const file of volumes.filter((each) => each.startsWith('./')))
    expect(existsSync(join(FOLDER, file.split(':')[0] as string))).toBe(true);
  expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(25);
  const redis = parse(read('compose.redis.yaml')) as { services: object };
  expect(Object.keys(redis.services)).toEqual(['gateway', 'gateway-2', 'redis']);
});

it.runIf(process.env.FULL)(
  'builds, starts, is well, takes its client key only, and ends when it is told to',
  async () => {
    const images = mkdtempSync(join(tmpdir(), 'docker-'));
    try {
      let image = images;
      let workdir = '/';
      const stages = new Map<string, string>();
      const inside = (path: string, root = image) => join(root, path.startsWith('/') ? path : join(workdir, path));
      const moved = (text: string) => text.replaceAll(/(^|[\s"'=])(\/(?:build|app|data)\b)/g, `$1${image}$2`);
      for (const { what, rest } of steps) {
        if (what === 'FROM') {
          image = join(images, String(stages.size));
          mkdirSync(image);
          stages.set(/ AS (\w+)$/.exec(rest)?.[1] ?? 'last', image);
        } else if (what === 'WORKDIR') {
          workdir = rest;
          mkdirSync(inside(rest), { recursive: true });
        } else if (what === 'COPY') {
          const words = rest.split(' ').filter((word) => !word.startsWith('--'));
          const [from, to] = words as [string, string];
          const stage = /--from=(\w+)/.exec(rest)?.[1];
          if (stage === undefined) {
            // What git keeps: nothing that is ignored, and no links, since what they lead to is not to be touched.
            const kept = execFileSync('git', ['ls-files', '-s'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
            for (const line of kept.filter((each) => each.startsWith('100'))) {
              const file = line.slice(line.indexOf('\t') + 1);
              if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(inside(to), file));
            }
            expect(existsSync(inside('node_modules'))).toBe(false);
          } else {
            const [found] = globSync(inside(from, stages.get(stage)));
            cpSync(found as string, inside(to), { recursive: true, verbatimSymlinks: true });
          }
        } else if (what === 'RUN' && !rest.startsWith('chown ')) {
          await promisify(execFile)('sh', ['-c', moved(rest)], { cwd: inside('.'), maxBuffer: 2 ** 26 });
        }
      }
      cpSync(join(FOLDER, 'load-balanced-openai.yaml'), inside('load-balanced-openai.yaml'));
      const port = await freePort();
      const program = [...list(last('ENTRYPOINT')), ...list(last('CMD'))].map((word) =>
        moved(word).replace('8000', String(port)),
      );
      const env = { PATH: process.env.PATH, OPENAI_API_KEY: 'k', APP_KEY: 'ck-app', ADMIN_KEY: 'ak-me', HOME: images };
      const child = spawn(program[0] as string, program.slice(1), {
        cwd: inside('.'),
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.stdout.resume();
      const [command = '', ...args] = list(last('HEALTHCHECK')).map((word) => word.replace('8000', String(port)));
      await promisify(execFile)(command, args, { env });
      const models = (key: string) =>
        fetch(`http://127.0.0.1:${port}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      expect([(await models('ck-app')).status, (await models('any')).status]).toEqual([200, 401]);
      expect(existsSync(inside('load-balanced-openai.db'))).toBe(true);
      child.kill(last('STOPSIGNAL') as NodeJS.Signals);
      expect((await once(child, 'exit'))[0]).toBe(0);
      await expect(promisify(execFile)(command, args, { env })).rejects.toThrow();
      expect(basename(inside('.'))).toBe('data');
    } finally {
      rmSync(images, { recursive: true, force: true });
    }
  },
);
