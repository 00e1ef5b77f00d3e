// The store keeps the contract of stores on a real Redis, over both client libraries: alone, and two of them over connections
// of their own, of the same library and of both.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type RedisClient, redisStore } from '../../src/redis/index.ts';
import { sharedStoreContract } from '../../src/testing/index.ts';
import { CLIENTS, type Connected } from '../support/redis-clients.ts';
import { type RedisServer, redisMissing, redisServer } from '../support/redis-server.ts';

const PAIRS = [
  ['redis', 'redis'],
  ['ioredis', 'ioredis'],
  ['redis', 'ioredis'],
] as const;

describe.skipIf(redisMissing)(`the contract on Redis${redisMissing ? `, ${redisMissing}` : ''}`, () => {
  let server: RedisServer;
  const open: Connected[] = [];
  const clients = new Map<string, RedisClient>();
  beforeAll(async () => {
    server = await redisServer();
    for (const [first, second] of PAIRS) {
      for (const [place, name] of [first, second].entries()) {
        const connected = await CLIENTS[name](server.url);
        open.push(connected);
        clients.set(`${first} ${second} ${place}`, connected.client);
      }
    }
  });
  afterAll(async () => {
    for (const each of open) await each[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  describe.each(PAIRS)('%s and %s', (first, second) => {
    let made = 0;
    const make = () => {
      made += 1;
      return redisStore(clients.get(`${first} ${second} ${made % 2}`) as RedisClient, { prefix: 'contract:' });
    };
    it.each(sharedStoreContract(make, { shared: true }))('$promise', ({ check }) => check());
  });
});
