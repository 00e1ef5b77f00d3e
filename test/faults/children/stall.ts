// Sends calls and says so; once it is told that they have arrived it does nothing but compute for a while, then makes as many
// calls again at once; says how all of them ended.
import { once } from 'node:events';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, calls, stall } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  calls: number;
  stall: number;
};
const client = new LoadBalancedOpenAI(options);
const events = new Set<string>();
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };

/** Every other call is a stream. @returns how each attempt went, or the error */
async function call(_: unknown, index: number): Promise<string> {
  try {
    if (index % 2 === 0) return verdicts(await client.chat.completions.create(body));
    const stream = await client.chat.completions.create({ ...body, stream: true });
    for await (const _event of stream);
    return verdicts(stream);
  } catch (error) {
    return `${(error as Error).constructor.name}: ${(error as Error).message}`;
  }
}

const verdicts = (thing: unknown) =>
  attemptsOf(thing)
    .map(({ verdict }) => verdict)
    .join(' ');
const many = () => Array.from({ length: calls }, call);

// Connections first: what is tested is not how fast they are made.
await Promise.all(many());
client.balancer.on('*', ({ type }) => void events.add(type));
const under = many();
console.log('"sent"');
await once(process.stdin, 'data');
const until = performance.now() + stall;
while (performance.now() < until);
const resumed = performance.now();
const made = many();
const before = await Promise.all(under);
const ms = performance.now() - resumed;
const after = await Promise.all(made);
const endpoints = client.balancer.snapshot().endpoints;
await client.close();
process.stdin.destroy();
console.log(JSON.stringify({ before, after, ms, events: [...events].sort(), endpoints }));
