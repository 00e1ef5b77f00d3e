// What happens inside: events as they come, the attempts of one call, and the state of the pool as plain data.
import { attemptsOf, LoadBalancedOpenAI, NoEndpointAvailableError } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const client = new LoadBalancedOpenAI(
  [
    { name: 'first', ...(await reach('OPENAI_API_KEY', { script: [503, { status: 429, retryAfter: 90 }] })) },
    { name: 'second', ...(await reach('OPENAI_API_KEY_2', { script: ['ok', { status: 429, retryAfter: 90 }] })) },
  ],
  { strategy: 'priority' },
);
client.balancer.on('*', ({ type, at: _, ...facts }) => {
  if (type === 'call-start' || type === 'failover-start' || type === 'endpoint-cooldown')
    console.log(`  ${type}`, JSON.stringify(facts));
});

const ask = () =>
  client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Say hello.' }] });

console.log('A call that fails over:');
const completion = await ask();
for (const { endpoint, verdict, status, billed } of attemptsOf(completion))
  console.log(`  ${endpoint}: ${verdict}, status ${status}, billed: ${billed}`);

console.log('Both ask for a pause of 90 s, longer than a call may wait:');
for (let number = 1; number <= 2; number += 1) {
  try {
    await ask();
  } catch (error) {
    const status = error instanceof NoEndpointAvailableError ? `status ${error.status}: ${error.message}` : '';
    console.log(`  ${(error as Error).constructor.name}`, status);
  }
}

console.log('The pool now:');
for (const { name, attempts, successes, failures, excluded } of client.balancer.snapshot().endpoints)
  console.log(`  ${name}: ${attempts} attempts, ${successes} good, ${failures} failed; ${excluded ?? 'eligible'}`);

await client.close();
await stop();
