// Takes every file descriptor the process may have, makes calls, gives them back and makes calls again; prints what came of each.
// Then many calls at once, more than there are descriptors.
import { closeSync, openSync } from 'node:fs';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';
import { timed } from '../../support/lag.ts';

const { options, calls } = JSON.parse(process.argv.at(-1)!) as { options: LoadBalancedOpenAIOptions; calls: number };
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };

/** Takes all descriptors that are left. @returns how to give them back */
function takeAll(): () => void {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // None is left: so it shall be.
  }
  return () => {
    for (const fd of taken) closeSync(fd);
  };
}

async function one(client: LoadBalancedOpenAI, maxRetries: number) {
  let made: PromiseLike<object> | undefined;
  const { error, ms, lag } = await timed(async () => {
    made = client.chat.completions.create(body, { maxRetries });
    await made;
  });
  const verdicts = attemptsOf(made).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);
  return { verdicts, ms: ms - lag, error: error ? (error as Error).constructor.name : null };
}

const endpoints = (client: LoadBalancedOpenAI) =>
  client.balancer.snapshot().endpoints.map(({ breaker, failures, cooldowns, excluded, inFlight }) => ({
    ...{ breaker, failures, cooldowns, excluded, inFlight },
  }));

// Node loads its fetch when it is first used.
await fetch('data:,');
const client = new LoadBalancedOpenAI({ strategy: 'priority', logLevel: 'off', ...options });
const giveBack = takeAll();
const without = [];
for (let call = 0; call < 20; call++) without.push(await one(client, 0));
const after = endpoints(client);
// A call that may wait is served as soon as there are descriptors again.
const waiting = one(client, 2);
setTimeout(giveBack, 100);
const waited = await waiting;
const again = await one(client, 0);
const many = await Promise.all(Array.from({ length: calls }, () => one(client, 0)));
const crowd = { served: 0, local: 0, other: [] as unknown[] };
for (const each of many) {
  if (each.error === null) crowd.served += 1;
  else if (each.verdicts.every((said) => said.endsWith('local-error'))) crowd.local += 1;
  else crowd.other.push(each);
}
const last = await one(client, 0);
console.log(JSON.stringify({ without, after, waited, again, crowd, last, end: endpoints(client) }));
await client.close();
