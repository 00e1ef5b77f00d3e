// Makes calls of every kind at once through each pool, some of them aborted half-way, and prints what came of them.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { pools, calls } = JSON.parse(process.argv.at(-1)!) as { pools: LoadBalancedOpenAIOptions[]; calls: number };
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const kinds: ((client: LoadBalancedOpenAI, signal: AbortSignal) => Promise<unknown>)[] = [
  (client, signal) => client.chat.completions.create(body, { signal }),
  async (client, signal) => {
    for await (const _ of await client.chat.completions.create({ ...body, stream: true }, { signal }));
  },
  (client, signal) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' }, { signal }),
  async (client, signal) => {
    for await (const _ of await client.chat.completions.create({ ...body, stream: true }, { signal })) break;
  },
  (client) => client.chat.completions.create(body, { signal: AbortSignal.timeout(5) }),
];

const seen: { done: number; failed: Record<string, number>; inFlight: number }[] = [];
for (const options of pools) {
  const client = new LoadBalancedOpenAI({ strategy: 'priority', logLevel: 'off', timeout: 400, ...options });
  // One signal for all of them, as an application that shuts down has.
  const { signal } = new AbortController();
  const results = await Promise.allSettled(
    Array.from({ length: calls }, (_, call) => kinds[call % kinds.length]!(client, signal)),
  );
  const failed: Record<string, number> = {};
  for (const result of results)
    if (result.status === 'rejected') {
      const { name } = (result.reason as Error).constructor;
      failed[name] = (failed[name] ?? 0) + 1;
    }
  // A promise that nobody looks at any more would be reported within a turn or two.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const inFlight = client.balancer.snapshot().endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0);
  seen.push({ done: results.filter(({ status }) => status === 'fulfilled').length, failed, inFlight });
  await client.close();
}
console.log(JSON.stringify(seen));
