// Uses a pool in every way that could leave something behind, closes it or not, and should then end by itself. Prints when it
// was done, what was left right then, and what it heard of rejections and warnings.
import { type EndpointOptions, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

interface Input {
  readonly options: LoadBalancedOpenAIOptions;
  /** `close` at the end, `leave` without it, `late` closes while calls run. */
  readonly end: 'close' | 'leave' | 'late';
}

const { options, end } = JSON.parse(process.argv.at(-1)!) as Input;
const before = process.getActiveResourcesInfo().length;
const heardBefore = process.eventNames().length;
const client = new LoadBalancedOpenAI(options);
const made = process.getActiveResourcesInfo().length - before;
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const one = new AbortController();
const outcomes: string[] = [];
const note = (promise: PromiseLike<unknown>) =>
  promise.then(
    () => void outcomes.push('ok'),
    (error: unknown) => void outcomes.push((error as Error).constructor.name),
  );

async function read(leaveAfter: number): Promise<void> {
  let events = 0;
  for await (const _ of await client.chat.completions.create({ ...body, stream: true })) {
    events += 1;
    if (events === leaveAfter) break;
  }
}

// Many calls under one signal: a listener too many would be warned of.
const jobs = Array.from({ length: 40 }, (_, index) =>
  note(client.chat.completions.create(body, { signal: one.signal, timeout: index % 4 === 0 ? 5 : 5_000 })),
);
jobs.push(note(read(Number.POSITIVE_INFINITY)), note(read(1)));
const aborted = new AbortController();
jobs.push(note(client.chat.completions.create(body, { signal: aborted.signal })));
aborted.abort();
// Made and never looked at.
if (end !== 'late') void client.models.retrieve('gpt-5');
if (end === 'late') {
  const closed = client.close();
  await Promise.all([closed, ...jobs, note(client.chat.completions.create(body))]);
} else {
  await Promise.all(jobs);
  const added = { ...options.endpoints![0], name: 'added' } as EndpointOptions;
  client.balancer.add(added);
  await client.balancer.drain('added');
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (end === 'close') await Promise.all([client.close(), client.close()]);
}
one.abort();
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const listeners = process.eventNames().length - heardBefore;
const from = performance.now();
process.on('exit', () => {
  console.log(JSON.stringify({ made, timers, listeners, outcomes, ms: performance.now() - from }));
});
