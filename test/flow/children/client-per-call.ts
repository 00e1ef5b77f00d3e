// Builds a client for each call and forgets it, as a serverless function does; prints how the calls went and what is left.
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions, memoryStore } from '../../../src/index.ts';

interface Input {
  readonly options: LoadBalancedOpenAIOptions;
  readonly calls: number;
  readonly concurrency: number;
  /** All clients have the same store. */
  readonly store?: boolean;
}

const { options, calls, concurrency, store } = JSON.parse(process.argv.at(-1)!) as Input;
if (store) options.store = memoryStore();
const lost: string[] = [];
const heap: number[] = [];
const ms: number[] = [];
let [moved, begun, done] = [0, 0, 0];

async function one(): Promise<void> {
  const from = performance.now();
  const client = new LoadBalancedOpenAI(options);
  try {
    const answer = await client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    if (attemptsOf(answer).length > 1) moved += 1;
  } catch (error) {
    lost.push(String(error));
  }
  ms.push(performance.now() - from);
}

async function measure(): Promise<void> {
  // Twice: what finalizers let go of is collected in the second round.
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  heap.push(process.memoryUsage().heapUsed);
}

async function runner(): Promise<void> {
  while (begun < calls) {
    begun += 1;
    await one();
    done += 1;
    if (done % (calls / 10) === 0) await measure();
  }
}

await Promise.all(Array.from({ length: concurrency }, runner));
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
console.log(JSON.stringify({ lost, moved, heap, ms, timers }));
