// OpenAI and Azure in one pool: either covers for the other. Azure calls a model by the name of its deployment; the model
// map knows that name, the application does not.
import { attemptsOf, explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const { baseURL, ...azure } = await reach('azure', 'AZURE_OPENAI_API_KEY', { models: ['prod-gpt5'] });

const client = new LoadBalancedOpenAI(
  [
    // On this machine it asks for a pause of 20 s at the first call.
    await reach('openai', 'OPENAI_API_KEY', { script: [{ status: 429, retryAfter: 20 }] }),
    {
      ...azure,
      type: 'azure',
      endpoint: baseURL ? new URL(baseURL).origin : process.env.AZURE_OPENAI_ENDPOINT,
      apiVersion: '2024-10-21',
      modelMap: { 'gpt-5': 'prod-gpt5' },
    },
  ],
  // Azure takes only what OpenAI cannot.
  { strategy: 'priority' },
);

for (const question of ['One?', 'Two?']) {
  const completion = await client.chat.completions.create({
    model: 'gpt-5',
    messages: [{ role: 'user', content: question }],
  });
  console.log(question, explain(completion));
  console.log('     there the model is called', attemptsOf(completion).at(-1)?.model);
}

for (const { name, cooldowns } of client.balancer.snapshot().endpoints)
  for (const { model, reason, msLeft } of cooldowns)
    console.log(`${name} takes no ${model} for another ${Math.round(msLeft / 1_000)} s (${reason})`);

await client.close();
await stop();
