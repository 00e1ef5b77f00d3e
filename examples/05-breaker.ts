// The breaker: two failures in a row eject an endpoint for 300 ms, then one call probes it. (The default is 5, and 5 s.)
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const client = new LoadBalancedOpenAI(
  [
    { name: 'shaky', ...(await reach('OPENAI_API_KEY', { script: [500, 500] })) },
    { name: 'steady', ...(await reach('OPENAI_API_KEY_2')) },
  ],
  { strategy: 'priority', breaker: { consecutiveFailures: 2, resetTimeout: 300 } },
);

client.balancer
  .on('endpoint-ejected', ({ endpoint, reason, openMs }) =>
    console.log(`  ${endpoint} is ejected: ${reason}, for about ${Math.round(openMs / 100) * 100} ms`),
  )
  .on('endpoint-restored', ({ endpoint }) => console.log(`  ${endpoint} is restored`));

async function call(number: number) {
  const { choices } = await client.chat.completions.create({
    model: 'gpt-5-mini',
    messages: [{ role: 'user', content: 'Say hello.' }],
  });
  const [shaky] = client.balancer.snapshot().endpoints;
  console.log(`call ${number}: ${choices[0]?.message.content}  (breaker of shaky: ${shaky?.breaker})`);
}

for (let number = 1; number <= 4; number += 1) await call(number);
await new Promise((resolve) => setTimeout(resolve, 350));
console.log('350 ms later');
for (let number = 5; number <= 6; number += 1) await call(number);

await client.close();
await stop();
