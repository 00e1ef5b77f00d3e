// What is no client, or none that can be used, is named before anything is sent; what Redis refuses is named with what to do.
import { Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClosedError, ConfigurationError } from '../../src/index.ts';
import { type RedisClient, redisStore } from '../../src/redis/index.ts';
import { failure } from '../support/calls.ts';
import { CLIENTS, clientNames } from '../support/redis-clients.ts';
import { type RedisServer, redisMissing, redisServer } from '../support/redis-server.ts';

/** What `redisStore` says about it. */
function refusal(client: unknown, options?: unknown): string {
  try {
    redisStore(client as RedisClient, options as object);
    return 'taken';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as ConfigurationError).issues.length).toBe(1);
    return (error as Error).message;
  }
}

const A_CLIENT = "a connected client of 'redis' (5 or 6) or 'ioredis' (5 or 6)";
const lazy = new Redis({ lazyConnect: true });
const ended = new Redis({ lazyConnect: true });
ended.disconnect();

describe('is named', () => {
  it.each<[what: string, client: unknown, says: string]>([
    ['nothing', undefined, `expected ${A_CLIENT}, got undefined`],
    ['null', null, `expected ${A_CLIENT}, got null`],
    ['an address', 'redis://localhost', 'an address goes to the client: createClient({ url })'],
    ['options', { url: 'redis://localhost' }, 'this has no get(), no set(), no eval()'],
    ['the promise of a client', Promise.resolve(lazy), 'this is the promise of a client: await it first'],
    ['a client that nobody connected', createClient(), 'the client is not connected: await client.connect() before'],
    ['a pool of clients', createClientPool(), 'of a pool of clients, give a single client'],
    ['a client that was closed', ended, 'the client was closed: give one that is open'],
    [
      'redis 4, whose set() knows no ttl by this name',
      { ...fake('evalSha'), isOpen: true },
      `expected ${A_CLIENT}; this has no destroy()`,
    ],
    ['redis 3', fake('evalsha'), "this has no 'status', as the older client 'redis' 3"],
  ])('%s', (_, client, says) => expect(refusal(client)).toContain(says));

  it.each<[what: string, options: unknown, says: string]>([
    ['no object', 'shop', 'expected an object, got string'],
    ['an option that does not exist', { ttl: 5 }, "no such option; there are 'prefix' and 'maxTtl'"],
    ['a prefix that is no text', { prefix: 5 }, "expected a text such as 'shop:', got number"],
    ['a ttl that is none', { maxTtl: 5 }, 'expected a number of ms, at least 1000, got 5'],
    ['a ttl that is no number', { maxTtl: Number.NaN }, 'got NaN'],
  ])('%s', (_, options, says) => expect(refusal(lazy, options)).toContain(says));

  it('a client of ioredis that connects with its first command is none of it', () => {
    expect(refusal(lazy)).toBe('taken');
  });
});

function fake(name: string): object {
  const members = ['get', 'set', 'eval', 'publish', 'duplicate', 'on', 'off', name];
  return Object.fromEntries(members.map((member) => [member, () => undefined]));
}

