// The promise: eight processes on one Redis keep to one limit. At twice the load a server with a true token bucket refuses hardly
// any call and serves what the bucket allows; and while Redis stands still, no call waits for it. FULL=1 takes a minute of each.
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { type LiveChild, startChild } from '../support/live-child.ts';
import { redisMissing, redisServer } from '../support/redis-server.ts';
import type { Went } from './children/limited.ts';

const CHILD = new URL('./children/limited.ts', import.meta.url);
const PROCESSES = 8;
const MINUTE = 60_000;
const { FULL } = process.env;

interface Plan {
  /** Of the server and of the endpoint, per minute. */
  readonly limit: number;
  /** Of all processes together. */
  readonly atOnce: number;
  readonly perSecond: number;
  readonly ms: number;
}

/** Runs the processes against one server. @param meanwhile what happens to the Redis; `counted` = from here on waits count */
async function run(
  plan: Plan,
  meanwhile: (redis: { freeze(): void; thaw(): void }, counted: () => Promise<void>) => Promise<void>,
) {
  await using redis = await redisServer();
  const rateLimit = { requests: plan.limit, perMs: MINUTE };
  await using server = await faultServer({ name: 'a', apiKey: 'key-of-a', rateLimit, remember: 1 });
  const limits = { requestsPerMinute: plan.limit };
  const options = {
    endpoints: [{ name: 'a', apiKey: 'key-of-a', baseURL: server.url, limits }],
    waitingRoom: { maxWaiting: 100_000 },
    timeout: 300_000,
    logLevel: 'off',
  };
  const input = { options, url: redis.url, atOnce: plan.atOnce / PROCESSES, perSecond: plan.perSecond / PROCESSES };
  const children: LiveChild[] = [];
  try {
    for (let index = 0; index < PROCESSES; index++) children.push(startChild(CHILD, { ...input, ms: plan.ms }));
    for (const child of children) await child.line();
    server.reset();
    for (const child of children) child.tell();
    await meanwhile(redis, async () => {
      for (const child of children) child.tell();
      for (const child of children) await child.line();
    });
    const went: Went[] = [];
    for (const child of children) went.push(await child.line<Went>());
    const sum = (key: keyof Went) => went.reduce((total, each) => total + each[key], 0);
    return { went, sum, accepted: server.calls - sum('limited') };
  } finally {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe.skipIf(redisMissing)(
  `a limit of eight processes on one Redis${redisMissing ? `, ${redisMissing}` : ''}`,
  () => {
    it('at twice the limit: less than 2 % too much, and at least 97 % of what there is', async () => {
      const limit = 240;
      const ms = FULL ? 2 * MINUTE : 20_000;
      const plan = { limit, atOnce: limit * 1.2, perSecond: (2 * limit) / 60, ms };
      const { went, sum, accepted } = await run(plan, async () => undefined);
      const allowed = limit * (1 + ms / MINUTE);
      expect(sum('limited')).toBeLessThan(allowed * 0.02);
      expect(accepted).toBeGreaterThan(allowed * 0.97);
      // Nobody had it all.
      for (const { served } of went) expect(served).toBeGreaterThan((allowed / PROCESSES) * 0.25);
    }, 180_000);

    it('Redis stands still while there is room: no call waits, none is refused, and everything is as before when it is back', async () => {
      const limit = 3_000;
      const ms = FULL ? MINUTE : 16_000;
      const { sum } = await run({ limit, atOnce: 0, perSecond: (0.5 * limit) / 60, ms }, async (redis, counted) => {
        await sleep(ms / 6);
        await counted();
        redis.freeze();
        await sleep(ms / 3);
        redis.thaw();
      });
      expect(sum('waits')).toBe(0);
      expect(sum('limited')).toBe(0);
      expect(sum('degraded')).toBeGreaterThan(0);
      expect(sum('recovered')).toBe(sum('degraded'));
      expect(sum('served') + sum('left')).toBeGreaterThan(((0.5 * limit * ms) / MINUTE) * 0.95);
      expect(sum('left')).toBeLessThan(PROCESSES * 3);
    }, 180_000);
  },
);
