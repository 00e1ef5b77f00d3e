// The guard that every test here runs behind: what reaches for another machine fails, and its process with it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

const RESERVED = 'http://192.0.2.1/';

for (const [name, code] of Object.entries({
  fetch: `fetch('${RESERVED}').catch(() => {})`,
  'node:http': `require('node:http').get('${RESERVED}').on('error', () => {})`,
  'TLS by name': `fetch('https://example.invalid').catch(() => {})`,
  'node:dns': `require('node:dns').lookup('example.invalid', () => {})`,
  'node:dgram': `require('node:dgram').createSocket('udp4').send('x', 8125, '192.0.2.1', function () { this.close(); })`,
}))
  test(`${name} gets nowhere else`, async () => {
    const { code: exitCode, said } = await ended(code);
    assert.equal(exitCode, 1);
    assert.match(said, /^Reached for other machines: (192\.0\.2\.1|example\.invalid)$/m);
  });

test('this machine can be reached', async () => {
  const served = `require('node:http').createServer((_, response) => response.end()).listen(0, 'localhost', async function () {
    await fetch(\`http://localhost:\${this.address().port}\`);
    this.close();
    this.closeAllConnections();
  })`;
  assert.deepEqual(await ended(served), { code: 0, said: '' });
});

const ended = (code: string) =>
  new Promise<{ code: number | string; said: string }>((resolve) => {
    execFile(process.execPath, ['-e', code], (error, _, stderr) => resolve({ code: error?.code ?? 0, said: stderr }));
  });
