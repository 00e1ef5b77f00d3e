// OpenRouter beside OpenAI: other names for the same models, and one field that only one of the two understands.
import { attemptsOf, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const models = ['openai/gpt-5', 'openai/gpt-5-mini'];

const client = new LoadBalancedOpenAI([
  await reach('openai', 'OPENAI_API_KEY'),
  {
    baseURL: 'https://openrouter.ai/api/v1',
    ...(await reach('openrouter', 'OPENROUTER_API_KEY', { models })),
    modelMap: {
      // An exact name goes before a pattern. `$1` is what `*` matched.
      'gpt-5': { model: 'openai/gpt-5', body: { provider: { sort: 'throughput' } }, omit: ['service_tier'] },
      'gpt-*': 'openai/gpt-$1',
    },
    // Public names; calls for anything else go elsewhere.
    models: ['gpt-*'],
  },
]);

for (const model of ['gpt-5', 'gpt-5', 'gpt-5-mini', 'gpt-5-mini']) {
  const completion = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Say hello.' }],
    service_tier: 'auto',
  });
  for (const attempt of attemptsOf(completion)) console.log(`${model} → ${attempt.endpoint} as ${attempt.model}`);
}

for (const input of ['one', 'two']) {
  const embedding = await client.embeddings.create({ model: 'text-embedding-3-small', input });
  for (const attempt of attemptsOf(embedding)) console.log(`embedding → ${attempt.endpoint} as ${attempt.model}`);
}

await client.close();
await stop();
