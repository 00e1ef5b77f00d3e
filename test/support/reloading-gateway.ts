// A gateway in a process of its own that takes another configuration again and again while it is called, and says what it holds.
// Its lines: where it listens; then, twice: told once, that it took its configurations; told again, what it holds.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { systemClock } from '../../src/clock.ts';
import { settingsOf } from '../../src/gateway/config/load.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { GatewayLog } from '../../src/gateway/http/log.ts';
import { LoadBalancedOpenAI } from '../../src/index.ts';

/** What it is started with. */
export interface ReloadingSpec {
  /** Base URLs: two that change with each configuration, one that stays as it is. */
  readonly changing: readonly [string, string];
  readonly staying: string;
  /** How many before it says what it holds, and how many more before it says so again. */
  readonly reloads: readonly [number, number];
  /** Pause between two configurations, ms. */
  readonly every: number;
}

/** What came of some configurations. */
export interface Reloaded {
  /** Bytes of heap, after collecting. */
  readonly heap: number;
  /** Clients of the library that are still there. */
  readonly clients: number;
  /** How long a configuration took to be taken, the longest, ms. */
  readonly longest: number;
  /** What it complained of. */
  readonly complaints: readonly string[];
}

const { changing, staying, reloads: all, every } = JSON.parse(process.argv.at(-1) as string) as ReloadingSpec;

const STRATEGIES = ['round-robin', 'least-busy', 'priority'];

/** Each another one than the one before; the endpoint that stays is the same in all. */
function configuration(number: number): object {
  const own = changing.map((baseURL, at) => ({
    ...{ name: `changing-${at}`, baseURL, apiKey: `key-${Math.floor(number / 10)}-${at}`, weight: 1 + (number % 3) },
  }));
  const extra = number % 2 === 0 ? [{ name: `extra-${number % 5}`, baseURL: changing[0], apiKey: 'key' }] : [];
  const endpoints = [{ name: 'staying', baseURL: staying, apiKey: 'key' }, ...own, ...extra];
  return {
    endpoints,
    breaker: { resetTimeout: 600_000 },
    retryBudget: false,
    // What is kept of calls has a bound of its own.
    log: { maxRows: 0 },
    groups: {
      main: {
        strategy: STRATEGIES[number % STRATEGIES.length],
        endpoints: endpoints.map(({ name }) => ({ endpoint: name, model: 'gpt-5' })),
      },
      [`other-${number % 7}`]: { endpoints: [{ endpoint: 'changing-0', model: 'gpt-5' }] },
    },
  };
}

async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await pause(5);
  }
  return process.memoryUsage().heapUsed;
}

const complaints: string[] = [];
const log = new GatewayLog({
  level: 'error',
  readable: true,
  write: (line) => complaints.push(line),
  clock: systemClock,
});
const gateway = await startGateway({ settings: settingsOf(configuration(0), {}, 'test'), log, port: 0 });
console.log(JSON.stringify({ url: gateway.url }));

const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let number = 0;
let longest = 0;
for (const reloads of all) {
  await told.next();
  for (let left = reloads; left > 0; left--) {
    number += 1;
    const begun = performance.now();
    gateway.reload(settingsOf(configuration(number), {}, 'test'));
    longest = Math.max(longest, performance.now() - begun);
    await pause(every);
  }
  console.log(JSON.stringify({ taken: number }));
  await told.next();
  const clients = queryObjects(LoadBalancedOpenAI, { format: 'count' });
  console.log(JSON.stringify({ heap: await heap(), clients, longest, complaints } satisfies Reloaded));
}
await told.next();
await gateway.stop();
process.exit();
