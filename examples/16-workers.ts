// Worker processes that are one client: what one has made, the others find, also after the worker that made it was killed.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { attemptsOf, LoadBalancedOpenAI, processStore } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';

// The same in each of them; `name` is needed only where several apps are started from one folder.
const store = processStore({ name: 'workers-example' });

if (cluster.isPrimary) {
  const endpoints = [await reach('first', 'OPENAI_API_KEY'), await reach('second', 'OPENAI_API_KEY_2')];
  const env = { ENDPOINTS: JSON.stringify(endpoints) };
  const start = async () => {
    const worker = cluster.fork(env);
    await once(worker, 'message'); // it is ready
    return worker;
  };
  const workers = [await start(), await start(), await start()];
  const ask = async (index: number, id?: string) => {
    workers[index]?.send({ id });
    const [answer] = (await once(workers[index] ?? cluster, 'message')) as [{ id: string; said: string }];
    console.log(`worker ${index + 1} ${answer.said}`);
    return answer.id;
  };

  const id = await ask(0);
  await ask(1, id);
  workers[0]?.process.kill('SIGKILL');
  await once(cluster, 'exit');
  console.log('worker 1 is killed');
  workers[0] = await start();
  await ask(2, id);
  await ask(0, id);
  for (const worker of workers) worker.kill();
  await stop();
} else {
  const client = new LoadBalancedOpenAI(JSON.parse(process.env.ENDPOINTS ?? '[]'), { store });
  process.on('message', async ({ id }: { id?: string }) => {
    const made = id
      ? await client.responses.retrieve(id)
      : await client.balancer.pin('second').responses.create({ model: 'gpt-5-mini', input: 'Say hello.' });
    const [attempt, ...more] = attemptsOf(made);
    const asked = more.length === 0 ? 'nobody else was asked' : `${more.length} others were asked`;
    // Facts are written after the reply is there. What this process asks of the store comes after them.
    if (!id) await store.add('responses made', 1, 60_000);
    process.send?.({
      id: made.id,
      said: id ? `reads it at ${attempt?.endpoint}: ${asked}` : `makes a response at ${attempt?.endpoint}`,
    });
  });
  process.send?.('ready');
}
