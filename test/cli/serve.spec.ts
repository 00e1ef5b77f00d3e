// `serve` as a user runs it: started, used, told to stop; and told what to do where it cannot start.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serve } from '../../src/cli/serve/serve.ts';
import { faultServer } from '../../src/testing/index.ts';
import { messages } from '../support/gateway.ts';
import { cli, startCli } from './run-cli.ts';

const LISTENING = /"url":"(http:[^"]+)"/;
let empty: string;
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'serve-'));
});
afterAll(() => rmSync(empty, { recursive: true }));

const until = (command: ReturnType<typeof startCli>) => command.printed(LISTENING).then(([, url]) => url as string);

/** `serve` in this process, for what ends before it listens. */
async function here(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; err: string }> {
  const before = process.env;
  process.env = { PATH: before.PATH, ...env };
  vi.spyOn(process, 'cwd').mockReturnValue(empty);
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    const code = await serve(args);
    return { code, err: said.mock.calls.flat().join('\n') };
  } finally {
    process.env = before;
    vi.restoreAllMocks();
  }
}

describe('serve', () => {
  it('runs on keys of the environment, each service by the names of its models, and ends well when told to', async () => {
    await using openai = await faultServer({ name: 'openai', models: ['gpt-5'] });
    await using anthropic = await faultServer({ name: 'anthropic', models: ['claude-x'] });
    const SERVICE_ENDPOINTS = JSON.stringify({ openai: [openai.url], anthropic: [anthropic.origin] });
    const running = startCli(
      ['serve', '--port', '0'],
      { OPENAI_API_KEYS: 'sk-1,sk-2', ANTHROPIC_API_KEYS: 'sk-ant', SERVICE_ENDPOINTS },
      empty,
    );
    const client = new OpenAI({ apiKey: 'any', baseURL: `${await until(running)}/v1`, maxRetries: 0 });
    for (const model of ['gpt-5', 'openai/gpt-5', 'claude-x', 'anthropic/claude-x'])
      await client.chat.completions.create({ model, messages });
    expect(openai.requests.map(({ model, apiKey }) => [model, apiKey])).toEqual([
      ['gpt-5', 'sk-1'],
      ['gpt-5', 'sk-2'],
    ]);
    expect(anthropic.requests.map(({ model, apiKey }) => [model, apiKey])).toEqual([
      ['claude-x', 'sk-ant'],
      ['claude-x', 'sk-ant'],
    ]);
    running.child.kill('SIGTERM');
    const { code, out, err } = await running.over;
    expect([code, err]).toEqual([0, '']);
    // Not on a terminal: every line is an object.
    for (const line of out.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
    expect(out).not.toContain('sk-');
  });

  it('finds its file in the folder, and lets streams end before it stops', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 10, gap: 100 } });
    const folder = mkdtempSync(join(empty, 'file-'));
    const text = `endpoints:\n  - { name: a, apiKey: "\${KEY_A}", baseURL: "${a.url}" }\ngroups:\n  fast: { endpoints: [{ endpoint: a, model: gpt-5 }] }\n`;
    writeFileSync(join(folder, 'load-balanced-openai.yaml'), text);
    const running = startCli(['serve', '--port=0'], { KEY_A: 'sk-a', LOG_LEVEL: 'debug' }, folder);
    const client = new OpenAI({ apiKey: 'any', baseURL: `${await until(running)}/v1`, maxRetries: 0 });
    let said = '';
    let told = false;
    for await (const { choices } of await client.chat.completions.create({ model: 'fast', messages, stream: true })) {
      // A second signal would end it at once.
      if (!told) told = running.child.kill('SIGTERM');
      said += choices[0]?.delta.content ?? '';
    }
    expect(said).toMatch(/a-0 .*a-9 /);
    expect((await running.over).code).toBe(0);
  });

  it('takes its file anew when it changes and on SIGHUP, and leaves it when it is wrong', async () => {
    await using a = await faultServer({ name: 'a' });
    const file = join(mkdtempSync(join(empty, 'anew-')), 'gateway.json');
    const write = (group: string, more: object = {}) =>
      writeFileSync(
        file,
        JSON.stringify({
          endpoints: [{ name: 'a', apiKey: 'k', baseURL: a.url }],
          groups: { [group]: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
          ...more,
        }),
      );
    write('one');
    const running = startCli(['serve', '--config', file, '--port', '0'], {}, empty);
    const url = await until(running);
    const models = async () => {
      const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
      return data.map(({ id }) => id);
    };
    expect(await models()).toEqual(['one']);
    write('two');
    await running.printed(/"message":"configuration taken","why":"file changed"/);
    expect(await models()).toEqual(['two']);
    write('three', { strategy: 'nope' });
    await running.printed(
      /The configuration was not taken[^\n]*\n[^\n]*gateway\.json:1:\d+ strategy: must be a strategy/,
    );
    expect(await models()).toEqual(['two']);
    running.child.kill('SIGHUP');
    await running.printed(/"why":"SIGHUP"/);
    running.child.kill('SIGTERM');
    expect((await running.over).code).toBe(0);
  });

  it('cuts what does not end within its grace, and still ends well', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 10_000, gap: 50 } });
    const env = { OPENAI_API_KEYS: 'k', SERVICE_ENDPOINTS: JSON.stringify({ openai: [a.url] }) };
    const running = startCli(['serve', '--port', '0', '--grace', '0.2'], env, empty);
    const client = new OpenAI({ apiKey: 'any', baseURL: `${await until(running)}/v1`, maxRetries: 0 });
    const stream = await client.chat.completions.create({ model: 'gpt-5', messages, stream: true });
    running.child.kill('SIGINT');
    const reading = async () => {
      for await (const _ of stream);
    };
    await expect(reading()).rejects.toThrow('The gateway is shutting down.');
    expect((await running.over).code).toBe(0);
  });

  it('brings endpoints of its own with --demo, and with --or-demo where there is nothing else', async () => {
    for (const option of ['--demo', '--or-demo']) {
      const running = startCli(['serve', option, '--port', '0'], {}, empty);
      const client = new OpenAI({ apiKey: 'any', baseURL: `${await until(running)}/v1`, maxRetries: 0 });
      const { choices } = await client.chat.completions.create({ model: 'gpt-5', messages });
      expect(choices[0]?.message.content).toMatch(/^Hello from (openai|azure-eu|openrouter): this is a demo/);
      running.child.kill('SIGTERM');
      expect((await running.over).code).toBe(0);
    }
    const { code, err } = await here(['--or-demo'], { OPENAI_API_KEYS: 'k', SERVICE_ENDPOINTS: '{' });
    expect([code, err]).toEqual([2, expect.stringContaining('SERVICE_ENDPOINTS')]);
  });
});

