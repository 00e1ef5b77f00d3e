// Row 74: the gateway's store is locked, full, replaced by rubbish, or gone. Calls go on; who may make them is known for a minute.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { LocalStore } from '../../src/gateway/store/gateway-store.ts';
import { newClientKey } from '../../src/gateway/store/new-client-key.ts';
import { sqliteGatewayStore } from '../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';
import { systemClock } from '../../src/index.ts';
import { type FaultServer, faultServer, manualClock } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../support/gateway.ts';
import { startChild } from '../support/live-child.ts';
import { row, STORE_DOWN } from './row.ts';

const root = mkdtempSync(join(tmpdir(), 'store-down-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newPath = () => join(mkdtempSync(join(root, 'f-')), 'gateway.db');
const lacking = storeProblem({ store: { path: 'x' } }, process.versions.node);

interface Bench extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly store: LocalStore;
  /** The status of a call with a key of the store, or of the configuration. */
  call(whose: 'stored' | 'own'): Promise<number>;
  /** A page of the gateway's own. */
  page(path: string): Promise<string>;
  /** Lines of the log about the store. */
  said(): unknown[][];
}

async function bench(a: FaultServer, path: string, clock: Clock = systemClock): Promise<Bench> {
  const store = sqliteGatewayStore({ path, env: {}, clock });
  const { key, stored } = newClientKey({ name: 'team', limits: {} }, systemClock);
  store.keys.add(stored);
  const configuration = {
    endpoints: [endpointOf(a)],
    clientKeys: [{ name: 'own', key: 'ck-own' }],
    log: { bodies: 'all' },
  };
  const gateway = await gatewayWith(configuration, { store, clock });
  return {
    ...{ gateway, store },
    async call(whose) {
      const { headers, ...init } = chat('gpt-5', { more: 'x'.repeat(8_000) });
      const authorization = `Bearer ${whose === 'own' ? 'ck-own' : key}`;
      const response = await gateway.get('/v1/chat/completions', { ...init, headers: { ...headers, authorization } });
      await response.text();
      return response.status;
    },
    page: async (path) => (await gateway.get(path)).text(),
    said: () =>
      gateway.lines.filter(({ message }) => /store/i.test(String(message))).map(({ level, reason }) => [level, reason]),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const kept = (store: LocalStore) => store.calls.usage({ by: [] })[0]?.calls;

/** A disk of one megabyte, where this machine lets us have one. */
function smallDisk(): { path: string; full(): void; end(): void } | undefined {
  const folder = mkdtempSync(join(root, 'disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const filler = join(folder, 'filler');
  return {
    path: join(folder, 'gateway.db'),
    full() {
      for (let size = 1_048_576; size >= 4_096; size /= 2)
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // As much as fits.
        }
    },
    end: () => void execFileSync('umount', ['-l', folder], { stdio: 'ignore' }),
  };
}

row(74, STORE_DOWN.fault, STORE_DOWN.verdict, () => {
  it.skipIf(lacking)('locked by another process: calls go on, and are all written when it lets go', async () => {
    await using a = await faultServer({ name: 'a' });
    const path = newPath();
    await using gate = await bench(a, path);
    await using locker = startChild(new URL('./children/lock-file.ts', import.meta.url), path);
    await locker.line();
    for (let count = 0; count < 20; count += 1) expect(await gate.call('stored')).toBe(200);
    await expect
      .poll(() => gate.store.state, { timeout: 10_000 })
      .toMatchObject({ is: 'degraded', reason: 'another process holds it locked', lost: 0 });
    expect(await gate.call('stored')).toBe(200);
    expect(await gate.page('/metrics')).toContain('load_balanced_openai_store_well 0');
    expect(JSON.parse(await gate.page('/stats'))).toMatchObject({ store: { is: 'degraded' } });
    // A change that somebody waits for is refused, and says why.
    expect(() => gate.store.config.write({ drained: ['a'] })).toThrow(
      /cannot be used: another process holds it locked/,
    );
    locker.tell();
    await expect.poll(() => gate.store.state.is, { timeout: 10_000 }).toBe('well');
    expect(kept(gate.store)).toBe(21);
    expect(await gate.page('/metrics')).toContain('load_balanced_openai_store_well 1');
    expect(gate.said()).toEqual([
      ['error', 'another process holds it locked'],
      ['info', undefined],
    ]);
  });

  it.skipIf(lacking)('a full disk: calls go on, and what they used is not lost', async ({ skip }) => {
    const disk = smallDisk();
    if (!disk) skip('no small disk can be mounted here');
    else
      try {
        await using a = await faultServer({ name: 'a' });
        await using gate = await bench(a, disk.path);
        expect(await gate.call('stored')).toBe(200);
        disk.full();
        let calls = 1;
        while (gate.store.state.is === 'well' && calls < 2_000) {
          expect(await gate.call('stored')).toBe(200);
          calls += 1;
        }
        expect(gate.store.state).toMatchObject({ is: 'degraded', reason: 'its disk is full', lost: 0 });
        expect(await gate.call('stored')).toBe(200);
        rmSync(join(disk.path, '..', 'filler'));
        await expect.poll(() => gate.store.state.is, { timeout: 10_000 }).toBe('well');
        expect(kept(gate.store)).toBe(calls + 1);
      } finally {
        disk.end();
      }
  });

  it.skipIf(lacking).each<[string, string, (path: string) => void, (path: string) => void]>([
    [
      'gone',
      'its file is gone',
      (path) => renameSync(path, `${path}.away`),
      (path) => renameSync(`${path}.away`, path),
    ],
    [
      'replaced by rubbish',
      'its file was replaced by another one, which the gateway takes when it is restarted',
      (path) => {
        renameSync(path, `${path}.away`);
        writeFileSync(path, 'rubbish '.repeat(1_000));
      },
      (path) => renameSync(`${path}.away`, path),
    ],
  ])(
    '%s: keys of the store hold for 60 s, then open nothing; those of the configuration go on',
    async (_, reason, harm, mend) => {
      await using a = await faultServer({ name: 'a' });
      const path = newPath();
      const clock = manualClock({ date: Date.now() });
      await using gate = await bench(a, path, clock);
      expect([await gate.call('stored'), await gate.call('own')]).toEqual([200, 200]);
      await clock.advance(1_000);
      harm(path);
      await clock.advance(2_000);
      expect(gate.store.state).toMatchObject({ is: 'degraded', reason });
      expect([await gate.call('stored'), await gate.call('own')]).toEqual([200, 200]);
      await clock.advance(57_000);
      expect([await gate.call('stored'), await gate.call('own')]).toEqual([200, 200]);
      await clock.advance(4_000);
      expect([await gate.call('stored'), await gate.call('own')]).toEqual([503, 200]);
      // Once, however often it was tried.
      expect(gate.said().filter(([level]) => level === 'error')).toEqual([['error', reason]]);
      mend(path);
      await clock.advance(2_000);
      expect([gate.store.state.is, await gate.call('stored')]).toEqual(['well', 200]);
      await clock.advance(1_000);
      expect(kept(gate.store)).toBe(9);
      expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3');
    },
  );
});
