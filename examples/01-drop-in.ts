// Drop-in: the import and the constructor change, the calls do not. The first endpoint fails; the caller does not notice.
import { explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

// Before: const client = new OpenAI({ apiKey });
const client = new LoadBalancedOpenAI([
  // Each is { name, apiKey }. The scripted 500 happens on this machine only.
  await reach('first', 'OPENAI_API_KEY', { script: [500] }),
  await reach('second', 'OPENAI_API_KEY_2'),
]);

const completion = await client.chat.completions.create({
  model: 'gpt-5-mini',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log('answer:  ', completion.choices[0]?.message.content);
console.log('attempts:', explain(completion));

const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' });
console.log('vectors: ', data.length);

const { response, request_id } = await client.responses
  .create({ model: 'gpt-5-mini', input: 'Say hello.' })
  .withResponse();
console.log('status:  ', response.status, request_id ? 'with a request id' : '');

await client.close();
await stop();
