/** Tells a client that the store can work with from everything else, and says what to bring instead. */
import { ConfigurationError } from '../index.ts';
import type { IoredisClient, Link, NodeRedisClient, RedisClient } from './clients.ts';
import { ioredisLink } from './ioredis-link.ts';
import { nodeRedisLink } from './node-redis-link.ts';

const CLIENTS = "a connected client of 'redis' (5 or 6) or 'ioredis' (5 or 6)";
const COMMON = ['get', 'set', 'eval', 'publish', 'duplicate', 'on', 'off'];

/** An error about what was given as a client. */
const wrong = (problem: string) =>
  new ConfigurationError('redis_client', `redisStore(client): ${problem}.`, [{ path: 'client', message: problem }]);

const has = (client: object, name: string): boolean => typeof (client as Record<string, unknown>)[name] === 'function';

/** One link for each client: what it has found out about the client holds for every store over it. */
const links = new WeakMap<object, Link>();

/** The link over what the user gave. @throws ConfigurationError that names what it is and what is needed */
export function linkOf(client: RedisClient): Link {
  const known = typeof client === 'object' && client !== null ? links.get(client) : undefined;
  const link = known ?? newLink(client);
  links.set(client, link);
  if (link.standing() === 'closed') {
    const redis = has(client, 'evalSha');
    throw wrong(
      redis
        ? 'the client is not connected: await client.connect() before'
        : 'the client was closed: give one that is open, and close it after the store',
    );
  }
  return link;
}

function newLink(client: unknown): Link {
  if (typeof client !== 'object' || client === null) {
    const what = client === null || client === undefined ? String(client) : `a ${typeof client}`;
    const hint = typeof client === 'string' ? '; an address goes to the client: createClient({ url })' : '';
    throw wrong(`expected ${CLIENTS}, got ${what}${hint}`);
  }
  if (has(client, 'then'))
    throw wrong('this is the promise of a client: await it first, as in redisStore(await client)');
  const [link, own] = has(client, 'evalSha')
    ? [() => nodeRedisLink(client as NodeRedisClient), ['destroy']]
    : [() => ioredisLink(client as IoredisClient), ['evalsha']];
  const missing = [...COMMON, ...own].filter((name) => !has(client, name));
  if (missing.length > 0) {
    const pool = has(client, 'execute') ? '; of a pool of clients, give a single client' : '';
    throw wrong(`expected ${CLIENTS}; this has no ${missing.join('(), no ')}()${pool}`);
  }
  if (!has(client, 'evalSha') && typeof (client as { status?: unknown }).status !== 'string')
    throw wrong(`expected ${CLIENTS}; this has no 'status', as the older client 'redis' 3`);
  return link();
}
