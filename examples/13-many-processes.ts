// Many processes, one pool: over one store, what one client learns of an endpoint, the other one knows.
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptsOf, LoadBalancedOpenAI, memoryStore } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const endpoints = [
  await reach('busy', 'OPENAI_API_KEY', { script: [{ status: 429, retryAfter: 20 }] }),
  await reach('free', 'OPENAI_API_KEY_2'),
];
// In real life a store that reaches other processes; `shareState: false` makes each client one of them.
const store = memoryStore();
const options = { store, strategy: 'priority', shareState: false } as const;
const [one, other] = [new LoadBalancedOpenAI(endpoints, options), new LoadBalancedOpenAI(endpoints, options)];

other.balancer.on('endpoint-cooldown', ({ endpoint, model, reason, elsewhere }) => {
  const whose = elsewhere ? 'learnt elsewhere' : 'learnt here';
  console.log(`other: ${endpoint} cools down for ${model} (${reason}), ${whose}`);
});

async function call(who: string, client: LoadBalancedOpenAI) {
  const completion = await client.chat.completions.create({
    model: 'gpt-5-mini',
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  const tried = attemptsOf(completion).map(({ endpoint, status }) => `${endpoint} ${status}`);
  console.log(`${who}: ${tried.join(' → ')}`);
}

await call('one', one);
await sleep(50);
await call('other', other);

// What is learnt is kept within a tenth of a second: who starts later reads it.
await sleep(200);
const late = new LoadBalancedOpenAI(endpoints, options);
await sleep(50);
await call('late', late);

for (const client of [one, other, late]) await client.close();
await stop();
