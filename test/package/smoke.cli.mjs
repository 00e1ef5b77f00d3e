// The command line of the installed package: it runs from a bare install, with all that it brings inside.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('load-balanced-openai/package.json'));
const packageJson = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const bin = realpathSync(join(folder, packageJson.bin['load-balanced-openai']));
const place = mkdtempSync(join(tmpdir(), 'smoke-'));
const flags = ['--unhandled-rejections=strict', '--throw-deprecation'];

function start(args, env = {}) {
  const child = spawn(process.execPath, [...flags, bin, ...args], {
    cwd: place,
    env: { PATH: process.env.PATH, ...env },
  });
  const ran = { child, out: '', err: '' };
  child.stderr.on('data', (chunk) => {
    ran.err += chunk;
  });
  ran.over = new Promise((resolve) => child.once('close', (code) => resolve({ code, out: ran.out, err: ran.err })));
  ran.listening = new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      ran.out += chunk;
      const url = /"url":"([^"]+)"/.exec(ran.out)?.[1];
      if (url) resolve(url);
    });
    void ran.over.then(({ err }) => reject(new Error(err)));
  });
  ran.listening.catch(() => undefined);
  return ran;
}

try {
  const help = await start(['serve', '--help']).over;
  assert.equal(help.code, 0);
  assert.match(help.out, /Usage: load-balanced-openai serve/);

  const nothing = await start(['serve']).over;
  assert.notEqual(nothing.code, 0);
  assert.match(nothing.err, /OPENAI_API_KEYS/);

  const formats = {
    yaml: 'endpoints:\n  - { name: a, apiKey: k, baseURL: "http://127.0.0.1:9/v1" }\n',
    jsonc: '{ "endpoints": [{ "name": "a", "apiKey": "k", "baseURL": "http://127.0.0.1:9/v1" }], /* none */ }',
    toml: '[[endpoints]]\nname = "a"\napiKey = "k"\nbaseURL = "http://127.0.0.1:9/v1"\n',
  };
  for (const [format, text] of Object.entries(formats)) {
    writeFileSync(join(place, `gateway.${format}`), text);
    const { code, out } = await start(['check', '--config', `gateway.${format}`]).over;
    assert.equal(code, 1, format);
    assert.match(out, /^ {2}a +openai +http:\/\/127\.0\.0\.1:9\/v1 .*not reached/m);
  }

  const bench = await start(['bench', '--calls', '4', '--json']).over;
  assert.deepEqual([bench.code, bench.err], [0, '']);
  assert.equal(JSON.parse(bench.out).calls, 4);

  const gateway = start(['serve', '--demo', '--port', '0']);
  const url = await gateway.listening;
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /data: \[DONE\]/);
  const page = await (await fetch(`${url}/dashboard`)).text();
  const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  assert.equal(assets.length, 3);
  for (const path of assets) assert.equal((await fetch(url + path)).status, 200);
  gateway.child.kill('SIGTERM');
  const { code, err } = await gateway.over;
  assert.deepEqual([code, err], [0, '']);

  assert.ok(JSON.parse(readFileSync(join(folder, 'dist/schema.json'), 'utf8')).properties.groups);
  assert.match(readFileSync(join(folder, 'dist/NOTICES.md'), 'utf8'), /^- yaml \d/m);
  assert.match(readFileSync(join(folder, 'dist/NOTICES.md'), 'utf8'), /^- preact \d[\s\S]*^- uplot \d/m);
  // What only tests need is not sent to everybody.
  assert.doesNotMatch(readFileSync(join(folder, 'dist/NOTICES.md'), 'utf8'), /aimock|vitest|playwright/);
} finally {
  rmSync(place, { recursive: true });
}
