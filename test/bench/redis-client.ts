// A client of the bench that shares state through a Redis, beside ones that do not: what a call costs, and how long calls take
// while that Redis is away. `plain` and its twin `control` share nothing.
import type { SharedStore } from 'load-balanced-openai';
import { createClient } from 'redis';
import { answering } from './child.ts';
import { ASK } from './contenders.ts';
import { COMPLETION } from './replies.ts';
import { quantile } from './statistics.ts';

/** What the process is started with. */
export interface RedisSpec {
  readonly urls: readonly string[];
  readonly redis: string;
}

/** Who is measured. */
const REDIS_NAMES = ['raw', 'plain', 'redis', 'control'] as const;
export type RedisName = (typeof REDIS_NAMES)[number];

/**
 * `socket`: a chat over a real connection. Answered by a `fetch` of its own, so that what is added is seen: `chat`, which leaves
 * nothing in the store, and `ids`, whose answer has an id that others shall know.
 */
export type RedisCall = 'socket' | 'chat' | 'ids';

/** Latencies in ms. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

// Asked for its names only by the part; as a process it has its order as an argument.
if (process.argv[1] === import.meta.filename) {
  const { urls, redis } = JSON.parse(process.argv[2] as string) as RedisSpec;
  const { LoadBalancedOpenAI } = await import('load-balanced-openai');
  const { redisStore } = await import('load-balanced-openai/redis');
  const { OpenAI } = await import('openai');
  const connection = createClient({ url: redis });
  connection.on('error', () => undefined);
  const inner = redisStore(await connection.connect());
  let written = 0;
  const store: SharedStore = {
    ...inner,
    set: (key, value, ttl) =>
      inner.set(key, value, ttl).finally(() => {
        written++;
      }),
  };

  let made = 0;
  const headers = { 'content-type': 'application/json', 'x-request-id': 'req_1' };
  const stub = async () => new Response(COMPLETION.replace(/"id":"[^"]*"/, `"id":"resp_${made++}"`), { headers });
  type Clients = Map<RedisName, InstanceType<typeof OpenAI>>;
  const clients: Record<RedisCall, Clients> = { socket: new Map(), chat: new Map(), ids: new Map() };
  for (const what of ['socket', 'chat', 'ids'] as const) {
    const endpoints = urls.map((baseURL, index) => ({
      ...{ name: `${what}-${index}`, baseURL, apiKey: `key-${index}` },
      ...(what !== 'socket' && { fetch: stub }),
    }));
    const { name: _, ...first } = endpoints[0] as (typeof endpoints)[number];
    const pool = { endpoints, shareState: false };
    clients[what].set('raw', new OpenAI({ ...first, maxRetries: 0 }));
    clients[what].set('plain', new LoadBalancedOpenAI(pool));
    clients[what].set('redis', new LoadBalancedOpenAI({ ...pool, store }));
    clients[what].set('control', new LoadBalancedOpenAI(pool));
  }

  async function once(of: RedisName, what: RedisCall): Promise<void> {
    const client = clients[what].get(of) as InstanceType<typeof OpenAI>;
    if (what !== 'ids') await client.chat.completions.create(ASK);
    else await client.responses.create({ model: 'gpt-5', input: 'Say hello.' });
  }

  answering({
    /** CPU of a call in µs; writes to the store included, as they happen beside the calls. */
    async run({ of, what, calls }: { of: RedisName; what: RedisCall; calls: number }): Promise<number> {
      let left = calls;
      const line = async () => {
        while (left-- > 0) await once(of, what);
      };
      const begun = process.cpuUsage();
      await Promise.all(Array.from({ length: 16 }, line));
      // What is written after the calls is theirs as well.
      for (let before = -1; before !== written; ) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / calls;
    },
    /** Calls of each at the same moments, every few ms, so that what disturbs one disturbs all. */
    async latencies({ ms }: { ms: number }): Promise<Record<RedisName, Latencies>> {
      const took: Record<RedisName, number[]> = { raw: [], plain: [], redis: [], control: [] };
      const failed: Record<RedisName, number> = { raw: 0, plain: 0, redis: 0, control: 0 };
      const pending: Promise<void>[] = [];
      const timed = async (of: RedisName) => {
        const from = performance.now();
        try {
          await once(of, 'socket');
          await once(of, 'ids');
        } catch {
          failed[of] += 1;
        }
        took[of].push(performance.now() - from);
      };
      for (let turn = 0, until = performance.now() + ms; performance.now() < until; turn++) {
        // One after the other, in turns first: whoever begins must not gain by it.
        const order = turn % 2 === 0 ? REDIS_NAMES : [...REDIS_NAMES].reverse();
        for (const of of order) pending.push(timed(of));
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
      await Promise.all(pending);
      const of = (name: RedisName) => ({
        p50: quantile(took[name], 0.5),
        p99: quantile(took[name], 0.99),
        failed: failed[name],
      });
      return { raw: of('raw'), plain: of('plain'), redis: of('redis'), control: of('control') };
    },
  });
}
