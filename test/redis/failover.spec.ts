// A primary dies and sentinels promote its replica: clients through sentinels find the new one, and the store is in use again, facts,
// counters and messages alike, without anybody's doing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { it } from 'vitest';
import { type RedisClient, redisStore } from '../../src/redis/index.ts';
import { redisMissing, redisServer } from '../support/redis-server.ts';

interface Ends {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

const THROUGH: readonly [string, (port: number) => Promise<Ends>][] = [
  [
    'redis, createSentinel',
    async (port) => {
      const client = createSentinel({ name: 'pool', sentinelRootNodes: [{ host: '127.0.0.1', port }] });
      client.on('error', () => undefined);
      await client.connect();
      return { client: client as RedisClient, end: () => client.destroy() };
    },
  ],
  [
    'ioredis, sentinels',
    async (port) => {
      const client = new Redis({ name: 'pool', sentinels: [{ host: '127.0.0.1', port }] });
      client.on('error', () => undefined);
      await client.ping();
      return { client, end: () => client.disconnect() };
    },
  ],
];

it.skipIf(redisMissing).concurrent.for(THROUGH)(
  `%s: a replica is promoted, and the store goes on there${redisMissing ? ` (${redisMissing})` : ''}`,
  async ([, through], { expect }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
    await using primary = await redisServer();
    await using replica = await redisServer('--replicaof', '127.0.0.1', `${primary.port}`);
    const file = join(folder, 'sentinel.conf');
    const lines = [
      `monitor pool 127.0.0.1 ${primary.port} 1`,
      'down-after-milliseconds pool 500',
      'failover-timeout pool 3000',
    ];
    writeFileSync(file, lines.map((line) => `sentinel ${line}\n`).join(''));
    await using sentinel = await redisServer(file, '--sentinel');
    await expect
      .poll(async () => primary.send('INFO', 'replication'), { timeout: 10_000 })
      .toMatch(/connected_slaves:1[\s\S]*state=online/);
    await expect
      .poll(async () => sentinel.send('SENTINEL', 'REPLICAS', 'pool'), { timeout: 15_000 })
      .toContain(`${replica.port}`);

    const { client, end } = await through(sentinel.port);
    const store = redisStore(client);
    try {
      const heard: string[] = [];
      await store.subscribe('channel', (message) => void heard.push(message));
      await store.set('key', 'before', 60_000);
      await store.add('count', 2, 60_000);
      await expect.poll(async () => replica.send('GET', 'key')).toContain('before');

      await primary.kill();
      const within = <Value>(work: Promise<Value>) =>
        Promise.race([work, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 500))]).catch(
          () => undefined,
        );
      await expect.poll(() => within(store.add('count', 1, 60_000)), { timeout: 20_000 }).toBeGreaterThan(2);
      expect(await store.get('key')).toBe('before');
      await expect
        .poll(
          async () => {
            await within(store.publish('channel', 'after'));
            return heard.at(-1);
          },
          { timeout: 10_000 },
        )
        .toBe('after');
      expect(await replica.send('ROLE')).toContain('master');
    } finally {
      await store.close();
      await end();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
