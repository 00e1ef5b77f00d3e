// `check` as a user runs it: what the configuration says, and who answers. It costs nothing: nothing but GETs go out.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sqliteGatewayStore } from '../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';
import { faultServer } from '../../src/testing/index.ts';
import { cli } from './run-cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('is content when every endpoint answers, and asks by GET alone', async () => {
  await using a = await faultServer({ name: 'a', models: ['m1', 'm2'] });
  await using b = await faultServer({ name: 'b', models: ['m3'] });
  const file = join(folder, 'good.json');
  const endpoints = [
    { name: 'a', apiKey: '${KEY_A}', baseURL: a.url },
    { name: 'b', apiKeyEnv: 'KEY_B', baseURL: b.url },
    { name: 'c', apiKey: '${KEY_C:-}' },
    { name: 'claude', type: 'anthropic', apiKey: 'sk-ant', baseURL: b.origin },
  ];
  const groups = {
    fast: {
      strategy: 'priority',
      endpoints: [
        { endpoint: 'a', model: 'm1' },
        { endpoint: 'b', model: 'gone' },
      ],
      fallback: ['slow'],
    },
    slow: { endpoints: [{ endpoint: 'b', model: 'm3' }] },
  };
  writeFileSync(file, JSON.stringify({ endpoints, groups }));
  const { code, out, err } = await cli(['check', '--config', file], { KEY_A: 'sk-a', KEY_B: 'sk-b' }, folder);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^Configuration: good\.json, 3 endpoints, 2 groups, 0 client keys\.$/m);
  expect(out).toMatch(/^ {2}fast +priority +a \(m1\), b \(gone\), else slow$/m);
  expect(out).toMatch(new RegExp(`^  a +openai +${a.url} +file +ok, 2 models, \\d+ ms$`, 'm'));
  expect(out).toMatch(/^ {2}b +openai +\S+ +KEY_B +ok, 1 model, \d+ ms$/m);
  expect(out).toContain('! Endpoint c is skipped: its key is empty.');
  expect(out).toContain('! Endpoint b lists no model gone, which group fast asks it for.');
  expect(out).toMatch(/All endpoints answer\.\n$/);
  expect([...a.requests, ...b.requests].map(({ method, route }) => `${method} ${route}`)).toEqual([
    'GET /models',
    'GET /models',
    'GET /models',
  ]);
  expect(out).not.toContain('sk-');
});

it('prints which key goes where, for the environment', async () => {
  await using a = await faultServer({ name: 'a' });
  await using b = await faultServer({ name: 'b', script: 401 });
  const env = { OPENAI_API_KEYS: 'k1,k2', SERVICE_ENDPOINTS: JSON.stringify({ openai: [a.url, b.url] }) };
  const { code, out } = await cli(['check'], env, folder);
  expect(code).toBe(1);
  expect(
    [...out.matchAll(/^ {2}(openai-\d) +openai +(\S+) +(key \d of OPENAI_API_KEYS) +(.*)$/gm)].map(([, ...row]) => row),
  ).toEqual([
    ['openai-1', a.url, 'key 1 of OPENAI_API_KEYS', expect.stringMatching(/^ok/)],
    ['openai-2', a.url, 'key 2 of OPENAI_API_KEYS', expect.stringMatching(/^ok/)],
    ['openai-3', b.url, 'key 1 of OPENAI_API_KEYS', 'refuses the key (401)'],
    ['openai-4', b.url, 'key 2 of OPENAI_API_KEYS', 'refuses the key (401)'],
  ]);
  expect(out).toContain('2 of 4 endpoints cannot be used.');
});

it('says who cannot be reached, and why', async () => {
  await using a = await faultServer({ name: 'a', script: [404] });
  await using b = await faultServer({ name: 'b' });
  await b.refuse();
  const file = join(folder, 'bad.toml');
  writeFileSync(
    file,
    [a, b].map(({ name, url }) => `[[endpoints]]\nname = "${name}"\napiKey = "k"\nbaseURL = "${url}"\n`).join('\n'),
  );
  const { code, out } = await cli(['check', '--config', file], {}, folder);
  expect(code).toBe(1);
  expect(out).toMatch(/^ {2}a .* there, lists no models \(404\)$/m);
  expect(out).toMatch(/^ {2}b .* not reached: ECONNREFUSED$/m);
});

it('prints path, line and column of everything that is wrong', async () => {
  const file = join(folder, 'wrong.yaml');
  writeFileSync(file, 'endpoints:\n  - apiKey: k\n    wieght: 1\n    baseURL: nope\n');
  const { code, out, err } = await cli(['check', '-c', file], {}, folder);
  expect([code, out]).toEqual([2, '']);
  expect(err).toBe(
    'wrong.yaml:3:5 endpoints[0].wieght: unknown option; did you mean weight?\nwrong.yaml:4:5 endpoints[0].baseURL: is no URL; expected a URL such as https://api.openai.com/v1\n',
  );
});

it.skipIf(storeProblem({ store: { path: 'x' } }, process.versions.node))(
  'looks at what the store holds as well, and makes none',
  async () => {
    await using a = await faultServer({ name: 'a' });
    const path = join(folder, 'gateway.db');
    const file = join(folder, 'stored.json');
    const admin = { allowInsecure: true };
    const groups = { fast: { endpoints: [{ endpoint: 'made' }] } };
    writeFileSync(file, JSON.stringify({ store: { path: './gateway.db' }, admin, groups }));
    const without = await cli(['check', '--config', file], { OPENAI_API_KEY: 'k' }, folder);
    expect([without.code, without.err]).toEqual([2, expect.stringMatching(/names no endpoint/)]);
    expect(existsSync(path)).toBe(false);
    expect((await cli(['check', '--store', path], { OPENAI_API_KEY: 'k' }, folder)).err).toMatch(
      /There is no store at/,
    );

    const env = { LBO_ENCRYPTION_KEY: 'a pass phrase of some length' };
    const store = sqliteGatewayStore({ path, env });
    store.config.write({ endpoints: { made: { apiKey: 'sk-made', baseURL: a.url } } });
    store.close();
    const { code, out, err } = await cli(['check', '--config', file], env, folder);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^Configuration: stored\.json and the store gateway\.db, 1 endpoint, 1 group, 0 client keys\.$/m,
    );
    expect(out).toMatch(/^ {2}made +openai +\S+ +store +ok/m);
    expect(out).not.toContain('sk-made');
    const wrong = await cli(['check', '--config', file], { LBO_ENCRYPTION_KEY: 'another pass phrase' }, folder);
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/was encrypted with another key/)]);
  },
);
