// `npm run demo` as a user runs it, in a process of its own; and what it does when the library loses calls.
import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Console, runRace } from '../../src/cli/demo/demo.ts';
import { outages } from '../../src/cli/demo/outages.ts';
import type { OpenStage } from '../../src/cli/demo/stage.ts';
import { faultServer, type Script } from '../../src/testing/index.ts';
import { COMPILED } from '../support/compiled.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'sk-test-0123456789abcdef';
const ENV = { PATH: process.env.PATH ?? '', ...COMPILED };

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-r', './src/cli/needs-node.cjs', ...args], {
      ...{ cwd: ROOT, env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    child.once('error', reject);
    // 'close' comes when the process has ended by itself and its pipes are empty.
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

const cli = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
  node(['src/cli/main.ts', ...args], env);

/** A stage on which every endpoint does the same. */
const everywhere =
  (script: Script): OpenStage =>
  async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => faultServer({ name, script })));
    return {
      endpoints: servers.map(({ name, url }) => ({ name, apiKey: 'k', baseURL: url })),
      plain: { apiKey: 'k', baseURL: servers[0]?.url ?? '' },
      plainOn: 'a',
      kill: () => undefined,
      close: async () => void (await Promise.all(servers.map((server) => server.close()))),
    };
  };

/** A console of our own. */
function fakeConsole(tty?: { columns: number; rows: number }) {
  const stdout = Object.assign(new PassThrough(), tty ? { isTTY: true, ...tty } : {});
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: tty !== undefined,
    setRawMode: (raw: boolean) => modes.push(raw),
    unref: () => undefined,
  });
  let text = '';
  stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return {
    console: { stdout, stdin } as unknown as Console,
    modes,
    press: (key: string) => stdin.write(key),
    get text() {
      return text;
    },
  };
}

// At once: a demonstration takes as long as its outages do.
describe.concurrent('npm run demo', () => {
  it('loses no call while each endpoint breaks in turn, says so in numbers, and ends by itself', async () => {
    const { code, out, err } = await cli(['demo'], {
      // What a developer has lying around must not get in.
      ...{ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_LOG: 'debug', OPENAI_ORG_ID: 'org-x' },
      ...{ AZURE_OPENAI_API_KEY: KEY, AZURE_OPENAI_ENDPOINT: 'http://127.0.0.1:9', OPENAI_API_VERSION: 'none' },
    });
    const lines = out.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(
      /^ {2}LoadBalancedOpenAI {2}300 calls +0 lost +3\d\d attempts +\d+ failovers +[\d.]+ s$/,
    );
    expect(lines.at(-2)).toMatch(
      /^ {2}plain OpenAI {8}300 calls +[1-9]\d* lost +3\d\d attempts +0 failovers +[\d.]+ s$/,
    );
    const failovers = Number(/(\d+) failovers/.exec(lines.at(-1) ?? '')?.[1]);
    expect(failovers).toBeGreaterThan(0);
    for (const { says } of outages) expect(out).toContain(`-- ${says}`);
    for (const side of ['plain OpenAI', 'LoadBalancedOpenAI'])
      for (const done of [50, 100, 150, 200, 250, 300])
        expect(out).toMatch(new RegExp(`${side} +${done}/300, \\d+ lost`));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect([out.includes(KEY), out.includes('\x1b'), err]).toEqual([false, false, '']);
    expect(code).toBe(0);
  }, 60_000);

  it('fails when the library loses a call', async () => {
    const shown = fakeConsole();
    expect(await runRace({ calls: 21, concurrency: 7, open: everywhere(500) }, shown.console)).toBe(1);
    expect(shown.text).toMatch(/LoadBalancedOpenAI +21 calls +21 lost/);
    expect(shown.text).toContain('LoadBalancedOpenAI lost:');
    expect(shown.text).toContain('500 InternalServerError');
  });

  it('counts a wrong answer as lost', async () => {
    const shown = fakeConsole();
    expect(await runRace({ calls: 4, open: everywhere({ step: 'ok', text: 'Something else.' }) }, shown.console)).toBe(
      1,
    );
    expect(shown.text).toMatch(/plain OpenAI +4 calls +4 lost +4 attempts/);
    expect(shown.text).toMatch(/LoadBalancedOpenAI +4 calls +4 lost +4 attempts +0 failovers/);
    expect(shown.text).toContain('the stream is wrong');
  });
});

