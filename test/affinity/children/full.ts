// Learns far more ids than are remembered, beside a store that never answers; prints what that takes of the heap.
import { Affinity } from '../../../src/affinity/affinity.ts';
import { SharedIds } from '../../../src/affinity/shared-ids.ts';
import { systemClock } from '../../../src/clock.ts';
import { memoryStore } from '../../../src/index.ts';
import { GuardedStore } from '../../../src/state/guarded-store.ts';

const { ids, shared } = JSON.parse(process.argv.at(-1)!) as { ids: number; shared: boolean };
const never = new Promise<never>(() => undefined);
const store = { ...memoryStore(), set: () => never, get: () => never };
const guard = new GuardedStore(store, systemClock);
const names = new SharedIds(
  guard,
  (name) => name,
  () => undefined,
);
const affinity = new Affinity(systemClock, shared ? names : undefined);

async function heap(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

const before = await heap();
const full: number[] = [];
for (let i = 0; i < ids; i++) {
  // As long as the longest of OpenAI's, and cut out of a reply as long as one.
  const reply = `{"id":"resp_${String(i).padStart(48, '0')}","object":"response","padding":"${'x'.repeat(500)}"}`;
  affinity.learn([reply.slice(7, 60)], 'endpoint');
  if (i % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
  if (i % 50_000 === 49_999) full.push(((await heap()) - before) / 2 ** 20);
}
console.log(JSON.stringify({ full, known: affinity.ownerOf(`resp_${String(ids - 1).padStart(48, '0')}`) }));
process.exit(0);
