// Streams: one that dies before its first content moves to the next endpoint, one that dies later throws. Nothing is ever
// sent twice, and a stream that just stops never looks complete.
import { attemptsOf, explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { APIError } from 'openai';
import { reach, stop } from './endpoints.ts';

const messages = [{ role: 'user' as const, content: 'Count.' }];

const client = new LoadBalancedOpenAI(
  [
    // First call: role chunk, then the connection is reset. Second call: the same after three pieces of text.
    {
      name: 'first',
      ...(await reach('OPENAI_API_KEY', {
        script: [
          { stream: 6, cutAfter: 0 },
          { stream: 6, cutAfter: 3 },
        ],
      })),
    },
    { name: 'second', ...(await reach('OPENAI_API_KEY_2', { script: [{ stream: 6 }] })) },
  ],
  { strategy: 'priority' },
);

for (const call of ['cut before the first content', 'cut in the middle']) {
  const stream = await client.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true });
  let pieces = 0;
  try {
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces += 1;
    console.log(`${call}: complete after ${pieces} pieces. ${explain(stream)}`);
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    console.log(`${call}: ${error.constructor.name} after ${pieces} pieces: ${error.message}`);
  }
}

// The SDK's own helpers run over the pool as well.
const runner = client.chat.completions.stream({ model: 'gpt-5-mini', messages });
const last = await runner.finalChatCompletion();
console.log('stream helper:', last.choices[0]?.finish_reason, attemptsOf(last).length === 0 ? '' : explain(last));

await client.close();
await stop();
