// The README cannot drift: its tables are compared with the source, its links followed, its code compiled and run, its words
// held to one per concept.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerdictName } from '../src/call/outcome.ts';
import { defaults } from '../src/config/defaults.ts';
import { ownKeys } from '../src/config/endpoint-schema.ts';
import { poolKeys, poolOptions } from '../src/config/schema.ts';
import { azureKeys } from '../src/config/sdk-options.ts';
import { verdict } from '../src/dispatch/verdicts.ts';
import * as library from '../src/index.ts';
import { blocks, headings, links, members, prose, ROOT, readme, section, spans, table } from './readme/document.ts';
import { redisMissing, redisServer } from './support/redis-server.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const packageJson = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const quoted = (text: string): string[] => [...text.matchAll(/'([\w-]+)'/g)].map((match) => match[1] as string);

/** A default as the table writes it: `5_000`, `'auto'`, `[]`; `undefined` for words. */
function literal(cell: string): unknown {
  const [span] = spans(cell);
  if (cell !== `\`${span}\``) return undefined;
  return JSON.parse((span as string).replaceAll("'", '"').replaceAll('_', ''));
}

/** `{ a: { b: 1 } }` → `[['a.b', 1]]`. */
function flat(value: object, path = ''): Array<[string, unknown]> {
  return Object.entries(value).flatMap(([key, inner]): Array<[string, unknown]> => {
    const isGroup = typeof inner === 'object' && inner !== null && Object.getPrototypeOf(inner) === Object.prototype;
    return isGroup && Object.keys(inner).length > 0 ? flat(inner, `${path}${key}.`) : [[path + key, inner]];
  });
}

describe('how it opens', () => {
  const [what = '', commands = ''] = readme.split(/^```.*$/m);

  it('says what it is, then the two commands', () => {
    expect(what).toMatch(/^# load-balanced-openai\n\nThe official `openai` client, /);
    expect(what).not.toContain('\n## ');
    const lines = commands.trim().split('\n');
    expect(lines.map((line) => line.replace(/ *#.*/, ''))).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  it('names only scripts that exist', () => {
    const run = [...readme.matchAll(/npm run ([\w-]+)/g)].map((match) => match[1] as string);
    expect(Object.keys(packageJson.scripts ?? {})).toEqual(expect.arrayContaining([...new Set(run), 'test']));
  });

  it('lists every example', () => {
    const files = readdirSync(join(ROOT, 'examples')).filter((file) => /^\d/.test(file));
    const rows = table('Quickstart').map(([command]) => command);
    expect(rows).toEqual(files.map((file) => `\`npm run example ${file.replace('.ts', '')}\``));
  });
});

