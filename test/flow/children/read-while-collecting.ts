// Reads streams of which it holds the iterator alone, as `for await (… of await create(…))` does, while garbage is collected
// before each event; prints how many events came of each, and how the streams ended.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, streams } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  streams: number;
};
const client = new LoadBalancedOpenAI(options);

async function open() {
  const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }], stream: true as const };
  const stream = await client.chat.completions.create(body);
  return stream[Symbol.asyncIterator]();
}

async function read(): Promise<number> {
  const iterator = await open();
  for (let events = 0; ; events++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
    if ((await iterator.next()).done) return events;
  }
}

const events: number[] = [];
for (let stream = 0; stream < streams; stream++) events.push(await read());
await client.close();
console.log(JSON.stringify({ events }));
