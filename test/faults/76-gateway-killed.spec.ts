// Row 76: the gateway's process is killed at any moment, while it opens its store, while it writes, under load. The file opens clean
// every time; of what was used at most the last second is missing, and of what somebody was told nothing is.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { sqliteGatewayStore } from '../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';
import { row } from './row.ts';

const CHILD = fileURLToPath(new URL('./children/killed-gateway.ts', import.meta.url));
const KILLS = process.env.FULL ? 200 : 6;
const folder = mkdtempSync(join(tmpdir(), 'killed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Word {
  readonly is: 'ready' | 'call' | 'change';
  readonly at: number;
  readonly changes?: number;
}

/** Runs one and kills it. @param after so many ms, from its start or from its first call. @returns what it said, and when it died. */
async function killed(
  path: string,
  name: string,
  from: 'start' | 'first call',
  after: number,
): Promise<{ words: Word[]; at: number }> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ path, name })], { stdio: ['ignore', 'pipe', 'pipe'] });
  const words: Word[] = [];
  let at = 0;
  let underLoad = false;
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const kill = () =>
    setTimeout(() => {
      at = Date.now();
      child.kill('SIGKILL');
    }, after);
  if (from === 'start') kill();
  const over = new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    const word = JSON.parse(line) as Word;
    words.push(word);
    if (word.is === 'call' && from === 'first call' && !underLoad) {
      underLoad = true;
      kill();
    }
  }
  expect([await over, complaints]).toEqual(['SIGKILL', '']);
  return { words, at };
}

row(76, 'the process of the gateway is killed', 'its store opens clean; at most a second of usage is lost', () => {
  const lacking = storeProblem({ store: { path: 'x' } }, process.versions.node);
  it.skipIf(lacking)(
    'killed at its start and under load, over and over: the file is whole, calls and sums agree, no change that was made is missing',
    { timeout: 60_000 + KILLS * 5_000 },
    async () => {
      const path = join(folder, 'gateway.db');
      let worst = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const name = `run-${kill}`;
        // The moments are spread, not drawn: over the start of the process, and over a second of load.
        const place = (kill * 0.618) % 1;
        const early = kill % 3 === 0;
        const { words, at } = await killed(
          path,
          name,
          early ? 'start' : 'first call',
          early ? 200 + place * 1_000 : place * 1_000,
        );
        const db = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path);
        expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
        db.close();
        const store = sqliteGatewayStore({ path, env: {} });
        store.calls.keep({ retentionDays: 7, maxRows: 10_000_000 });
        const sum = store.calls.usage({ by: ['key'] }).find(({ key }) => key === name)?.calls ?? 0;
        let rows = 0;
        for (let next: string | null | undefined; next !== null; ) {
          const page = store.calls.page({ key: name, limit: 1_000, before: next });
          rows += page.calls.length;
          next = page.next;
        }
        const calls = words.filter(({ is }) => is === 'call');
        const missing = calls[sum];
        if (missing) worst = Math.max(worst, at - missing.at);
        expect(rows).toBe(sum);
        const lastChange = words.findLast(({ is }) => is === 'change')?.changes;
        const { endpoints } = store.config.read();
        if (lastChange !== undefined) {
          const { apiKey } = endpoints[`${name}-${lastChange % 20}`] as { apiKey: string };
          expect(Number(apiKey.slice(3))).toBeGreaterThanOrEqual(lastChange);
        }
        if (words.length > 0) expect(store.keys.list().some((key) => key.name === name)).toBe(true);
        if (!early) expect(calls.length).toBeGreaterThan(0);
        // Or every one after it would begin with a larger configuration.
        store.config.write({ endpoints: Object.fromEntries(Object.keys(endpoints).map((each) => [each, null])) });
        store.close();
      }
      console.info(`killed ${KILLS} times: the longest piece of usage lost was ${worst} ms`);
      expect(worst).toBeLessThanOrEqual(1_000);
    },
  );
});
