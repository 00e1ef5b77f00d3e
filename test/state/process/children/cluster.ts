// A cluster whose workers make calls, and are then replaced one after the other, as a deployment does. Prints what went wrong.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { attemptsOf, LoadBalancedOpenAI, processStore } from '../../../../src/index.ts';

const { workers, rounds, primaryUses, folder } = JSON.parse(process.argv[2] ?? '{}') as {
  workers: number;
  rounds: number;
  primaryUses: boolean;
  folder: string;
};
const store = processStore({ folder });
const HOUR = 3_600_000;

/** What a worker tells at its end. */
interface Done {
  calls: number;
  found: number;
  lost: number;
  asked: number;
  failures: string[];
  degraded: string[];
}

/** An endpoint that knows the responses it made. */
const endpoint = (name: string) => ({
  name,
  apiKey: `sk-${name}`,
  fetch: async (url: unknown) => {
    const [, id = ''] = /responses\/(.+)$/.exec(String(url)) ?? [];
    const body = { object: 'response', status: 'completed', output: [], model: 'gpt-5' };
    if (id === '') return Response.json({ ...body, id: `resp_${name}_${process.pid}_${performance.now()}` });
    if (id.startsWith(`resp_${name}_`)) return Response.json({ ...body, id });
    return Response.json({ error: { message: 'No such response', code: 'not_found' } }, { status: 404 });
  },
});

async function primary(): Promise<void> {
  const done: Done[] = [];
  const start = async () => {
    const worker = cluster.fork();
    await once(worker, 'message');
    return worker;
  };
  const replace = async (old: Worker) => {
    const next = await start();
    const told = once(old, 'message');
    old.send('stop');
    const [last] = await told;
    done.push(last);
    // It ends by itself.
    if (!old.isDead()) await once(old, 'exit');
    return next;
  };
  if (primaryUses) await store.set('of the primary', 'x', HOUR);
  let all = await Promise.all(Array.from({ length: workers }, start));
  for (let round = 0; round < rounds; round++) {
    const next: Worker[] = [];
    for (const worker of all) next.push(await replace(worker));
    all = next;
  }
  const kept = primaryUses ? await store.get('of the primary') : 'x';
  for (const worker of all) {
    const told = once(worker, 'message');
    worker.send('stop');
    done.push((await told)[0]);
    if (!worker.isDead()) await once(worker, 'exit');
  }
  const sum = (what: 'calls' | 'found' | 'lost' | 'asked') => done.reduce((total, each) => total + each[what], 0);
  const failures = done.flatMap((each) => each.failures);
  const degraded = done.flatMap((each) => each.degraded);
  const total = primaryUses ? await store.add('calls', 0, HOUR) : sum('calls');
  console.log(
    JSON.stringify({
      calls: sum('calls'),
      total,
      found: sum('found'),
      lost: sum('lost'),
      asked: sum('asked'),
      kept,
      failures,
      degraded,
    }),
  );
}

async function worker(): Promise<void> {
  const done: Done = { calls: 0, found: 0, lost: 0, asked: 0, failures: [], degraded: [] };
  const client = new LoadBalancedOpenAI(['a', 'b', 'c'].map(endpoint), {
    store,
    strategy: 'round-robin',
    logLevel: 'off',
  });
  client.balancer.on('store-degraded', ({ reason }) => done.degraded.push(reason));
  let stopped = false;
  process.once('message', () => {
    stopped = true;
  });
  process.send?.('ready');
  while (!stopped) {
    try {
      const { id } = await client.responses.create({ model: 'gpt-5', input: 'hi' });
      done.calls += 1;
      await store.add('calls', 1, HOUR);
      await store.set(`made ${id}`, 'x', HOUR);
      // What another worker has made a while ago.
      const other = await store.get('before');
      if (other) {
        done.asked += 1;
        if ((await store.get(`made ${other}`)) !== 'x') done.lost += 1;
        if (attemptsOf(await client.responses.retrieve(other)).length === 1) done.found += 1;
      }
      await pause(10);
      if (Math.random() < 0.3) await store.set('before', id, HOUR);
    } catch (error) {
      done.failures.push(String(error));
    }
  }
  await client.close();
  process.send?.(done, () => process.disconnect());
}

await (cluster.isPrimary ? primary() : worker());
