// Gateways as processes of their own on one Redis: started anew one by one, killed, and started without it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { redisGatewayStore } from '../../../src/gateway/store/redis/redis-gateway-store.ts';
import { type FaultServer, faultServer } from '../../../src/testing/index.ts';
import { cli, type RunningCommand, startCli } from '../../cli/run-cli.ts';
import { chat, endpointOf } from '../../support/gateway.ts';
import { freePort, type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';

const LISTENING = /"url":"(http:[^"]+)"/;
const env = { LBO_ENCRYPTION_KEY: 'd'.repeat(64), LOG_LEVEL: 'info' };

interface Serving {
  readonly command: RunningCommand;
  readonly url: string;
}

describe.skipIf(redisMissing !== undefined)(redisMissing ?? 'gateway processes on one Redis', () => {
  let redis: RedisServer;
  let server: FaultServer;
  let folder: string;
  const started: RunningCommand[] = [];
  beforeAll(async () => {
    redis = await redisServer();
    server = await faultServer({ name: 'a', latency: 60 });
    folder = mkdtempSync(join(tmpdir(), 'fleet-'));
    const store = { type: 'redis', url: redis.url };
    writeFileSync(join(folder, 'gateway.json'), JSON.stringify({ endpoints: [endpointOf(server)], store }));
  });
  beforeEach(() => redis.send('FLUSHALL').then(() => undefined));
  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await redis[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function start(): Promise<Serving> {
    const command = startCli(['serve', '--config', 'gateway.json', '--port', '0', '--notice', '1'], env, folder);
    started.push(command);
    const [, url = ''] = await command.printed(LISTENING);
    return { command, url };
  }

  /** Calls as a balancer in front spreads them: over those that say they are ready, whom it asks again and again. It sends none twice. */
  function load(gateways: () => readonly Serving[], lines: number) {
    let going = true;
    const [served, failed]: [number[], string[]] = [[], []];
    const ready = new Set<string>();
    const fresh = { headers: { connection: 'close' } };
    const look = async () => {
      for (; going; await pause(30)) {
        const urls = gateways().map(({ url }) => url);
        await Promise.all(
          urls.map(async (url) => {
            const { ok } = await fetch(`${url}/health/ready`, fresh).catch(() => ({ ok: false }));
            if (ok) ready.add(url);
            else ready.delete(url);
          }),
        );
        for (const url of ready) if (!urls.includes(url)) ready.delete(url);
      }
    };
    const line = async (number: number) => {
      for (let turn = number; going; turn++) {
        const [url] = [...ready].slice(turn % Math.max(1, ready.size));
        if (url !== undefined) {
          const init = chat('gpt-5');
          const headers = { ...(init.headers as object), connection: 'close' };
          try {
            const response = await fetch(`${url}/v1/chat/completions`, { ...init, headers });
            await response.text();
            if (response.status === 200) served.push(systemClock.date());
            else failed.push(String(response.status));
          } catch (error) {
            failed.push(String((error as { cause?: { code?: string } }).cause?.code));
          }
        }
        await pause(5);
      }
    };
    const running = Promise.all([look(), ...Array.from({ length: lines }, (_, number) => line(number))]);
    return {
      served,
      failed,
      ready,
      async end() {
        going = false;
        await running;
      },
    };
  }

  const counted = async () => {
    const store = await redisGatewayStore({ url: redis.url, env });
    try {
      return (await store.calls.usage({ by: [] }))[0]?.calls ?? 0;
    } finally {
      await store.close();
    }
  };

  it('are started anew one by one under load: no call fails, and no usage is lost', async () => {
    let gateways: readonly Serving[] = await Promise.all([start(), start()]);
    const calls = load(() => gateways, 6);
    for (const before of [...gateways]) {
      const next = await start();
      gateways = [...gateways, next];
      await expect.poll(() => calls.ready.has(next.url), { timeout: 5_000 }).toBe(true);
      before.command.child.kill('SIGTERM');
      expect((await before.command.over).code).toBe(0);
      gateways = gateways.filter((each) => each !== before);
    }
    await pause(150);
    await calls.end();
    expect(calls.failed).toEqual([]);
    for (const { command } of gateways) command.child.kill('SIGTERM');
    for (const { command } of gateways) expect((await command.over).code).toBe(0);
    expect(calls.served.length).toBeGreaterThan(50);
    expect(await counted()).toBe(calls.served.length);
  }, 90_000);

  it('lose at most the last second of usage of one that is killed', async () => {
    const gateway = await start();
    const calls = load(() => [gateway], 4);
    await expect.poll(() => calls.served.length, { timeout: 10_000 }).toBeGreaterThan(100);
    const killedAt = systemClock.date();
    gateway.command.child.kill('SIGKILL');
    await gateway.command.over;
    await calls.end();
    const sure = calls.served.filter((at) => at < killedAt - 1_000).length;
    const kept = await counted();
    expect(kept).toBeGreaterThanOrEqual(sure);
    expect(kept).toBeGreaterThan(0);
  });

  it('take keys that the command line makes, by the same address', async () => {
    const gateway = await start();
    const made = await cli(['keys', 'create', 'ci', '--store', redis.url], env, folder);
    expect(made).toMatchObject({ code: 0 });
    const call = async (key: string) => {
      const init = chat('gpt-5');
      const headers = { ...(init.headers as object), authorization: `Bearer ${key}` };
      const response = await fetch(`${gateway.url}/v1/chat/completions`, { ...init, headers });
      await response.text();
      return response.status;
    };
    await expect.poll(() => call('sk-other'), { timeout: 2_000 }).toBe(401);
    expect(await call(made.out.trim())).toBe(200);
    expect((await cli(['keys', 'list', '--store', redis.url], env, folder)).out).toMatch(/ci/);
    expect((await cli(['keys', 'revoke', 'ci', '--store', redis.url], env, folder)).code).toBe(0);
  });

  it('say what they lack: the key for what is encrypted, or the Redis, whose password they do not tell', async () => {
    const lacking = await cli(['serve', '--store', redis.url, '--port', '0'], {}, folder);
    expect(lacking).toMatchObject({ code: 1, err: expect.stringContaining('LBO_ENCRYPTION_KEY') });
    const url = `redis://user:geheim@127.0.0.1:${await freePort()}`;
    const empty = mkdtempSync(join(folder, 'empty-'));
    const away = await cli(['serve', '--store', url, '--port', '0'], env, empty);
    expect(away.code).toBe(2);
    expect(away.err).toContain(url.replace('user:geheim@', ''));
    expect(away.err).not.toContain('geheim');
    const command = startCli(['serve', '--config', 'gateway.json', '--store', url, '--port', '0'], env, folder);
    started.push(command);
    const [said] = await command.printed(/.*Started without its store.*/);
    expect(said).not.toContain('geheim');
    command.child.kill('SIGTERM');
    expect((await command.over).code).toBe(0);
  });
});
