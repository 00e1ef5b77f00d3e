// Why a call went where it went: who stood to choose and by which figures, who did not, and what it waited for. The same goes
// into a file, line by line, for `npm run simulate -- --trace calls.jsonl --strategy least-latency`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decisionsOf, LoadBalancedOpenAI, recordDecisions } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

const folder = await mkdtemp(join(tmpdir(), 'calls-'));
const file = join(folder, 'calls.jsonl');
const recorder = recordDecisions(file, { maxBytes: 10_000_000 });

const client = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', { script: [{ status: 429, retryAfter: 30 }] }),
    await reach('second', 'OPENAI_API_KEY_2'),
    { ...(await reach('third', 'OPENAI_API_KEY_3')), weight: 2 },
  ],
  { strategy: 'round-robin', observers: [recorder] },
);

for (const question of ['One?', 'Two?']) {
  const completion = await client.chat.completions.create({
    model: 'gpt-5-mini',
    messages: [{ role: 'user', content: question }],
  });
  console.log(question);
  for (const { picked, reason, eligible, excluded, figures = [] } of decisionsOf(completion)) {
    console.log(`  ${picked} (${reason}) out of ${eligible.join(', ')}`);
    for (const { endpoint, inFlight, weight } of figures)
      console.log(`    ${endpoint}: weight ${weight}, ${inFlight} in flight`);
    for (const each of excluded) console.log(`    not ${each.endpoint}: ${each.reason.replace(/, for .*/, '')}`);
  }
}

await client.close();
await recorder.close();
const lines = (await readFile(file, 'utf8')).trim().split('\n');
console.log(`${lines.length} lines in the file, ${recorder.lost} lost`);
await rm(folder, { recursive: true });
await stop();
