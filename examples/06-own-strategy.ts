// A strategy of your own: a value with `pick(candidates, call)`. This one sends embeddings to the endpoint tagged `bulk` and
// everything else to whoever has the fewest calls running. It only chooses; failover and breaker work as always.
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
    await reach('chat-1', 'OPENAI_API_KEY', { latency: 50 }),
    await reach('chat-2', 'OPENAI_API_KEY_2', { latency: 50 }),
    { ...(await reach('bulk', 'OPENAI_API_KEY_3')), tags: ['bulk'] },
  ],
  { strategy: byKind },
);

const messages = [{ role: 'user' as const, content: 'Say hello.' }];
const chats = Array.from({ length: 10 }, () => client.chat.completions.create({ model: 'gpt-5-mini', messages }));
const embeddings = Array.from({ length: 5 }, () =>
  client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' }),
);

for (const [what, calls] of Object.entries({ chat: chats, embeddings })) {
  const served = new Map<string, number>();
  for (const result of await Promise.all(calls)) {
    const endpoint = attemptsOf(result).at(-1)?.endpoint ?? '';
    served.set(endpoint, (served.get(endpoint) ?? 0) + 1);
  }
  console.log(`${what}:`, [...served].map(([endpoint, count]) => `${count} on ${endpoint}`).join(', '));
}

await client.close();
await stop();
