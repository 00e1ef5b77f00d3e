// Makes a few calls of every kind, closes the client, and should then end by itself; prints what is left when it is closed.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options } = JSON.parse(process.argv.at(-1)!) as { options: LoadBalancedOpenAIOptions };
const client = new LoadBalancedOpenAI(options);
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
for (let call = 0; call < 10; call++) {
  await client.chat.completions.create(body);
  for await (const _ of await client.chat.completions.create({ ...body, stream: true }));
  for await (const _ of await client.chat.completions.create({ ...body, stream: true })) break;
}
const from = performance.now();
await client.close();
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
console.log(JSON.stringify({ ms: performance.now() - from, timers }));
