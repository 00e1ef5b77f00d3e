// Opens streams, reads one event of each and forgets them, as an application does by mistake; waits until they are collected.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, streams, through } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  streams: number;
  /** The pool as a fetch: an event stream, or a body that passes through. @default the client */
  through?: 'events' | 'file';
};
const client = new LoadBalancedOpenAI(options);
// One long-lived signal for all, as applications have it: it must not keep them alive.
const { signal } = new AbortController();

async function openAndForget(): Promise<void> {
  const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }], stream: true as const };
  const stream = await client.chat.completions.create(body, { signal });
  await stream[Symbol.asyncIterator]().next();
}

async function fetchAndForget(what: 'events' | 'file'): Promise<void> {
  const { fetch } = client.balancer;
  const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }], stream: true });
  const url = 'https://api.openai.com/v1';
  const reply =
    what === 'file'
      ? await fetch(`${url}/files/file-1/content`, { signal })
      : await fetch(`${url}/chat/completions`, { method: 'POST', body, signal });
  await reply.body?.getReader().read();
}

const sumOf = (field: 'inFlight' | 'attempts') =>
  client.balancer.snapshot().endpoints.reduce((sum, endpoint) => sum + endpoint[field], 0);

for (let stream = 0; stream < streams; stream++) await (through ? fetchAndForget(through) : openAndForget());
// Not those in flight: the first ones may have been collected already.
const opened = sumOf('attempts');
const deadline = performance.now() + 15_000;
while (sumOf('inFlight') > 0 && performance.now() < deadline) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(JSON.stringify({ opened, left: sumOf('inFlight') }));
// Whatever is left would keep the process for as long as the server sends.
process.exit(0);
