// Both client libraries, connected, as their users make them.
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../src/redis/index.ts';

/** A connected client and what ends it. */
export interface Connected extends AsyncDisposable {
  readonly client: RedisClient;
}

/** Connects to a URL. */
export type Connect = (url: string) => Promise<Connected>;

/** By the name of the package. */
export const CLIENTS: Readonly<Record<'redis' | 'ioredis', Connect>> = {
  async redis(url) {
    const client = createClient({ url });
    client.on('error', () => undefined);
    await client.connect();
    return { client, [Symbol.asyncDispose]: async () => client.destroy() };
  },
  async ioredis(url) {
    const client = new Redis(url);
    client.on('error', () => undefined);
    await client.ping();
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
  },
};

/** The names, for tables of tests. */
export const clientNames = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];
