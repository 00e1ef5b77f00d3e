// Two processes as one, through Redis: what one has made the other one finds, and Redis going away costs neither of them a call.
// With REDIS_URL it uses that Redis, else it brings up one of its own for as long as it runs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { attemptsOf, LoadBalancedOpenAI } from 'load-balanced-openai';
import { redisStore } from 'load-balanced-openai/redis';
import { createClient } from 'redis';
import { reach, stop } from './endpoints.ts';

/** A Redis on this machine; `undefined` when none is installed. */
async function start(port: number): Promise<ChildProcess | undefined> {
  const child = spawn('redis-server', ['--port', String(port), '--save', '', '--loglevel', 'notice']);
  const started = await Promise.race([
    once(child, 'error').then(() => false),
    once(child.stdout, 'data').then(() => true),
  ]);
  return started ? child : undefined;
}

const port = 20_000 + (process.pid % 10_000);
const url = process.env.REDIS_URL ?? `redis://127.0.0.1:${port}`;
const own = process.env.REDIS_URL ? undefined : await start(port);
if (!own && !process.env.REDIS_URL) {
  console.log('This needs a Redis: set REDIS_URL, or install one (apt-get install redis-server, brew install redis).');
  process.exit(0);
}

const endpoints = [await reach('first', 'OPENAI_API_KEY'), await reach('second', 'OPENAI_API_KEY_2')];
const ask = { model: 'gpt-5-mini', input: 'Say hello.' };
const servedBy = (result: unknown) => `${attemptsOf(result).at(-1)?.endpoint}, attempts: ${attemptsOf(result).length}`;

/** One process: a connection of its own and a pool of its own. `shareState: false` keeps the two of them apart here. */
async function worker() {
  const redis = createClient({ url });
  redis.on('error', () => undefined); // a lost connection; the client gets it back
  const store = redisStore(await redis.connect(), { prefix: 'example:' });
  const client = new LoadBalancedOpenAI(endpoints, { store, shareState: false, logLevel: 'off' });
  const close = async () => {
    await client.close();
    await store.close();
    redis.destroy();
  };
  return { client, close };
}
const [one, other] = [await worker(), await worker()];

const made = await one.client.balancer.pin('second').responses.create(ask);
await one.close(); // waits until it is written
console.log('made by one:      ', servedBy(made));
console.log('read by the other:', servedBy(await other.client.responses.retrieve(made.id)));

if (own) {
  const told = new Promise<string>((tell) => other.client.balancer.on('store-degraded', ({ reason }) => tell(reason)));
  own.kill();
  await once(own, 'exit');
  console.log('without Redis:    ', servedBy(await other.client.balancer.pin('first').responses.create(ask)));
  console.log('told why:         ', /broke|lost/.test(await told));
}
await other.close();
await stop();
