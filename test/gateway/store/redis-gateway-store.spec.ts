import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { redisGatewayStore } from '../../../src/gateway/store/redis/redis-gateway-store.ts';
import { type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';
import { storeContract } from './store-contract.ts';

const env = { LBO_ENCRYPTION_KEY: 'a'.repeat(64) };

describe.skipIf(redisMissing !== undefined)(redisMissing ?? 'a store in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await redisServer();
  });
  beforeEach(() => redis.send('FLUSHALL').then(() => undefined));
  afterAll(() => redis[Symbol.asyncDispose]());

  storeContract((clock) => redisGatewayStore({ url: redis.url, env, clock }));
});
