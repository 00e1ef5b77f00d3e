// Makes one call of a kind after a few harmless ones; prints how it went and how much more was in use on the way, in MiB.
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, kind } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  kind: 'json' | 'stream' | 'file';
};
const client = new LoadBalancedOpenAI(options);
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };

const CALLS: Record<typeof kind, () => Promise<{ thing: object; bytes: number }>> = {
  json: async () => ({ thing: await client.chat.completions.create(body), bytes: 0 }),
  stream: async () => {
    const stream = await client.chat.completions.create({ ...body, stream: true });
    for await (const _ of stream);
    return { thing: stream, bytes: 0 };
  },
  file: async () => {
    const response = await client.files.content('file-1');
    let bytes = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      // What was read is garbage; only what is kept shall count.
      if (bytes % (8 * 1_048_576) < chunk.byteLength) globalThis.gc?.();
      bytes += chunk.byteLength;
    }
    return { thing: response, bytes };
  },
};

// What a first call loads is not what a bomb costs.
for (let call = 0; call < 3; call++) await CALLS[kind]();
/**
 * Bytes in use, without what is garbage. Not the size of the process: pages come back from the engine whenever it finds the
 * time. Twice, since the second collection waits for what the first one has begun.
 */
function held(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = held();
let [most, collected] = [before, process.memoryUsage.rss()];
const look = setInterval(() => {
  const size = process.memoryUsage.rss();
  if (Math.abs(size - collected) < 8 * 1_048_576) return;
  most = Math.max(most, held());
  collected = process.memoryUsage.rss();
}, 2);
const { thing, bytes } = await CALLS[kind]();
clearInterval(look);
const grown = Math.max(most, held()) - before;
const verdicts = attemptsOf(thing).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);
await client.close();
console.log(JSON.stringify({ verdicts, bytes, grown: grown / 1_048_576 }));
