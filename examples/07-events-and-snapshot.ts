// What happens inside: events as they come, the attempts of one call, and the state of the pool as plain data.
import { attemptsOf, LoadBalancedOpenAI, NoEndpointAvailableError } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const pause = { status: 429, retryAfter: 90 };
const client = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', { script: [503, pause] }),
    await reach('second', 'OPENAI_API_KEY_2', { script: ['ok', pause] }),
  ],
  { strategy: 'priority' },
);

client.balancer
  .on('failover-start', ({ from, endpoint, verdict }) => console.log(`  event: ${from} → ${endpoint} (${verdict})`))
  .on('endpoint-cooldown', ({ endpoint, ms, reason }) =>
    console.log(`  event: ${endpoint} pauses ${ms} ms (${reason})`),
  )
  .on('call-end', ({ ok, attempts }) => console.log(`  event: call over, ok: ${ok}, attempts: ${attempts.length}`));

const ask = () =>
  client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Say hello.' }] });

console.log('A call that fails over:');
for (const { endpoint, verdict, status, billed } of attemptsOf(await ask()))
  console.log(`  ${endpoint}: ${verdict}, status ${status}, billed: ${billed}`);

console.log('Both ask for 90 s, longer than a call may wait:');
for (const call of ['The call that met the 429s', 'The next call']) {
  try {
    await ask();
  } catch (error) {
    console.log(`  ${call}: ${(error as Error).constructor.name}`);
    if (error instanceof NoEndpointAvailableError) console.log(`  status ${error.status}: ${error.message}`);
  }
}

console.log('The pool now:');
for (const { name, attempts, successes, failures, cooldowns } of client.balancer.snapshot().endpoints)
  console.log(`  ${name}: ${attempts} attempts, ${successes} good, ${failures} failed, ${cooldowns.length} cooldown`);

await client.close();
await stop();
