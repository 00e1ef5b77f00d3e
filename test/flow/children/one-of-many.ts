// One of many processes on one Redis: says what it hears of cooldowns and when, and makes the calls that it is told to make.
import { createInterface } from 'node:readline';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';
import { redisStore } from '../../../src/redis/index.ts';
import { CLIENTS, type clientNames } from '../../support/redis-clients.ts';

interface Input {
  readonly url: string;
  readonly library: (typeof clientNames)[number];
  readonly options: LoadBalancedOpenAIOptions;
}

/** A line from the one who watches. */
type Order = { readonly chat: string } | { readonly make: string } | { readonly find: string };

/** When this process was kept from running although it had something to do: from when to when, of the last moments. */
const stalls: [from: number, to: number][] = [];
const clock = () => performance.timeOrigin + performance.now();
let due = clock() + 5;
let used = process.cpuUsage();
/** Until now since it was due to run. What it worked itself meanwhile is the library's time, and none that it was kept. */
function stall(now: number): [from: number, to: number] {
  const { user, system } = process.cpuUsage(used);
  return [Math.min(due + (user + system) / 1_000, Math.max(due, now)), Math.max(due, now)];
}
setInterval(() => {
  const now = clock();
  stalls.push(stall(now));
  if (stalls.length > 100) stalls.shift();
  used = process.cpuUsage();
  due = now + 5;
}, 5);

const say = (what: object) => console.log(JSON.stringify(what));
const { url, library, options } = JSON.parse(process.argv.at(-1)!) as Input;
const { client: redis } = await CLIENTS[library](url);
const client = new LoadBalancedOpenAI({ ...options, store: redisStore(redis) });
client.balancer.on('endpoint-cooldown', ({ model, elsewhere }) =>
  // The machine's own clock, which all of them have; the event's is in whole ms.
  say({
    paused: model,
    elsewhere: elsewhere === true,
    at: clock(),
    stalls: [...stalls, stall(clock())],
  }),
);

const names = (found: unknown) => attemptsOf(found).map(({ endpoint }) => endpoint);

async function obey(order: Order): Promise<object> {
  if ('chat' in order) {
    const messages = [{ role: 'user' as const, content: 'hi' }];
    return { chat: order.chat, at: names(await client.chat.completions.create({ model: order.chat, messages })) };
  }
  if ('make' in order) {
    const file = new File(['{}'], 'a.jsonl');
    return { made: (await client.balancer.pin(order.make).files.create({ file, purpose: 'batch' })).id };
  }
  return { found: order.find, at: names(await client.files.retrieve(order.find)) };
}

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) say(await obey(JSON.parse(line) as Order));
