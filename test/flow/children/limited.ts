// One of many processes on one Redis: calls an endpoint with a configured limit, as told, and prints how its calls went.
import { createClient } from 'redis';
import {
  attemptsOf,
  LoadBalancedOpenAI,
  type LoadBalancedOpenAIOptions,
  type SharedStore,
} from '../../../src/index.ts';
import { redisStore } from '../../../src/redis/index.ts';

interface Input {
  readonly options: LoadBalancedOpenAIOptions;
  readonly url: string;
  /** Calls at once at the beginning, then so many per second, for so many ms. */
  readonly atOnce: number;
  readonly perSecond: number;
  readonly ms: number;
}

/** How they went. */
export interface Went {
  readonly served: number;
  /** Attempts that met a 429. */
  readonly limited: number;
  /** Calls that were still waiting at the end. */
  readonly left: number;
  /** Times a call waited, since it was told to count; not where the machine had kept this process from running right before. */
  readonly waits: number;
  readonly degraded: number;
  readonly recovered: number;
}

const { options, url, atOnce, perSecond, ms } = JSON.parse(process.argv.at(-1)!) as Input;
const redis = createClient({ url });
redis.on('error', () => undefined);
await redis.connect();
const inner = redisStore(redis);
let drawn = 0;
const store: SharedStore = {
  ...inner,
  async add(key, n, ttl) {
    const total = await inner.add(key, n, ttl);
    if (n > 0 && !key.includes(':turn:')) drawn += 1;
    return total;
  },
};
const client = new LoadBalancedOpenAI({ ...options, store });
/** A timer of every 5 ms that is so late, in ms, tells of a stall; so long after it answers may still be unread. */
const [STALL, SETTLED] = [50, 300];
let [tickedAt, stalledAt] = [performance.now(), Number.NEGATIVE_INFINITY];
setInterval(() => {
  const now = performance.now();
  if (now - tickedAt > STALL) stalledAt = now;
  tickedAt = now;
}, 5);
let [served, limited, begun, ended, waits, degraded, recovered] = [0, 0, 0, 0, 0, 0, 0];
client.balancer
  .on('call-waiting', () => {
    if (performance.now() - stalledAt > SETTLED) waits += 1;
  })
  .on('store-degraded', () => {
    degraded += 1;
  })
  .on('store-recovered', () => {
    recovered += 1;
  })
  .on('attempt-end', ({ status }) => {
    if (status === 429) limited += 1;
  });

async function call(): Promise<void> {
  begun += 1;
  try {
    const answer = await client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    if (attemptsOf(answer).length > 0) served += 1;
  } catch {
    // Nobody could take it in time.
  }
  ended += 1;
}

// All begin together.
process.stdout.write('{}\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const from = performance.now();
for (let each = 0; each < atOnce; each++) void call();
let told = false;
process.stdin.once('data', () => {
  told = true;
});
const timer = setInterval(() => {
  const due = atOnce + ((performance.now() - from) * perSecond) / 1_000;
  while (begun < due) void call();
  // A machine that is busy may keep a process from its first lease for seconds: the next one it has drawn by need.
  if (!told || drawn < 2) return;
  told = false;
  waits = 0;
  process.stdout.write('{}\n');
}, 5);
await new Promise((resolve) => setTimeout(resolve, ms));
clearInterval(timer);
const went: Went = { served, limited, left: begun - ended, waits, degraded, recovered };
process.stdout.write(`${JSON.stringify(went)}\n`);
await new Promise(() => undefined);
