// Both client libraries, connected, as their users make them.
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../src/redis/index.ts';

/** A connected client and what ends it. */
export interface Connected extends AsyncDisposable {
  readonly client: RedisClient;
}

/** By the name of the package. `givesUp`: once a connection is lost, that is it. */
export const CLIENTS = {
  async redis(url: string, givesUp = false): Promise<Connected> {
    const client = createClient({ url, ...(givesUp && { socket: { reconnectStrategy: false as const } }) });
    client.on('error', () => undefined);
    await client.connect();
    return { client, [Symbol.asyncDispose]: async () => client.destroy() };
  },
  async ioredis(url: string, givesUp = false): Promise<Connected> {
    const client = new Redis(url, givesUp ? { retryStrategy: () => null } : {});
    client.on('error', () => undefined);
    await client.ping();
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
  },
};

/** The names, for tables of tests. */
export const clientNames = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];