describe('the options', () => {
  const rows = new Map(table('Options').map(([option = '', value = '']) => [spans(option)[0] as string, value]));
  const files = ['options', 'endpoint-options', 'breaker-options'];
  const written = Object.assign({}, ...files.map((file) => members(`src/config/${file}.ts`))) as Record<
    string,
    string[]
  >;
  /** The interfaces behind options that have options of their own. */
  const groups: Record<string, string> = {
    rescue: 'RescueOptions',
    hedge: 'HedgeOptions',
    breaker: 'BreakerOptions',
    slowStart: 'SlowStartOptions',
    retryBudget: 'RetryBudgetOptions',
    waitingRoom: 'WaitingRoomOptions',
    panic: 'PanicOptions',
    affinity: 'AffinityOptions',
    lists: 'ListOptions',
  };
  const everyOption = (written.PoolOptions ?? []).flatMap((name) => {
    const group = groups[name];
    return group === undefined ? [name] : (written[group] ?? []).map((inner) => `${name}.${inner}`);
  });

  it('are those of the types and of the schema, and two of the SDK', () => {
    expect([...rows.keys()].sort()).toEqual([...everyOption, 'timeout', 'maxRetries'].sort());
    expect([...new Set(everyOption.map((name) => name.split('.')[0]))].sort()).toEqual([...poolKeys()].sort());
  });

  it('have the defaults of defaults.ts', () => {
    const { weight: _, ...ofPool } = defaults;
    for (const [name, value] of flat(ofPool)) expect([name, literal(rows.get(name) ?? '')]).toEqual([name, value]);
  });

  it('have the defaults that the schema fills in', () => {
    const { strategy, clock: _, ...filled } = poolOptions().parse({});
    expect(strategy.name).toBe(literal(rows.get('strategy') ?? ''));
    const known = flat(filled).filter(
      ([name, value]) => value !== undefined && name !== 'modelMaps' && name !== 'hedge',
    );
    // Off; the table has what `hedge: {}` means.
    expect(filled.hedge).toBe(false);
    for (const [name, value] of known) expect([name, literal(rows.get(name) ?? '')]).toEqual([name, value]);
    const words = [...rows].filter(([, cell]) => literal(cell) === undefined).map(([name]) => name);
    expect(words.sort()).toEqual(
      [
        'affinity.home',
        'breaker.errorFilter',
        'classify',
        'clock',
        'endpoints',
        'fallbacks',
        'maxAttempts',
        'modelMaps',
        'store',
      ].sort(),
    );
  });

  it("have the SDK's defaults where they are the SDK's", () => {
    const { timeout, maxRetries } = new OpenAI({ apiKey: 'x' });
    expect([literal(rows.get('timeout') ?? ''), literal(rows.get('maxRetries') ?? '')]).toEqual([timeout, maxRetries]);
  });

  it('of an endpoint are those of the types and of the schema', () => {
    const endpoint = new Map(table('Endpoint options').map(([option = '', value = '']) => [option, value]));
    const named = [...endpoint.keys()].flatMap(spans).sort();
    const typed = ['CommonEndpointOptions', 'AzureEndpointOptions', 'ClientEndpointOptions'].flatMap(
      (name) => written[name] ?? [],
    );
    expect(named).toEqual([...new Set([...typed, ...azureKeys, ...ownKeys()])].sort());
    expect(literal(endpoint.get('`weight`') ?? '')).toBe(defaults.weight);
  });

  it('read variables that the source reads', () => {
    const source = readdirSync(join(ROOT, 'src/config')).map((file) => read(`src/config/${file}`));
    const names = spans(section('Environment')).filter((span) => /^[A-Z_]+$/.test(span));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names)
      expect([name, source.some((text) => new RegExp(`\\b${name}\\b`).test(text))]).toEqual([name, true]);
  });
});

