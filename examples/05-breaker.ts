// The breaker: two failures in a row eject an endpoint for 300 ms, then one call probes it. (By default five, and 5 s.)
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptsOf, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const client = new LoadBalancedOpenAI(
  [await reach('shaky', 'OPENAI_API_KEY', { script: [500, 500] }), await reach('steady', 'OPENAI_API_KEY_2')],
  {
    strategy: 'priority',
    breaker: {
      consecutiveFailures: 2,
      resetTimeout: 300,
      // `true`: this error says nothing against the endpoint.
      errorFilter: (error) => error instanceof Error && error.message.includes('maintenance'),
    },
  },
);

client.balancer
  .on('endpoint-ejected', ({ endpoint, reason }) => console.log(`  ${endpoint} is ejected: ${reason}`))
  .on('endpoint-restored', ({ endpoint }) => console.log(`  ${endpoint} is restored`));

async function call(number: number) {
  const completion = await client.chat.completions.create({
    model: 'gpt-5-mini',
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  const tried = attemptsOf(completion).map(({ endpoint, status }) => `${endpoint} ${status}`);
  console.log(`call ${number}: ${tried.join(' → ')}`);
}

for (const number of [1, 2, 3]) await call(number);
await sleep(350);
console.log('350 ms later');
// The probe succeeds. From here on the endpoint gets its share back step by step, over 10 s.
await call(4);

await client.close();
await stop();
