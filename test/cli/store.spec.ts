// The store that `serve` uses: the one asked for, or a file beside the configuration; and what is said where none can be used.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { chooseStore } from '../../src/cli/choose-store.ts';
import { serve } from '../../src/cli/serve/serve.ts';
import { sqliteGatewayStore } from '../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat } from '../support/gateway.ts';
import { startCli } from './run-cli.ts';

const lacking = storeProblem({ store: { path: 'x' } }, process.versions.node);
const root = mkdtempSync(join(tmpdir(), 'serve-store-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.restoreAllMocks());
const newFolder = () => mkdtempSync(join(root, 'f-'));

/** `serve` in this process, for what ends before it listens. */
async function here(args: readonly string[], folder: string, env: Record<string, string> = {}) {
  const before = process.env;
  process.env = { PATH: before.PATH, ...env };
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    const code = await serve(args);
    return { code, err: said.mock.calls.flat().join('\n') };
  } finally {
    process.env = before;
    vi.restoreAllMocks();
  }
}

describe.skipIf(lacking !== undefined)(`the store of serve${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  const version = (value: string) =>
    vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, node: value });
  const file = (folder: string, value: object = {}) => ({ source: join(folder, 'gateway.yaml'), value });

  it('is the one of the option, else of the configuration, else a file beside it', () => {
    const folder = newFolder();
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const asked = { is: 'file', asked: true };
    const own = file('/etc/gateway', { store: { path: '${WHERE:-data}/x.db' } });
    expect(chooseStore('/a/b.db', own, {})).toEqual({ ...asked, path: '/a/b.db' });
    expect(chooseStore(undefined, own, {})).toEqual({ ...asked, path: '/etc/gateway/data/x.db' });
    expect(chooseStore(undefined, own, { WHERE: '/var' })).toEqual({ ...asked, path: '/var/x.db' });
    expect(chooseStore(undefined, file(folder), {})).toEqual({
      ...{ is: 'file', asked: false },
      path: join(folder, 'load-balanced-openai.db'),
    });
    expect(chooseStore(undefined, { source: 'environment', value: {} }, {})).toMatchObject({ asked: false });
    expect(chooseStore(undefined, file(folder, { store: { type: 'memory' } }), {})).toEqual({
      is: 'memory',
      why: undefined,
    });
    expect(chooseStore(undefined, file(folder, { store: { type: 'redis', url: 'redis://x' } }), {})).toEqual({
      ...{ is: 'redis', url: 'redis://x', asked: true },
    });
    expect(chooseStore('rediss://y:1', file(folder), {})).toMatchObject({ is: 'redis', url: 'rediss://y:1' });
  });

  it('is in memory on an older Node, with a reason, unless a file was asked for', () => {
    version('20.19.0');
    expect(chooseStore(undefined, file(newFolder()), {})).toEqual({
      is: 'memory',
      why: expect.stringContaining('needs Node 22.13'),
    });
    expect(chooseStore('x.db', file(newFolder()), {})).toContain('needs Node 22.13');
    expect(chooseStore(undefined, file(newFolder(), { store: { path: 'x.db' } }), {})).toContain('needs Node 22.13');
  });

  it.skipIf(process.getuid?.() === 0)('is in memory where the folder cannot be written, with a reason', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'locked'), { mode: 0o500 });
    expect(chooseStore(undefined, file(join(folder, 'locked')), {})).toEqual({
      ...{ is: 'memory', why: expect.stringContaining('cannot be written') },
    });
  });

  it('gives the store a new key at a start with both, says so, and starts with the new one from then on', async () => {
    const folder = newFolder();
    const [old, next] = ['ab'.repeat(32), 'cd'.repeat(32)];
    const store = sqliteGatewayStore({ path: join(folder, 'own.db'), env: { LBO_ENCRYPTION_KEY: old } });
    const spare = { apiKey: 'sk-spare', baseURL: 'https://spare.example.com/v1' };
    store.config.write({ endpoints: { spare } });
    store.close();
    const both = { LBO_ENCRYPTION_KEY: next, LBO_ENCRYPTION_KEY_PREVIOUS: old };
    const running = startCli(['serve', '--port', '0', '--store', 'own.db'], both, folder);
    await running.printed(/The store has the key of LBO_ENCRYPTION_KEY now/);
    await running.printed(/"store":"own\.db"/);
    running.child.kill('SIGTERM');
    expect((await running.over).code).toBe(0);
    const after = sqliteGatewayStore({ path: join(folder, 'own.db'), env: { LBO_ENCRYPTION_KEY: next } });
    expect(after.config.read().endpoints).toEqual({ spare });
    after.close();
    const wrong = await here(['--store', join(folder, 'own.db')], folder, { LBO_ENCRYPTION_KEY: old });
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('LBO_ENCRYPTION_KEY_PREVIOUS') });
  });

  it('leaves no file where nobody can be called, and starts without anybody where a store was asked for', async () => {
    const folder = newFolder();
    expect(await here([], folder)).toMatchObject({ code: 2, err: expect.stringContaining('OPENAI_API_KEYS') });
    expect(readdirSync(folder)).toEqual([]);
    const running = startCli(['serve', '--port', '0', '--store', 'own.db'], {}, folder);
    await running.printed(/"store":"own\.db"/);
    running.child.kill('SIGTERM');
    expect((await running.over).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['own.db', 'own.db.key']);
  });

  it.each<[string, (path: string) => void, Record<string, string>, RegExp]>([
    [
      'another key',
      () => {},
      { LBO_ENCRYPTION_KEY: 'ab'.repeat(32) },
      /encrypted with another key than that of LBO_ENCRYPTION_KEY/,
    ],
    ['a key file that is gone', (path) => rmSync(`${path}.key`), {}, /put the key file back to .*own\.db\.key/],
    [
      'a file that is no database',
      (path) => writeFileSync(path, 'rubbish '.repeat(99)),
      {},
      /it is no database\. Move it away/,
    ],
    ['a folder', (path) => void [rmSync(path), mkdirSync(path)], {}, /own\.db cannot be opened: it is a folder/],
  ])('that cannot be used ends it with 1 and says what to do: %s', async (_, harm, env, says) => {
    const folder = newFolder();
    const path = join(folder, 'own.db');
    const store = sqliteGatewayStore({ path, env: {} });
    store.config.read();
    store.close();
    harm(path);
    const { code, err } = await here(['--store', 'own.db'], folder, { OPENAI_API_KEY: 'sk-1', ...env });
    expect([code, err]).toEqual([1, expect.stringMatching(says)]);
    expect(err).not.toContain('ab'.repeat(8));
  });

  it('does not go with --demo, which keeps nothing', async () => {
    const folder = newFolder();
    expect(await here(['--demo', '--store', 'x.db'], folder)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--demo keeps nothing'),
    });
    const running = startCli(['serve', '--demo', '--port', '0'], {}, folder);
    await running.printed(/"url":"http:/);
    running.child.kill('SIGTERM');
    await running.over;
    expect(existsSync(join(folder, 'load-balanced-openai.db'))).toBe(false);
  });

  it('gives no budget back to who kills the process', async () => {
    await using a = await faultServer({ name: 'a' });
    const folder = newFolder();
    const text = `endpoints: [{ name: a, apiKey: sk-1, baseURL: "${a.url}" }]
prices: { gpt-5: { input: 1000, output: 1000 } }
clientKeys: [{ name: app, key: ck-app, limits: { budget: 0.01 } }]
`;
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), text);
    const started = async () => {
      const running = startCli(['serve', '--port', '0'], {}, folder);
      const [, url] = await running.printed(/"url":"(http:[^"]+)"/);
      const { headers, ...init } = chat('gpt-5');
      const status = async () => {
        const sent = { ...(headers as object), authorization: 'Bearer ck-app' };
        const response = await fetch(`${url}/v1/chat/completions`, { ...init, headers: sent });
        await response.text();
        return response.status;
      };
      return { running, status };
    };
    const first = await started();
    expect([await first.status(), await first.status()]).toEqual([200, 429]);
    const path = join(folder, 'load-balanced-openai.db');
    const look = sqliteGatewayStore({ path, env: {} });
    await expect.poll(() => look.calls.usage({ by: [] })[0]?.calls, { timeout: 5_000 }).toBe(2);
    look.close();
    first.running.child.kill('SIGKILL');
    await first.running.over;
    const second = await started();
    expect(await second.status()).toBe(429);
    second.running.child.kill('SIGTERM');
    await second.running.over;
  });
});
