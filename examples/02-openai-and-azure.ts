// OpenAI and Azure in one pool: either covers for the other. Azure calls a model by the name of its deployment; the model
// map knows it, the application does not.
import { attemptsOf, explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const { apiKey, baseURL } = await reach('AZURE_OPENAI_API_KEY', { models: ['prod-gpt5'] });

const client = new LoadBalancedOpenAI(
  [
    // Asks for a pause of 20 s at the first call.
    { name: 'openai', ...(await reach('OPENAI_API_KEY', { script: [{ status: 429, retryAfter: 20 }] })) },
    {
      name: 'azure',
      type: 'azure',
      endpoint: baseURL?.replace('/v1', '') ?? process.env.AZURE_OPENAI_ENDPOINT,
      apiVersion: '2024-10-21',
      apiKey,
      modelMap: { 'gpt-5': 'prod-gpt5' },
    },
  ],
  // Azure only takes what OpenAI cannot.
  { strategy: 'priority' },
);

for (const question of ['One?', 'Two?']) {
  const completion = await client.chat.completions.create({
    model: 'gpt-5',
    messages: [{ role: 'user', content: question }],
  });
  console.log(question, explain(completion));
  console.log('     the model is called', attemptsOf(completion).at(-1)?.model, 'there');
}

for (const { name, excluded } of client.balancer.snapshot().endpoints) console.log(`${name}:`, excluded ?? 'eligible');

await client.close();
await stop();