describe('on a terminal', () => {
  const until = async (is: () => boolean) => {
    for (let waited = 0; !is(); waited += 20) {
      if (waited > 10_000) throw new Error(`still not: ${is}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('draws in place, kills on k, quits on q and leaves the terminal as it was', async () => {
    const shown = fakeConsole({ columns: 80, rows: 24 });
    const ending = runRace({}, shown.console);
    await until(() => /[1-9]\d*\/300/.test(shown.text));
    shown.press('k');
    await until(() => shown.text.includes('openai is dead') && shown.text.includes('openai ejected: connect-failed'));
    shown.press('q');
    expect(await ending).toBe(0);
    expect(shown.text).toContain('Stopped before the end.');
    expect(shown.text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(shown.text.lastIndexOf('\x1b[?25l'));
    expect(shown.modes).toEqual([true, false]);
    const seen = stripVTControlCharacters(shown.text);
    expect(Math.max(...seen.split(/[\r\n]+/).map((row) => [...row].length))).toBeLessThan(80);
    expect(seen).toMatch(/LoadBalancedOpenAI +\d+ calls +0 lost/);
  });

  it('tells an interrupt from a wish, on a small terminal too', async () => {
    const shown = fakeConsole({ columns: 40, rows: 10 });
    const ending = runRace({}, shown.console);
    await until(() => shown.text.includes('LoadBalancedOpenAI'));
    shown.press('\x03');
    expect(await ending).toBe(130);
    expect(shown.modes).toEqual([true, false]);
    // Never more than the screen holds: nine lines up at most.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const ups = [...shown.text.matchAll(/\x1b\[(\d+)A/g)].map(([, up]) => Number(up));
    expect(Math.max(...ups)).toBeLessThan(10);
  });
});

describe('demo --real', () => {
  it('says what to set when there is no key', async () => {
    for (const env of [{}, { OPENAI_API_KEYS: ' , ', OPENAI_API_KEY: ' ' }]) {
      const { code, out, err } = await cli(['demo', '--real'], env);
      expect([code, out]).toEqual([2, '']);
      for (const name of ['OPENAI_API_KEYS', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'SERVICE_ENDPOINTS'])
        expect(err).toContain(name);
    }
  });

  it('makes five calls over the endpoints of the environment and says who answered', async () => {
    const models = ['gpt-4o-mini'];
    await using a = await faultServer({ name: 'a', models, apiKey: KEY, script: [503] });
    await using b = await faultServer({ name: 'b', models, apiKey: KEY });
    const env = { OPENAI_API_KEYS: KEY, SERVICE_ENDPOINTS: JSON.stringify({ openai: [a.url, b.url] }) };
    const { code, out, err } = await cli(['demo', '--real'], env);
    expect([code, err]).toEqual([0, '']);
    // Both are asked for their models, and the one that failed is asked again.
    const list = /^1 {2}list .*/m.exec(out)?.[0];
    expect(list).toMatch(/openai-1 503 overloaded in \d+ ms → openai-1 200 in \d+ ms/);
    expect(list).toMatch(/openai-2 200 in \d+ ms/);
    expect(out.match(/^\d {2}\w+ +.*openai-[12] 200 in .* ".+"$/gm)).toHaveLength(5);
    expect(out).toContain('5 calls, 0 failed');
    expect(out).not.toContain(KEY);
    expect([a.calls + b.calls, b.calls > 1]).toEqual([7, true]);
  });

  it('names the endpoint of a single key, and fails with what failed, without the key', async () => {
    await using server = await faultServer({ script: { repeat: [{ status: 401, message: `Bad key ${KEY}` }] } });
    const { code, out, err } = await cli(['demo', '--real', '--model', 'm'], {
      ...{ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: server.url },
    });
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain(`openai  ${server.url}`);
    expect(out).toContain('asking m');
    expect(out).toMatch(/1 {2}list {4}failed: AuthenticationError 401/);
    expect(out).toContain('5 calls, 5 failed');
    expect(out).not.toContain(KEY);
  });

  it('refuses a broken environment in words', async () => {
    const { code, out, err } = await cli(['demo', '--real'], { OPENAI_API_KEYS: KEY, SERVICE_ENDPOINTS: '{' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('SERVICE_ENDPOINTS');
    expect(err).not.toContain(KEY);
  });
});

describe('the command line', () => {
  it.each([
    [['demo', '--reel'], 'Unknown option --reel; did you mean --real?'],
    [['demo', `--${KEY}`], 'Unknown option --(unnamed)'],
    [['demo', '--real=yes'], '--real takes no value'],
    [['demo', '--real', '--model'], '--model needs a value'],
    [['demo', '--model', 'm'], '--model goes with --real'],
    [['demo', 'real'], "Only options may follow, not 'real'; did you mean --real?"],
    [['dmeo'], "There is no command 'dmeo'; did you mean demo?"],
    [['constructor'], "There is no command 'constructor'"],
    [[], 'Usage:'],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).not.toContain(KEY);
  });

  it.each([[['--help']], [['demo', '--help']], [['demo', '-h', '--real']]])('helps with %j', async (args) => {
    const { code, out, err } = await cli(args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Usage:');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('says what to do on a Node that runs no TypeScript', async () => {
    const { code, out, err } = await node(['--no-experimental-strip-types', 'src/cli/main.ts', 'demo']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('needs Node 22.18 or newer');
    expect(err).toContain('npm ci');
  });
});
