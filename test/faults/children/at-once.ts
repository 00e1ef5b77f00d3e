// Makes many calls at once, in a process of its own: as many sockets as calls. Prints who served them and what is left.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, calls } = JSON.parse(process.argv.at(-1)!) as { options: LoadBalancedOpenAIOptions; calls: number };
const client = new LoadBalancedOpenAI(options);
const lost: string[] = [];
const served: Record<string, number> = {};

async function one(): Promise<void> {
  try {
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const { system_fingerprint: name = '' } = await client.chat.completions.create({ model: 'gpt-5', messages });
    served[name] = (served[name] ?? 0) + 1;
  } catch (error) {
    lost.push(String(error));
  }
}

await Promise.all(Array.from({ length: calls }, one));
const endpoints = client.balancer
  .snapshot()
  .endpoints.map(({ inFlight, attempts, failures, breaker }) => ({ inFlight, attempts, failures, breaker }));
console.log(JSON.stringify({ lost, served, endpoints }));
await client.close();
