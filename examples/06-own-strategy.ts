// A strategy of your own: a value with `pick(candidates, call)`. This one keeps embeddings on the endpoint tagged `bulk` and
// gives everything else to whoever has the fewest calls running. It only chooses; failover and breaker work as always.
import { attemptsOf, LoadBalancedOpenAI, type Strategy } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const byKind: Strategy = {
  name: 'by-kind',
  pick(candidates, call) {
    const bulk = call.operation === 'embeddings';
    const suited = candidates.filter(({ tags }) => tags.includes('bulk') === bulk);
    const among = suited.length > 0 ? suited : candidates;
    return among.reduce((best, next) => (next.inFlight < best.inFlight ? next : best));
  },
};

const client = new LoadBalancedOpenAI(
  [
    { name: 'chat-1', ...(await reach('OPENAI_API_KEY', { latency: 50 })) },
    { name: 'chat-2', ...(await reach('OPENAI_API_KEY_2', { latency: 50 })) },
    { name: 'bulk', tags: ['bulk'], ...(await reach('OPENAI_API_KEY_3')) },
  ],
  { strategy: byKind },
);

const chats = await Promise.all(
  Array.from({ length: 10 }, () =>
    client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Say hello.' }] }),
  ),
);
const embeddings = await Promise.all(
  Array.from({ length: 5 }, () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' })),
);

for (const [what, results] of Object.entries({ chat: chats, embeddings })) {
  const served: Record<string, number> = {};
  for (const result of results) {
    const { endpoint = '' } = attemptsOf(result).at(-1) ?? {};
    served[endpoint] = (served[endpoint] ?? 0) + 1;
  }
  console.log(`${what}:`, served);
}

await client.close();
await stop();
