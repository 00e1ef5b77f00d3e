// The contract over clients as people set them up: prefixes of the client's own, other protocols and replies, connecting late; and
// over a cluster of two, where keys lie apart and a message may come in anywhere.
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type RedisClient, redisStore } from '../../src/redis/index.ts';
import { sharedStoreContract } from '../../src/testing/index.ts';
import { freePort, type RedisServer, redisMissing, redisServer } from '../support/redis-server.ts';

interface Ends {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

const quiet = <Client extends { on(event: 'error', listener: () => void): unknown }>(client: Client): Client => {
  client.on('error', () => undefined);
  return client;
};
const ofRedis = async (options: Parameters<typeof createClient>[0]): Promise<Ends> => {
  const client = quiet(createClient(options as object));
  await client.connect();
  return { client: client as RedisClient, end: () => client.destroy() };
};
const ofIoredis = (client: Redis | Cluster): Ends => ({ client: quiet(client), end: () => client.disconnect() });

const SETUPS: readonly [what: string, make: (url: string, port: number) => Ends | Promise<Ends>][] = [
  ['redis with a keyPrefix', (url) => ofRedis({ url, keyPrefix: 'app:' })],
  ['redis over RESP2', (url) => ofRedis({ url, RESP: 2 })],
  ['redis with a ping every 50 ms', (url) => ofRedis({ url, pingInterval: 50 })],
  ['redis without an offline queue', (url) => ofRedis({ url, disableOfflineQueue: true })],
  [
    'redis that gives buffers and texts for numbers',
    (url) =>
      ofRedis({
        url,
        commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } },
      } as Parameters<typeof createClient>[0]),
  ],
  ['redis in another database', (url) => ofRedis({ url, database: 3 })],
  ['ioredis with a keyPrefix', (url) => ofIoredis(new Redis(url, { keyPrefix: 'app:' }))],
  ['ioredis that connects with its first command', (url) => ofIoredis(new Redis(url, { lazyConnect: true }))],
  [
    'ioredis without an offline queue',
    async (url) => {
      const client = new Redis(url, { enableOfflineQueue: false, lazyConnect: true });
      await client.connect();
      return ofIoredis(client);
    },
  ],
  ['ioredis that pipelines by itself', (url) => ofIoredis(new Redis(url, { enableAutoPipelining: true }))],
  ['ioredis that gives texts for numbers', (url) => ofIoredis(new Redis(url, { stringNumbers: true }))],
];

const CLUSTERS: readonly [what: string, make: (port: number) => Ends | Promise<Ends>][] = [
  [
    'redis, createCluster',
    async (port) => {
      const client = quiet(createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] }));
      await client.connect();
      return { client: client as RedisClient, end: () => client.destroy() };
    },
  ],
  ['ioredis, Cluster', (port) => ofIoredis(new Cluster([{ host: '127.0.0.1', port }]))],
];

/** The contract over clients made once. @param prefix so that runs side by side do not meet */
function contract(make: () => readonly Ends[], prefix: string) {
  let made = 0;
  const stores = () => redisStore(make()[made++ % 2]?.client as RedisClient, { prefix });
  it.concurrent.each(sharedStoreContract(stores, { shared: true }))('$promise', ({ check }) => check());
}

describe.skipIf(redisMissing)(`set up otherwise${redisMissing ? `, ${redisMissing}` : ''}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each(SETUPS)('%s', (_, make) => {
    let both: Ends[] = [];
    beforeAll(async () => {
      both = [await make(server.url, server.port), await make(server.url, server.port)];
    });
    afterAll(() => {
      for (const { end } of both) end();
    });
    contract(() => both, 'setup:');
  });
});

describe.skipIf(redisMissing)(`a cluster${redisMissing ? `, ${redisMissing}` : ''}`, () => {
  const shards: RedisServer[] = [];
  const buses: number[] = [];
  beforeAll(async () => {
    for (const slots of ['0 8000', '8001 16383']) {
      const bus = await freePort();
      buses.push(bus);
      const shard = await redisServer('--cluster-enabled', 'yes', '--cluster-port', `${bus}`);
      shards.push(shard);
      await shard.send('CLUSTER', 'ADDSLOTSRANGE', ...slots.split(' '));
    }
    const [one, other] = shards;
    if (!one || !other) throw new Error('two shards');
    await one.send('CLUSTER', 'MEET', '127.0.0.1', String(other.port), String(buses[1]));
    for (const shard of shards) {
      const whole = async () => (await shard.send('CLUSTER', 'INFO')).includes('cluster_state:ok');
      for (let tries = 0; !(await whole()); tries++) {
        if (tries > 500) throw new Error('the cluster does not come together');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  afterAll(async () => {
    for (const shard of shards) await shard[Symbol.asyncDispose]();
  });

  describe.each(CLUSTERS)('%s', (what, make) => {
    let both: Ends[] = [];
    beforeAll(async () => {
      // Each begins at another shard.
      both = [await make(shards[0]?.port ?? 0), await make(shards[1]?.port ?? 0)];
    });
    afterAll(() => {
      for (const { end } of both) end();
    });
    contract(() => both, `${what}:`);
  });
});
