// What may go wrong between a gateway's store and its Redis: changes that cross, a server that forgot, or that stands elsewhere by now.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { GatewayStore, KeyUse } from '../../../src/gateway/store/gateway-store.ts';
import { redisGatewayStore } from '../../../src/gateway/store/redis/redis-gateway-store.ts';
import { manualClock } from '../../../src/testing/index.ts';
import { freePort, type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';
import { callOf, keyOf, NOON } from './store-contract.ts';

const env = { LBO_ENCRYPTION_KEY: 'f'.repeat(64) };
const STATE = 'lbo:1:gateway:state';
const LONG = 20_000;

const names = ({ keys }: GatewayStore) => keys.list().map(({ name }) => name);
const sum = async ({ calls }: GatewayStore) => (await calls.usage({ by: [] }))[0]?.calls;

/** A store that is closed with its test. @param clock one that stands still lets it look only when it is told of a change */
async function opened(url: string, clock?: Clock): Promise<GatewayStore & AsyncDisposable> {
  const store = await redisGatewayStore({ url, env, clock });
  return Object.assign(store, { [Symbol.asyncDispose]: async () => store.close() });
}

/** An address that leads elsewhere when it is told to; connections stay where they are. */
async function address(first: number) {
  let port = first;
  const pairs = new Set<{ readonly sockets: readonly Socket[]; deaf: boolean }>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const pair = { sockets: [near, far], deaf: false };
    pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => pair.deaf || to.write(bytes));
      from.on('error', () => undefined).on('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (next: number) => {
      port = next;
    },
    /** Nothing passes over the connections there are. */
    mute: () => {
      for (const pair of pairs) pair.deaf = true;
    },
    async [Symbol.asyncDispose]() {
      for (const { sockets } of pairs) for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe.skipIf(redisMissing !== undefined)(redisMissing ?? 'a store in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await redisServer();
  });
  beforeEach(() => redis.send('FLUSHALL').then(() => undefined));
  afterAll(() => redis[Symbol.asyncDispose]());

  it('keeps what stands there from a change by who could not read it before', async () => {
    {
      await using first = await opened(redis.url);
      await first.keys.add(keyOf('kept'));
      await first.config.write({ drained: ['kept'] });
    }
    await redis.send('RENAME', STATE, 'aside');
    await redis.send('SET', STATE, 'no store');
    await using store = await opened(redis.url, manualClock({ date: NOON }));
    expect(store.state.is).toBe('degraded');
    await redis.send('RENAME', 'aside', STATE);
    await expect((async () => store.config.write({ endpoints: {} }))()).rejects.toThrow(/at the same time/);
    expect(store.config.read().drained).toEqual(['kept']);
    await store.keys.add(keyOf('new'));
    expect(names(store)).toEqual(['kept', 'new']);
  });

  it('does so also where the first change is a key', async () => {
    {
      await using first = await opened(redis.url);
      await first.keys.add(keyOf('kept'));
    }
    await redis.send('RENAME', STATE, 'aside');
    await redis.send('SET', STATE, 'no store');
    await using store = await opened(redis.url, manualClock({ date: NOON }));
    await redis.send('RENAME', 'aside', STATE);
    await store.keys.add(keyOf('new'));
    expect(names(store)).toEqual(['kept', 'new']);
  });

  it('gets back what the server forgot, also when another gateway began a new store there first', async () => {
    const clock = manualClock({ date: NOON });
    await using store = await opened(redis.url, clock);
    await store.keys.add(keyOf('team'));
    await store.config.write({ drained: ['a'] });
    // What was told of these changes is heard by now.
    for (const _ of [1, 2]) await store.calls.usage({ by: [] });
    await redis.send('FLUSHALL');
    await using other = await opened(redis.url);
    await clock.advance(500);
    await expect.poll(() => [names(other), other.config.read().drained]).toEqual([['team'], ['a']]);
    expect([names(store), store.config.read().drained]).toEqual([['team'], ['a']]);
  });

  it(
    'says of a change that was not answered what is sure',
    async () => {
      await using store = await opened(redis.url);
      await redis.send('CLIENT', 'PAUSE', '1400', 'WRITE');
      await store.keys.add(keyOf('late'));
      expect(names(store)).toEqual(['late']);
      redis.freeze();
      try {
        await expect((async () => store.keys.add(keyOf('later')))()).rejects.toThrow(
          /no answer within 1000 ms. What was asked for may still be done once it answers/,
        );
      } finally {
        redis.thaw();
      }
      await expect.poll(() => names(store), { timeout: 5_000 }).toEqual(['late', 'later']);
    },
    LONG,
  );

  it('does not take for missing what it cannot look for, and no key that is too short', async () => {
    await using away = await opened(`redis://127.0.0.1:${await freePort()}`);
    await expect((async () => away.keys.delete('key_x'))()).rejects.toThrow(/cannot be used/);
    const short = { LBO_ENCRYPTION_KEY: 'short' };
    await expect(redisGatewayStore({ url: redis.url, env: short })).rejects.toThrow(/too short/);
  });

  it('shows the log while calls keep coming', async () => {
    await using store = await opened(redis.url);
    let going = true;
    const calls = (async () => {
      for (; going; await turn()) store.calls.record(callOf());
    })();
    await turn();
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('too late')), 3_000));
    const page = await Promise.race([store.calls.page({ limit: 1 }), late]).finally(() => {
      going = false;
    });
    await calls;
    expect(page).toMatchObject({ calls: [{ model: 'gpt-5' }] });
  });

  it('goes on with the log where the server dropped its counter, and with what endpoints tell beyond sense', async () => {
    await using store = await opened(redis.url);
    for (const id of ['1', '2']) store.calls.record(callOf({ id }));
    expect((await store.calls.page({})).calls).toHaveLength(2);
    await redis.send('DEL', 'lbo:1:gateway:number');
    const odd = { input: 1.5, output: 1e300, cached: Number.POSITIVE_INFINITY };
    store.calls.record(callOf({ id: '3', tokens: odd, cost: Number.NaN }));
    store.calls.record(callOf({ id: '4' }));
    expect((await store.calls.page({})).calls.map(({ id }) => id)).toEqual(['4', '3', '2', '1']);
    expect(await store.calls.usage({ by: [] })).toMatchObject([{ calls: 4, tokensIn: 32, tokensOut: 1e12 + 10 }]);
  });

  it('counts uses once, bears those beyond sense, and forgets no money when the server does', async () => {
    await using store = await opened(redis.url);
    const use = (more: Partial<KeyUse>): KeyUse => ({
      ...{ name: 'k', id: 'k', perMinute: { calls: 10, tokens: 10 }, calls: 1, tokens: 0, cost: 0 },
      ...{ day: '2030-01-31', month: '2030-01', told: { day: 0, month: 0 }, ...more },
    });
    const tell = async (number: number, more: Partial<KeyUse> = {}) =>
      (await store.shared!.tally({ by: 'me', number }, [use(more)]))[0];
    expect(await tell(1, { cost: 2 })).toMatchObject({ calls: 9, day: 2, month: 2 });
    const again = await tell(1, { cost: 2 });
    expect(again).toMatchObject({ day: 2, month: 2 });
    expect(again?.calls).toBeLessThan(9.5);
    await tell(2, { tokens: 1e300 });
    await tell(3, { tokens: Number.POSITIVE_INFINITY });
    expect((await tell(4, { cost: 1 }))?.month).toBe(3);
    await redis.send('FLUSHALL');
    expect(await tell(5, { cost: 1, told: { day: 1, month: 3 } })).toMatchObject({ day: 2, month: 4 });
    expect(await tell(6, { cost: 1, told: { day: 1, month: 3 } })).toMatchObject({ day: 3, month: 5 });
  });

  it('writes what is left also when the server is away for a moment while it closes', async () => {
    await using own = await redisServer();
    const store = await redisGatewayStore({ url: own.url, env });
    await own.kill();
    store.calls.record(callOf());
    const closed = store.close();
    await own.start();
    await closed;
    expect(store.state).not.toMatchObject({ lost: 1 });
    await using next = await opened(own.url);
    expect(await sum(next)).toBe(1);
  });

  it.concurrent(
    'is in use again within 5 s where its address leads to another server by now',
    async ({ expect }) => {
      await using before = await redisServer();
      await using after = await redisServer();
      await using place = await address(before.port);
      await using store = await opened(place.url);
      await store.keys.add(keyOf('team'));
      await before.send('REPLICAOF', '127.0.0.1', String(after.port));
      place.lead(after.port);
      store.calls.record(callOf());
      await expect
        .poll(() => store.state)
        .toMatchObject({ is: 'degraded', reason: expect.stringContaining('a replica') });
      await expect.poll(() => after.send('EXISTS', 'lbo:1:gateway:log'), { timeout: 5_000 }).toContain(':1');
      await store.keys.add(keyOf('new'));
      expect(names(store)).toEqual(['team', 'new']);
    },
    LONG,
  );

  it.concurrent(
    'is in use again within 5 s where nothing passes over its connection any more',
    async ({ expect }) => {
      await using own = await redisServer();
      await using place = await address(own.port);
      await using store = await opened(place.url);
      place.mute();
      store.calls.record(callOf());
      await expect.poll(() => store.state.is, { timeout: 3_000 }).toBe('degraded');
      await expect.poll(() => own.send('EXISTS', 'lbo:1:gateway:log'), { timeout: 5_000 }).toContain(':1');
      await expect.poll(() => store.state.is, { timeout: 2_000 }).toBe('well');
    },
    LONG,
  );
});
