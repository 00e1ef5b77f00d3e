// The pool as a plain `fetch`, for libraries that accept nothing else. A client of the SDK stands for such a library here;
// LangChain takes it as `configuration: { fetch }`, the AI SDK as `createOpenAI({ fetch })`.
import { explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import OpenAI from 'openai';
import { reach, stop } from './endpoints.ts';

const pool = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', { script: [503, { stream: 4, cutAfter: 0 }, 429] }),
    await reach('second', 'OPENAI_API_KEY_2'),
  ],
  { strategy: 'priority' },
);
const { fetch } = pool.balancer;

// It never sees a key, and leaves the retries to the pool.
const library = new OpenAI({ apiKey: 'unused', maxRetries: 0, fetch });
const ask = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Say hello.' }] };

const { data, response } = await library.chat.completions.create(ask).withResponse();
console.log(`answer: ${data.choices[0]?.message.content} ${explain(response)}`);

let text = '';
for await (const chunk of await library.chat.completions.create({ ...ask, stream: true }))
  text += chunk.choices[0]?.delta.content ?? '';
console.log(`stream: ${text}`);

// Or by hand. A reply of any status is a Response, and its URL says who gave it.
const reply = await fetch('https://api.openai.com/v1/embeddings', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'text-embedding-3-small', input: 'Hello' }),
});
console.log(`raw:    ${reply.status} ${reply.headers.get('content-type')} ${explain(reply)}`);

// A key goes to its endpoint only.
await fetch('https://elsewhere.example/v1/models').catch((error: { code: string }) =>
  console.log(`other:  ${error.code}`),
);

await pool.close();
await stop();