describe.skipIf(redisMissing)(`on Redis${redisMissing ? `, ${redisMissing}` : ''}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each(clientNames)('%s', (name) => {
    const connect = CLIENTS[name];

    it.each(['0', '2', 'rubbish'])(
      'data of schema %s is named, not touched, and no hindrance once it is gone',
      async (schema) => {
        await using connected = await connect(server.url);
        const prefix = `${name}-${schema}:`;
        await server.send('SET', `${prefix}lbo:schema`, schema);
        await server.send('SET', `${prefix}key`, 'theirs');
        const store = redisStore(connected.client, { prefix });
        for (const work of [
          () => store.get('key'),
          () => store.set('key', 'ours', 5_000),
          () => store.add('n', 1, 5_000),
        ]) {
          const error = await failure(work());
          expect(error).toBeInstanceOf(ConfigurationError);
          expect(error.message).toBe(
            `redisStore: the key '${prefix}lbo:schema' says that data of schema "${schema}" is there, and this release has 1: give it a prefix of its own, redisStore(client, { prefix: 'v1:' }).`,
          );
        }
        await expect(store.subscribe('channel', () => undefined)).rejects.toThrow(ConfigurationError);
        await expect(store.publish('channel', 'x')).rejects.toThrow(ConfigurationError);
        expect(await server.send('GET', `${prefix}key`)).toContain('theirs');
        await server.send('DEL', `${prefix}lbo:schema`);
        await store.set('key', 'ours', 5_000);
        expect(await store.get('key')).toBe('ours');
      },
    );

    it('every key has a ttl, the version and a counter that another program left without one too', async () => {
      await using connected = await connect(server.url);
      const prefix = `${name}-ttl:`;
      await server.send('SET', `${prefix}left`, '5');
      const store = redisStore(connected.client, { prefix, maxTtl: 60_000 });
      await store.set('long', 'x', 3_600_000);
      await store.set('endless', 'x', Number.POSITIVE_INFINITY);
      await store.set('none', 'x', Number.NaN);
      await store.set('past', 'x', -5);
      await store.add('count', 1, 3_600_000);
      expect(await store.add('left', 1, 3_600_000)).toBe(6);
      for (const key of ['long', 'endless', 'count', 'left', 'lbo:schema']) {
        const left = Number((await server.send('PTTL', prefix + key)).slice(1));
        expect([key, left > 50_000 && left <= 60_000]).toEqual([key, true]);
      }
      await expect.poll(() => server.send('EXISTS', `${prefix}none`, `${prefix}past`)).toBe(':0\r\n');
    });

    it('keys and channels of other prefixes are others', async () => {
      await using connected = await connect(server.url);
      const [one, other] = ['a:', 'b:'].map((prefix) => redisStore(connected.client, { prefix: `${name}-${prefix}` }));
      if (!one || !other) throw new Error('two stores');
      const heard: string[] = [];
      const end = await other.subscribe('channel', (message) => void heard.push(message));
      await one.set('key', 'x', 5_000);
      await one.publish('channel', 'x');
      await other.publish('channel', 'y');
      expect(await other.get('key')).toBeUndefined();
      await expect.poll(() => heard).toEqual(['y']);
      end();
    });

    it.each<[what: string, acl: string[], says: RegExp]>([
      ['no rights at all', ['~*', '&*', '-@all'], /Redis says NOPERM: its user may not do that: grant \+get \+set/],
      ['no keys', ['resetkeys', '~other:*', '&*', '+@all'], /NOPERM/],
      ['no scripts', ['~*', '&*', '+@all', '-@scripting'], /NOPERM/],
      ['no commands in scripts', ['~*', '&*', '+@all', '-incrby', '-get', '-set'], /its user may not do that/],
    ])('a user with %s: said, with what to grant', async (what, acl, says) => {
      const user = what.replaceAll(' ', '-');
      await server.send(
        'ACL',
        'SETUSER',
        user,
        'reset',
        'on',
        '>secret',
        ...acl,
        '+hello',
        '+client',
        '+info',
        '+select',
        '+ping',
      );
      await using connected = await connect(server.url.replace('//', `//${user}:secret@`));
      const store = redisStore(connected.client, { prefix: 'rights:' });
      await expect(store.add('key', 1, 5_000)).rejects.toThrow(says);
    });

    it('a user without channels: said, and facts are kept all the same', async () => {
      const rights = ['on', '>secret', '~shop:*', 'resetchannels', '+@all'];
      await server.send('ACL', 'SETUSER', 'quiet', 'reset', ...rights);
      await using connected = await connect(server.url.replace('//', '//quiet:secret@'));
      const store = redisStore(connected.client, { prefix: 'shop:' });
      await expect(store.subscribe('channel', () => undefined)).rejects.toThrow(/NOPERM/);
      await expect(store.publish('channel', 'x')).rejects.toThrow(/NOPERM/);
      await store.set('key', 'x', 5_000);
      expect(await store.get('key')).toBe('x');
    });

    it('the rights that are said to be needed are enough', async () => {
      const rights = '+get +set +incrby +pttl +pexpire +eval +evalsha +publish +subscribe'.split(' ');
      const session = ['+hello', '+client', '+info', '+ping', '+unsubscribe'];
      await server.send('ACL', 'SETUSER', 'few', 'reset', 'on', '>secret', '~shop:*', '&shop:*', ...rights, ...session);
      await using connected = await connect(server.url.replace('//', '//few:secret@'));
      const store = redisStore(connected.client, { prefix: 'shop:' });
      const heard: string[] = [];
      const end = await store.subscribe('channel', (message) => void heard.push(message));
      await store.publish('channel', 'x');
      await store.set('few', 'x', 5_000);
      expect([await store.get('few'), await store.add(`n-${name}`, 2, 5_000)]).toEqual(['x', 2]);
      await expect.poll(() => heard).toEqual(['x']);
      end();
    });

    it('a key of another program is named', async () => {
      await using connected = await connect(server.url);
      await server.send('LPUSH', 'other:list', 'x');
      const store = redisStore(connected.client, { prefix: 'other:' });
      await expect(store.get('list')).rejects.toThrow('Redis says WRONGTYPE: another program uses the same key');
    });

    it('after close() the client is usable, the store says so, and nothing listens any more', async () => {
      await using connected = await connect(server.url);
      const { client } = connected;
      const emitter = client as unknown as { listenerCount(event: string): number };
      const counts = () => ['ready', 'end', 'error'].map((event) => emitter.listenerCount(event));
      const before = counts();
      const connections = async () =>
        (await server.send('CLIENT', 'LIST')).split('\n').filter((line) => /id=/.test(line)).length;
      const alone = await connections();
      const store = redisStore(client);
      for (let i = 0; i < 30; i++) await store.subscribe(`channel-${i}`, () => undefined);
      expect(await connections()).toBe(alone + 1);
      await store.close();
      await store.close();
      expect(counts()).toEqual(before);
      await expect.poll(connections).toBe(alone);
      const error = await failure(store.get('key'));
      expect([error instanceof ClosedError, error.message]).toEqual([
        true,
        'This Redis store was closed; make another one with redisStore(client).',
      ]);
      expect(await redisStore(client).get('key')).toBeUndefined();
    });

    it('fifty stores over one client listen with one connection and warn of no leak', async () => {
      const warnings: unknown[] = [];
      const warn = (warning: unknown) => void warnings.push(warning);
      process.on('warning', warn);
      await using connected = await connect(server.url);
      const heard: number[] = [];
      const stores = Array.from({ length: 50 }, () => redisStore(connected.client));
      for (const [i, store] of stores.entries()) await store.subscribe(`many-${name}`, () => void heard.push(i));
      await stores[0]?.publish(`many-${name}`, 'x');
      await expect.poll(() => heard.length).toBe(50);
      for (const store of stores) await store.close();
      process.off('warning', warn);
      expect(warnings).toEqual([]);
    });

    it('a client that is closed later: said, its second connection goes too', async () => {
      const connected = await connect(server.url);
      const store = redisStore(connected.client);
      await store.subscribe(`later-${name}`, () => undefined);
      await connected[Symbol.asyncDispose]();
      await expect.poll(async () => server.send('PUBSUB', 'NUMSUB', `later-${name}`)).toContain(':0');
      await expect(store.get('key')).rejects.toThrow('the Redis client was closed');
    });
  });
});