describe('the tables', () => {
  it('have every event with its facts', () => {
    const source = read('src/observe/events.ts');
    const events = [...source.matchAll(/^ {2}'([\w-]+)': (\w+)(?: & \{(.*?)\})?;/gms)];
    expect(events.length).toBeGreaterThan(10);
    const rows = new Map(table('Events').map(([name = '', , facts = '']) => [spans(name)[0] as string, spans(facts)]));
    expect([...rows.keys()]).toEqual(events.map((match) => match[1]));
    for (const [, name = '', base, own = ''] of events) {
      const facts = [...own.matchAll(/(\w+)\??:/g)].map((match) => match[1] as string);
      expect([name, [...(rows.get(name) ?? [])].sort()]).toEqual([
        name,
        [...new Set([...facts, ...(base === 'OfEndpoint' ? ['endpoint'] : [])])].sort(),
      ]);
    }
  });

  it('have every error and every code', () => {
    const errors = Object.keys(library).filter((name) => name.endsWith('Error'));
    for (const name of errors) expect(spans(section('Errors'))).toContain(name);
    const codes = quoted(/type ProblemCode =(.*?);/s.exec(read('src/config/problems.ts'))?.[1] ?? '');
    const own = [...read('src/errors.ts').matchAll(/super\('(\w+)'/g)].map((match) => match[1] as string);
    expect(codes.length).toBeGreaterThan(10);
    expect(own).toHaveLength(3);
    for (const code of [...codes, ...own]) expect(spans(section('Errors'))).toContain(code);
  });

  it('have every verdict as the table of verdicts has it', () => {
    const rows = table('Failover rules').map((cells) => ({ cells, names: spans(cells.at(-1) ?? '') }));
    const names = quoted(/type VerdictName =(.*?);/s.exec(read('src/call/outcome.ts'))?.[1] ?? '');
    expect([...new Set(rows.flatMap((row) => row.names))].sort()).toEqual(names.sort());
    const says = { failure: /^(yes|if unusually)/, neutral: /^no/, success: /^as a success/ } as const;
    const goes = { throw: /^thrown/, another: /^(another|–)/, same: /^the same/, return: /^returned/ } as const;
    for (const { cells, names: found } of rows)
      for (const name of found) {
        const { health, next } = verdict(name as VerdictName);
        expect(cells[2]).toMatch(says[health]);
        expect(cells[1]).toMatch(goes[next]);
      }
  });

  it('have every dependency', () => {
    const kinds = { dependencies: 'runtime', peerDependencies: 'peer', devDependencies: 'development' };
    const expected = Object.entries(kinds).flatMap(([field, kind]) =>
      Object.keys(packageJson[field] ?? {}).map((name) => [name, kind]),
    );
    const rows = table('Dependencies').flatMap(([names = '', kind = '']) => spans(names).map((name) => [name, kind]));
    // Peers are the user's, and installed for the tests.
    const listed = expected.filter(
      ([name, kind]) => !(packageJson.peerDependencies?.[name as string] && kind === 'development'),
    );
    expect(rows.sort()).toEqual(listed.sort());
  });

  it('show a snapshot with the fields of a snapshot', () => {
    const shown = JSON.parse(blocks.find(({ language }) => language === 'json')?.code ?? '') as library.Snapshot;
    const fields = members('src/sdk/snapshot.ts');
    expect(Object.keys(shown)).toEqual(fields.Snapshot);
    expect(Object.keys(shown.endpoints[0] ?? {})).toEqual(fields.EndpointSnapshot);
  });
});

describe('links', () => {
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );

  it.each([...new Set(links)])('%s leads somewhere', (link) => {
    if (link.startsWith('#')) expect(anchors).toContain(link.slice(1));
    else expect(existsSync(join(ROOT, link.split('#')[0] as string))).toBe(true);
  });

  it('lead to each part', () => {
    const parts = [...readme.matchAll(/^## (.+)$/gm)].map((match) => match[1] as string);
    const listed = [...readme.matchAll(/\[([^\]]+)\]\(#[\w-]+\)[ ·\n]/g)].map((match) => match[1]);
    expect(listed).toEqual(expect.arrayContaining(parts.filter((part) => part !== 'License')));
  });

  it('come in the order of the parts', () => {
    const contents = /^\*\*Contents:\*\* .*?\n\n/ms.exec(readme)?.[0] ?? '';
    const listed = [...contents.matchAll(/\[([^\]]+)\]\(#/g)].map((match) => match[1]);
    const parts = [...readme.replaceAll(/^```.*?^```$/gms, '').matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(listed).toEqual(parts.filter((part) => part !== 'License'));
  });
});

describe('words', () => {
  it.each<[word: string, found: RegExp]>([
    ['endpoint, and no node', /\bnodes?\b|\bNodes\b/],
    ['endpoint, and no target', /\btargets?\b/i],
    ['endpoint, and no deployment', /\bdeployments?\b/i],
    ['endpoint, and no provider', /(?<!token )\bproviders?\b/i],
    ['pool, and no cluster', /\bclusters?\b/i],
    ['call, and no request', /\brequests?\b/i],
    ['failover, and no fallback', /\bfallbacks?\b/i],
    ['model map, and no alias', /\balias(es)?\b/i],
    ['eligible, and neither healthy nor available', /\b(un)?(healthy|available)\b/i],
    ['strategy, and no router', /(?<!LiteLLM )\brouters?\b/i],
    ['ejected, and not banned', /\bbann?(s|ed)?\b/i],
    ['headroom, and no quota', /\bquotas?\b/i],
    ['affinity, and not sticky', /\bstick(y|iness)\b/i],
    ['panic, and no fail-open', /\bfail-open\b/i],
    ['drain, and not disable', /\bdisabled?\b/i],
  ])('%s', (_, wrong) => {
    const lines = prose.split('\n').filter((line) => wrong.test(line));
    expect(lines).toEqual([]);
  });
});

describe('code', () => {
  const sources = blocks.filter(({ language }) => ['js', 'ts'].includes(language));
  const fileOf = ({ language, code, line }: (typeof blocks)[number]) =>
    `block-${String(line).padStart(4, '0')}.${/\brequire\(/.test(code) ? 'cjs' : language}`;
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'readme-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    for (const block of sources) {
      const file = fileOf(block);
      write(file, file.endsWith('.cjs') ? block.code : `${block.code}\nexport {};\n`);
    }
    write('package.json', JSON.stringify({ type: 'module' }));
    const client = "import type { LoadBalancedOpenAI } from 'load-balanced-openai';";
    write('client.d.ts', `${client}\ndeclare global { const client: LoadBalancedOpenAI; }\nexport {};\n`);
    const paths = {
      'load-balanced-openai': [join(ROOT, 'src/index.ts')],
      'load-balanced-openai/prometheus': [join(ROOT, 'src/prometheus/index.ts')],
      'load-balanced-openai/redis': [join(ROOT, 'src/redis/index.ts')],
      'load-balanced-openai/otel': [join(ROOT, 'src/otel/index.ts')],
      'load-balanced-openai/testing': [join(ROOT, 'src/testing/index.ts')],
      'load-balanced-openai/transport': [join(ROOT, 'src/transport/index.ts')],
    };
    // The settings of a strict project, and nothing of ours.
    const compilerOptions = {
      ...{ strict: true, target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext', types: ['node'] },
      ...{
        noEmit: true,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        allowJs: true,
        checkJs: true,
        skipLibCheck: true,
        paths,
      },
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*'] }));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('compiles', async () => {
    expect(sources.length).toBeGreaterThan(10);
    const bin = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const said = await promisify(execFile)(process.execPath, [bin], { cwd: folder }).catch((error) => error);
    // What is wrong inside the source is told by `npm run types`.
    const lines = String(said.stdout).split('\n');
    expect(lines.filter((line) => /^(block-|client|error)/.test(line))).toEqual([]);
  });

  it('runs', async () => {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(OPENAI|AZURE|OPENROUTER|SERVICE)(_|$)/.test(name)),
    );
    // What needs a Redis compiles everywhere and runs where there is one.
    await using redis = redisMissing ? undefined : await redisServer();
    if (redis) env.REDIS_URL = redis.url;
    const run = sources.filter(({ code }) => redis || !code.includes('REDIS_URL'));
    for (const block of sources) if (!run.includes(block)) rmSync(join(folder, fileOf(block)));
    const args = [join(ROOT, 'test/readme/run-blocks.ts'), folder];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 25_000 });
    const results = JSON.parse(stdout) as Record<string, { error?: string; printed: string[] }>;
    expect(Object.keys(results)).toEqual(run.map(fileOf));
    for (const [file, { error }] of Object.entries(results)) expect([file, error]).toEqual([file, undefined]);
    const printed = (holds: string) =>
      results[fileOf(sources.find(({ code }) => code.includes(holds)) as (typeof blocks)[number])]?.printed;
    expect(printed("apiKeyEnv: 'OPENAI_API_KEY_2' }]")).toEqual(['Hello from api.']);
    expect(printed('recordEvents(client)')?.[0]).toMatch(/^1 1 call-start,attempt-start,attempt-end,failover-start,/);
  });
});
