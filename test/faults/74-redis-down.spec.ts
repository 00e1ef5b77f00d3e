// Row 74: the Redis that processes share is killed, stands still, is emptied, paused, full, or a replica, while calls run. No
// call fails or waits for it, its absence is told with the reason, and it is in use again within 5 s of being back.
import { it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { redisStore } from '../../src/redis/index.ts';
import { lag } from '../support/lag.ts';
import { CLIENTS, clientNames } from '../support/redis-clients.ts';
import { type RedisServer, redisMissing, redisServer } from '../support/redis-server.ts';
import { openStage } from '../support/stage.ts';
import { row, STORE_DOWN } from './row.ts';

type Harm = (server: RedisServer, primary: RedisServer) => unknown;

/** What happens to the server, what mends it, and the reason that is told; none where everything goes on. */
const FAULTS: readonly [fault: string, harm: Harm, mend: Harm, reason: RegExp | undefined][] = [
  [
    'is killed and started anew',
    (server) => server.kill(),
    (server) => server.start(),
    /the connection to Redis (broke|is lost)/,
  ],
  ['stands still', (server) => server.freeze(), (server) => server.thaw(), /no answer within \d+ ms/],
  ['is emptied', (server) => server.send('FLUSHALL'), () => undefined, undefined],
  ['is emptied of scripts', (server) => server.send('SCRIPT', 'FLUSH'), () => undefined, undefined],
  [
    'holds its clients up',
    (server) => server.send('CLIENT', 'PAUSE', '4000', 'ALL'),
    (server) => server.send('PING'),
    /no answer within \d+ ms/,
  ],
  [
    'is full',
    (server) => server.send('CONFIG', 'SET', 'maxmemory', '1'),
    (server) => server.send('CONFIG', 'SET', 'maxmemory', '0'),
    /Redis says OOM: its memory is full .* raise maxmemory, or set maxmemory-policy to volatile-ttl/,
  ],
  [
    'is made a replica',
    (server, primary) => server.send('REPLICAOF', '127.0.0.1', String(primary.port)),
    (server) => server.send('REPLICAOF', 'NO', 'ONE'),
    /Redis says READONLY: this is a replica, which takes no writes|LOADING|MASTERDOWN/,
  ],
];

const TABLE = clientNames.flatMap((name) => FAULTS.map((fault) => [name, ...fault] as const));

row(74, STORE_DOWN.fault, STORE_DOWN.verdict, () => {
  if (redisMissing) console.warn(`row 74 of Redis: ${redisMissing}`);
  it.skipIf(redisMissing).concurrent.for(TABLE)(
    'over %s, Redis %s: no call fails or waits for it, and it is in use again within 5 s',
    async ([name, , harm, mend, reason], { expect }) => {
      await using server = await redisServer();
      await using primary = await redisServer();
      await using mine = await CLIENTS[name](server.url);
      await using theirs = await CLIENTS[name](server.url);
      const [store, other] = [redisStore(mine.client), redisStore(theirs.client)];
      await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin', store });
      const { client, events } = stage;
      const heard: string[] = [];
      await other.subscribe('lbo:1:test', (message) => void heard.push(message));

      // What an answer leaves in the store, and a plain call, side by side, for as long as the test lasts.
      const failed: unknown[] = [];
      let [done, going] = [0, true];
      const ask = { model: 'gpt-5', input: 'hi' };
      const worker = async () => {
        while (going) {
          await client.responses.create(ask).catch((error: unknown) => failed.push(error));
          await client.chat.completions
            .create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] })
            .catch((error: unknown) => failed.push(error));
          done += 2;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const load = Promise.all([worker(), worker(), worker()]);
      const more = async () => {
        const before = done;
        await expect.poll(() => done, { timeout: 5_000 }).toBeGreaterThan(before + 20);
      };
      await more();

      await harm(server, primary);
      await more();
      if (reason) expect((await events.until('store-degraded')).reason).toMatch(reason);
      await mend(server, primary);
      const [from, own] = [performance.now(), lag()];
      // In use again: facts are written and read, messages told and heard, and the last word about it was good news.
      const news = () => events.all.filter(({ type }) => type === 'store-degraded' || type === 'store-recovered');
      await expect.poll(() => news().at(-1)?.type, { timeout: 10_000 }).toBe(reason && 'store-recovered');
      await expect
        .poll(
          async () => {
            await store.publish('lbo:1:test', 'back').catch(() => undefined);
            return heard.length;
          },
          { timeout: 10_000 },
        )
        .toBeGreaterThan(0);
      const { id } = await client.responses.create(ask);
      await using second = new LoadBalancedOpenAI({ ...stage.options, store: other, shareState: false });
      // Known to the other one: it asks the endpoint that made it, and nobody else.
      await expect
        .poll(async () => attemptsOf(await second.responses.retrieve(id)).length, { timeout: 10_000, interval: 20 })
        .toBe(1);
      expect(performance.now() - from).toBeLessThan(5_000 + own.stop());
      going = false;
      await load;
      expect(failed).toEqual([]);
      for (const each of [store, other]) await each.close();
    },
  );
});
