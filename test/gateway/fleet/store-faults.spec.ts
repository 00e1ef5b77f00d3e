// Row 74 over a fleet: the Redis that gateways share stands still, or is full, while calls run. No call fails or waits for it, the
// admin API says what is wrong, and within 5 s of its being back nothing is missing.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { redisGatewayStore } from '../../../src/gateway/store/redis/redis-gateway-store.ts';
import { type FaultServer, faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';
import { timed } from '../../support/lag.ts';
import { type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';

const env = { LBO_ENCRYPTION_KEY: 'e'.repeat(64) };
/** A look-up of an owner may wait so long for a store, in ms; and a call of this test takes so long without one, at most. */
const [STORE_BOUND, CALL] = [50, 200];

type Harm = (redis: RedisServer) => unknown;

/** What happens, what mends it, what the admin API says to a change, and whether it still shows the log. */
const FAULTS: readonly [fault: string, harm: Harm, mend: Harm, says: RegExp, log: number][] = [
  [
    'stands still',
    (redis) => redis.freeze(),
    (redis) => redis.thaw(),
    /cannot be used: (no answer within|the conn)/,
    503,
  ],
  [
    'is full',
    (redis) => redis.send('CONFIG', 'SET', 'maxmemory', '1'),
    (redis) => redis.send('CONFIG', 'SET', 'maxmemory', '0'),
    /cannot be used: its memory is full/,
    200,
  ],
];

describe.skipIf(redisMissing !== undefined)(redisMissing ?? 'gateways whose Redis', () => {
  let server: FaultServer;
  beforeAll(async () => {
    server = await faultServer({ name: 'a' });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const gateway = async (url: string) =>
    gatewayWith({ endpoints: [endpointOf(server)], adminKeys: [] }, { store: await redisGatewayStore({ url, env }) });

  it.for(FAULTS)('%s go on', async ([, harm, mend, says, log], { expect }) => {
    await using redis = await redisServer();
    await using one = await gateway(redis.url);
    await using other = await gateway(redis.url);
    const both = [one, other];
    const { key, stored } = newClientKey({ name: 'team', limits: { requestsPerMinute: 1e6 } }, systemClock);
    await one.gateway.store.keys.add(stored);
    await expect.poll(() => other.gateway.store.keys.list().length).toBe(1);

    let [going, done] = [true, 0];
    const wrong: unknown[] = [];
    const call = async ({ get }: TestGateway, path: string, init: RequestInit) => {
      const headers = { ...(init.headers as object), authorization: `Bearer ${key}` };
      const { value, error, ms, lag } = await timed(async () => {
        const response = await get(path, { ...init, headers });
        return [response.status, await response.text()] as const;
      });
      done += 1;
      if (value?.[0] !== 200) wrong.push(value ?? error);
      if (ms > CALL + STORE_BOUND + lag) wrong.push(`${path} took ${Math.round(ms)} ms, ${Math.round(lag)} of it ours`);
    };
    const body = JSON.stringify({ model: 'gpt-5', input: 'hi' });
    const line = async (at: number) => {
      for (let turn = at; going; turn++) {
        const to = both[turn % 2] as TestGateway;
        await call(to, '/v1/chat/completions', chat('gpt-5'));
        await call(to, '/v1/responses', { ...chat('gpt-5'), body });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const load = Promise.all([line(0), line(1), line(2)]);
    const more = async () => {
      const before = done;
      await expect.poll(() => done, { timeout: 5_000 }).toBeGreaterThan(before + 12);
    };
    const admin = async (method: string, path: string, sent?: object) => {
      const headers = { 'content-type': 'application/json' };
      const response = await one.get(path, { method, headers, ...(sent && { body: JSON.stringify(sent) }) });
      const { error } = (await response.json()) as { error?: { code: string; message: string } };
      return [response.status, error?.code, error?.message] as const;
    };

    await more();
    await harm(redis);
    await more();
    const said = await admin('POST', '/admin/keys', { name: 'new' });
    expect(said).toEqual([503, 'store_failed', expect.stringMatching(says)]);
    expect((await admin('GET', '/admin/log'))[0]).toBe(log);
    for (const { gateway: each } of both)
      await expect.poll(() => each.store.state.is, { timeout: 3_000 }).toBe('degraded');
    const { store } = (await (await one.get('/stats')).json()) as { store: object };
    expect(store).toMatchObject({ is: 'degraded', reason: expect.stringMatching(says), lost: 0 });
    await more();

    await mend(redis);
    const from = performance.now();
    const back = await timed(() =>
      expect.poll(() => both.map((each) => each.gateway.store.state.is), { timeout: 10_000 }).toEqual(['well', 'well']),
    );
    expect(performance.now() - from).toBeLessThan(5_000 + back.lag);
    await more();
    going = false;
    await load;
    expect(wrong).toEqual([]);
    const counted = async () =>
      (await one.gateway.store.calls.usage({ by: ['key'] })).map((row) => [row.key, row.calls]);
    await expect.poll(counted, { timeout: 3_000 }).toEqual([['team', done]]);
  });
});
