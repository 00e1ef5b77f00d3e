// Streams: one that dies before its first content moves to the next endpoint, one that dies later throws. No text comes
// twice, and a stream that just stops never looks complete.
import { explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { APIError } from 'openai';
import { reach, stop } from './endpoints.ts';

const client = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', {
      script: [
        // The connection breaks before any text, then after three pieces of it.
        { stream: 6, cutAfter: 0, cut: 'close' },
        { stream: 6, cutAfter: 3, cut: 'close' },
      ],
    }),
    await reach('second', 'OPENAI_API_KEY_2', { script: [{ stream: 6 }] }),
  ],
  { strategy: 'priority' },
);

const messages = [{ role: 'user' as const, content: 'Count.' }];

for (const call of ['cut before the first content', 'cut in the middle']) {
  const stream = await client.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true });
  let pieces = 0;
  try {
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces += 1;
    console.log(`${call}: complete, ${pieces} pieces. ${explain(stream)}`);
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    console.log(`${call}: ${error.constructor.name} after ${pieces} pieces. ${error.message}`);
  }
}

// The SDK's helpers run over the pool as well.
const runner = client.chat.completions.stream({ model: 'gpt-5-mini', messages });
runner.on('content', (piece) => process.stdout.write(piece));
const { choices } = await runner.finalChatCompletion();
console.log(`\nstream helper: ${choices[0]?.finish_reason}`);

await client.close();
await stop();
