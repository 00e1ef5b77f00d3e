/** `load-balanced-openai/redis`: state shared by many processes through Redis or Valkey. */
export type { IoredisClient, NodeRedisClient, RedisClient } from './clients.ts';
export type { RedisStoreOptions } from './options.ts';
export { type RedisStore, redisStore } from './redis-store.ts';
