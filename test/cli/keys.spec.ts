// `keys` as a user runs it: keys made, listed and revoked, also while a gateway runs; and told what to do where that cannot be.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { keys } from '../../src/cli/keys/keys.ts';
import { wishOf } from '../../src/cli/keys/wish.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat } from '../support/gateway.ts';
import { cli, startCli } from './run-cli.ts';

const lacking = storeProblem({ store: { path: 'x' } }, process.versions.node);
const root = mkdtempSync(join(tmpdir(), 'keys-'));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = () => mkdtempSync(join(root, 'f-'));

/** The command in this process. */
async function here(args: readonly string[], folder: string): Promise<{ code: number; out: string; err: string }> {
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const [out, err] = (['log', 'error'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
  try {
    const code = await keys(args);
    return { code, out: out?.mock.calls.flat().join('\n') ?? '', err: err?.mock.calls.flat().join('\n') ?? '' };
  } finally {
    vi.restoreAllMocks();
  }
}

describe.skipIf(lacking !== undefined)(`keys${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  it('makes a key, alone on standard output and nowhere else, lists it and revokes it', async () => {
    const folder = newFolder();
    const made = await here(['create', 'team-a', '--groups', 'fast, cheap', '--budget=5/day', '--rpm', '60'], folder);
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^sk-lbo-[\w-]{43}$/);
    expect(made.err).not.toContain(made.out);
    const file = join(folder, 'load-balanced-openai.db');
    expect(readFileSync(file).includes(made.out.slice(10, 30))).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await here(['create', 'b', '--expires', '2999-01-31'], folder);
    const { out } = await here(['list'], folder);
    expect(out.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['name', 'groups', 'limits', 'expires', 'made', 'calls', 'tokens in / out', 'cost this month'],
      ['team-a', 'fast, cheap', '60 calls/min, 5/day', 'never', expect.any(String), '0', '0 / 0', '0'],
      ['b', 'all', 'none', '2999-01-31', expect.any(String), '0', '0 / 0', '0'],
    ]);
    const json = JSON.parse((await here(['list', '--json'], folder)).out);
    expect(json).toMatchObject([
      { name: 'team-a', groups: ['fast', 'cheap'] },
      { expiresAt: '2999-01-31T00:00:00.000Z' },
    ]);
    expect(JSON.stringify(json)).not.toMatch(/digest|[0-9a-f]{64}/);
    expect(await here(['create', 'b'], folder)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('already'),
    });
    expect(await here(['revoke', 'team-a'], folder)).toMatchObject({ code: 0, out: "Key 'team-a' is revoked." });
    expect(await here(['revoke', json[1].id], folder)).toMatchObject({
      code: 0,
      err: expect.stringContaining('No client key is left'),
    });
    expect((await here(['list'], folder)).out).toMatch(/^No keys in .*load-balanced-openai\.db yet/);
  });

  it('works on the store that the configuration names, and says what does not fit it', async () => {
    const folder = newFolder();
    const text =
      'endpoints: [{ apiKey: sk-1 }]\nstore: { path: ./own.db }\nclientKeys: [{ name: app, key: ck-1 }]\ngroups: { fast: { endpoints: [{ endpoint: openai-1 }] } }\n';
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), text.replace('{ apiKey', '{ name: openai-1, apiKey'));
    expect(await here(['create', 'app'], folder)).toMatchObject({
      code: 1,
      err: expect.stringContaining("names a key 'app'"),
    });
    const { err } = await here(['create', 'x', '--groups', 'fast,slow', '--budget', '5'], folder);
    expect(err).toContain('! The configuration has no group slow;');
    expect(err).toContain('! The configuration has no prices');
    expect(statSync(join(folder, 'own.db')).isFile()).toBe(true);
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), 'store: { type: memory }');
    expect(await here(['list'], folder)).toMatchObject({ code: 1, err: expect.stringContaining('in memory') });
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), 'endpoints: [');
    expect(await here(['list'], folder)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^load-balanced-openai\.yaml:1:13 .*$/),
    });
    expect(await here(['list', '--store', 'own.db'], folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining('x'),
    });
  });

  it.each([
    [[], 2, 'Say what to do: list, create, revoke.'],
    [['lst'], 2, "There is no command 'keys lst'; did you mean list?"],
    [['create'], 2, 'A name is missing'],
    [['revoke'], 2, 'A name is missing'],
    [['create', 'a b'], 2, 'A name has 1 to 64 letters'],
    [['create', 'a', 'b'], 2, "Only options may follow, not 'b'"],
    [['list', 'a'], 2, "Only options may follow, not 'a'"],
    [['list', '--rpm', '5'], 2, 'Unknown option --rpm'],
    [['list'], 1, 'There is no store at'],
    [['revoke', 'a', '--store', 'nowhere/x.db'], 1, 'There is no store at'],
    [['create', 'a', '--store', 'nowhere/x.db'], 1, 'nowhere of the store does not exist; make it first.'],
    [['create', 'a', '--store', '.'], 1, 'it is a folder'],
  ])('%j ends with %i and says what to do', async (args, code, says) => {
    const ended = await here(args, newFolder());
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toContain(says);
  });

  it('says which keys there are when none has the name', async () => {
    const folder = newFolder();
    await here(['create', 'team-a'], folder);
    const { code, err } = await here(['revoke', 'team-b'], folder);
    expect([code, err]).toEqual([1, "The store has no key 'team-b'; did you mean team-a?; known are team-a."]);
  });

  it('changes what a running gateway takes, and shows what its keys used', async () => {
    await using a = await faultServer({ name: 'a' });
    const folder = newFolder();
    const text = `endpoints: [{ name: a, apiKey: sk-1, baseURL: "${a.url}" }]\nprices: { gpt-5: { input: 1000, output: 1000 } }\n`;
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), text);
    const running = startCli(['serve', '--port', '0'], {}, folder);
    const [, url] = await running.printed(/"url":"(http:[^"]+)"/);
    const status = async (key: string) => {
      const { headers, ...init } = chat('gpt-5');
      const response = await fetch(`${url}/v1/chat/completions`, {
        ...init,
        headers: { ...(headers as object), authorization: `Bearer ${key}` },
      });
      await response.text();
      return response.status;
    };
    const { out: key } = await cli(['keys', 'create', 'team'], {}, folder);
    await expect.poll(() => status('any'), { timeout: 5_000 }).toBe(401);
    expect(await status(key.trim())).toBe(200);
    await expect
      .poll(async () => (await here(['list'], folder)).out, { timeout: 5_000, interval: 200 })
      .toMatch(/team .* 1 +\d+ \/ \d+ +0\.0\d+$/);
    await here(['revoke', 'team'], folder);
    await here(['create', 'other'], folder);
    await expect.poll(() => status(key.trim()), { timeout: 5_000 }).toBe(401);
    running.child.kill('SIGTERM');
    expect((await running.over).code).toBe(0);
  });
});

describe('what a new key may use', () => {
  const now = Date.UTC(2030, 0, 1);
  it.each<[object, unknown]>([
    [{}, { name: 'a', limits: {} }],
    [{ groups: 'x,y z' }, { name: 'a', groups: ['x', 'y z'], limits: {} }],
    [
      { rpm: '0.5', tpm: '1000' },
      { name: 'a', limits: { requestsPerMinute: 0.5, tokensPerMinute: 1_000 } },
    ],
    [{ budget: '50' }, { name: 'a', limits: { budget: { amount: 50, per: 'month' } } }],
    [{ budget: '0.5/day' }, { name: 'a', limits: { budget: { amount: 0.5, per: 'day' } } }],
    [{ expires: '2030-01-02' }, { name: 'a', limits: {}, expiresAt: Date.UTC(2030, 0, 2) }],
    [{ expires: '2029-12-31' }, '--expires lies in the past.'],
    [{ expires: 'soon' }, expect.stringContaining('--expires is a date')],
    [{ rpm: '0' }, expect.stringContaining('--rpm is a number')],
    [{ tpm: 'many' }, expect.stringContaining('--tpm is a number')],
    [{ budget: '5/week' }, expect.stringContaining('--budget is an amount')],
    [{ budget: '0' }, expect.stringContaining('--budget is an amount')],
    [{ groups: 'x,,y' }, expect.stringContaining('--groups is a list')],
  ])('%j', (options, wish) => {
    expect(wishOf('a', options, now)).toEqual(wish);
  });
});
