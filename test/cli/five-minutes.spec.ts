// The README's five minutes, followed word by word: its file, its commands, its keys; the dashboard itself has tests of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { blocks, ROOT } from '../readme/document.ts';
import { cli, startCli } from './run-cli.ts';

const yaml =
  blocks.find(({ language, code }) => language === 'yaml' && code.startsWith('# Two endpoints behind one'))?.code ?? '';

it('leads to two endpoints, a client key and a dashboard', async () => {
  expect(readFileSync(join(ROOT, 'examples/docker/load-balanced-openai.yaml'), 'utf8').trim()).toBe(yaml.trim());
  await using openai = await faultServer({ name: 'openai', models: ['gpt-5'], latency: 100 });
  await using openrouter = await faultServer({ name: 'openrouter', models: ['openai/gpt-5'], latency: 100 });
  const folder = mkdtempSync(join(tmpdir(), 'five-'));
  writeFileSync(join(folder, 'load-balanced-openai.yaml'), yaml);
  const env = {
    ...{ OPENAI_API_KEY: 'sk-1', OPENROUTER_API_KEY: 'sk-2', APP_KEY: 'made-up-1', ADMIN_KEY: 'made-up-2' },
    ...{ OPENAI_URL: openai.url, OPENROUTER_URL: openrouter.url },
  };
  const checked = await cli(['check'], env, folder);
  expect([checked.code, checked.err]).toEqual([0, '']);
  expect(checked.out).toContain('All endpoints answer.');
  const running = startCli(['serve', '--port', '0'], env, folder);
  const [, url = ''] = await running.printed(/"url":"(http:[^"]+)"/);
  const call = (key: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] }),
    });
  // At the same time, so that whoever is busy is passed over.
  const replies = await Promise.all(Array.from({ length: 12 }, () => call('made-up-1')));
  const served = new Set(replies.map(({ headers }) => headers.get('x-endpoint')));
  expect([...served].sort()).toEqual(['openai', 'openrouter']);
  expect((await call('made-up-2')).status).toBe(401);
  const benched = await cli(['bench', '--url', `${url}/v1`, '--key', 'made-up-1', '--calls', '5'], {}, folder);
  expect([benched.code, benched.out]).toEqual([0, expect.stringMatching(/^ {2}calls +5 in/m)]);
  const groups = (key: string) => fetch(`${url}/admin/groups`, { headers: { authorization: `Bearer ${key}` } });
  expect([(await groups('made-up-1')).status, (await groups('made-up-2')).status]).toEqual([401, 200]);
  running.child.kill('SIGTERM');
  expect((await running.over).code).toBe(0);
  rmSync(folder, { recursive: true });
});
