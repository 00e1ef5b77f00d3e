// Opens streams, reads one event of each, and then reads no more: keeps them, or forgets them as an application does by mistake.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, streams, keep } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  streams: number;
  keep: boolean;
};
const client = new LoadBalancedOpenAI(options);
const kept: unknown[] = [];

async function open(): Promise<void> {
  const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }], stream: true as const };
  const stream = await client.chat.completions.create(body);
  await stream[Symbol.asyncIterator]().next();
  if (keep) kept.push(stream);
}

const sum = (field: 'attempts' | 'inFlight' | 'failures') =>
  client.balancer.snapshot().endpoints.reduce((total, endpoint) => total + endpoint[field], 0);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** What is held, garbage aside, in bytes. */
function held(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

for (let stream = 0; stream < streams; stream++) await open();
// Not those in flight: what was dropped first may be collected by now.
const opened = sum('attempts');
const before = held();
// Time enough for all that the server would send.
if (keep) await sleep(500);
const grown = (held() - before) / 1_000_000;
const deadline = performance.now() + 15_000;
while (!keep && sum('inFlight') > 0 && performance.now() < deadline) {
  globalThis.gc?.();
  await sleep(10);
}
console.log(JSON.stringify({ opened, left: sum('inFlight'), failures: sum('failures'), grown, kept: kept.length }));
// Whatever is left would keep the process for as long as the server sends.
process.exit(0);
