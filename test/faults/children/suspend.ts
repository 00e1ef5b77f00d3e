// Fails a few calls, opens connections, leaves calls under way and says so; once it was stopped and goes on, it says how they
// ended, how long after that, and how calls go from then on.
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const { options, calls, models } = JSON.parse(process.argv.at(-1)!) as {
  options: LoadBalancedOpenAIOptions;
  calls: number;
  models: readonly string[];
};
const client = new LoadBalancedOpenAI(options);

async function call(model: string): Promise<string> {
  try {
    const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }] });
    return attemptsOf(answer)
      .map(({ verdict }) => verdict)
      .join(' ');
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

/** When the process last went on after it stood still. */
let resumed = 0;
let turn = performance.now();
const turns = setInterval(() => {
  if (performance.now() - turn > 500) resumed = performance.now();
  turn = performance.now();
}, 10);

const say = (fact: unknown) => console.log(JSON.stringify(fact));
const times = (model: string) => Array.from({ length: calls }, () => call(model));
// Each model is what its server makes of it.
for (const model of models) await Promise.all(times(model));
const under = models.map((model) =>
  Promise.all(times(model).map(async (ended) => [await ended, performance.now()] as const)),
);
say('under way');
const ended = await Promise.all(under);
const before = Object.fromEntries(models.map((model, i) => [model, ended[i]!.map(([how, at]) => [how, at - resumed])]));
const after = Object.fromEntries(
  await Promise.all(models.map(async (model) => [model, await Promise.all(times(model))])),
);
const endpoints = client.balancer.snapshot().endpoints;
clearInterval(turns);
await client.close();
say({ before, after, endpoints });