describe('serve says what to do', () => {
  it.each<[string, string[], Record<string, string>, number, RegExp]>([
    ['without configuration and keys', [], {}, 2, /OPENAI_API_KEYS.*load-balanced-openai\.yaml/],
    [
      'for an unknown option',
      ['--prot', '1'],
      {},
      2,
      /Unknown option --prot; did you mean --port\?\n\nUsage: load-balanced-openai serve/,
    ],
    ['for a port that is none', ['--port', '80000'], {}, 2, /--port is a number from 0 to 65535/],
    ['for a word that is no option', ['prot'], {}, 2, /Only options may follow/],
    ['for a file that is not there', ['--config', 'nope.yaml'], {}, 2, /nope\.yaml: there is no such file/],
    [
      'for an unknown LOG_LEVEL',
      ['--demo'],
      { LOG_LEVEL: 'verbos' },
      2,
      /LOG_LEVEL is 'verbos'.*known are off, error, warn, info, debug/,
    ],
    [
      'for an address of others, without client keys',
      ['--demo', '--host', '0.0.0.0', '--port', '0'],
      {},
      1,
      /Add clientKeys/,
    ],
    [
      'for an address of another machine',
      ['--config', './keys.json', '--host', '192.0.2.1'],
      {},
      1,
      /is no address of this machine/,
    ],
  ])('%s', async (_, args, env, code, said) => {
    writeFileSync(join(empty, 'keys.json'), '{"endpoints":[{"apiKey":"k"}],"clientKeys":[{"name":"a","key":"b"}]}');
    const ran = await here(args, env);
    expect(ran.code).toBe(code);
    expect(ran.err).toMatch(said);
  });

  it('for a port that somebody has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, err } = await here(['--demo', '--port', String(port)], {});
    server.close();
    expect([code, err]).toEqual([1, expect.stringMatching(`127.0.0.1:${port} is in use`)]);
  });

  it('in its help, with examples', async () => {
    const commands = ['serve', 'check', 'keys', 'bench', 'demo'].map((name) => [name, '--help']);
    for (const args of [['--help'], ['check', '-h'], ...commands]) {
      const { code, out, err } = await cli(args, {}, empty);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/Usage: load-balanced-openai/);
      if (args.length > 1 && args[0] !== 'demo') expect(out).toMatch(/Examples:\n {2}/);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
  });
});
