// A fresh process that builds a client over many endpoints, or as many plain SDK clients, and says what they hold.
import { createHook } from 'node:async_hooks';
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import { OpenAI } from 'openai';
import { answering } from './child.ts';
import { ASK } from './contenders.ts';
import { COMPLETION } from './replies.ts';

/** What is built. */
export interface EndpointsSpec {
  readonly kind: 'ours' | 'without-breaker' | 'raw';
  readonly count: number;
  /** Counts timers, which takes time of its own: nothing else is then to be measured. */
  readonly timers: boolean;
}

/** What it holds. */
export interface Held {
  /** Construction, ms. */
  readonly construction: number;
  /** Bytes of heap for each, as built. */
  readonly built: number;
  /** The same once each has served a call. */
  readonly called: number;
  /** The same once each has failed in one, too. */
  readonly failed: number;
  /** Timers alive between calls, whether they keep the process alive or not. */
  readonly timers: number;
  /** CPU while nothing happens, ms per second. */
  readonly idle: number;
}

const { kind, count, timers } = JSON.parse(process.argv[2] as string) as EndpointsSpec;

let failing = false;
const json = { 'content-type': 'application/json' };
const fetch = async () =>
  failing
    ? new Response('{"error":{"message":"down"}}', { status: 500, headers: json })
    : new Response(COMPLETION, { headers: json });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function heap(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await pause(5);
  }
  return process.memoryUsage().heapUsed;
}

const optionsOf = (index: number) => ({
  apiKey: `key-${index}-0123456789`,
  baseURL: `https://host-${index}.example.com/v1`,
});
const numbers = (length: number) => Array.from({ length }, (_, index) => index);

/** The clients, each endpoint's turn once. */
function build(of: number): readonly OpenAI[] {
  if (kind === 'raw') return numbers(of).map((index) => new OpenAI({ ...optionsOf(index), fetch, maxRetries: 0 }));
  const client = new LoadBalancedOpenAI(numbers(of).map(optionsOf), {
    ...{ fetch, retryBudget: false, logLevel: 'off', maxAttempts: 1 },
    ...(kind === 'without-breaker' && { breaker: false }),
  });
  return numbers(of).map(() => client);
}

/** A call to each, which is answered or fails. */
async function use(clients: readonly OpenAI[], fails: boolean): Promise<void> {
  failing = fails;
  for (const client of clients) await client.chat.completions.create(ASK).catch(() => undefined);
}

answering({
  async measure(): Promise<Held> {
    const alive = new Set<number>();
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && alive.add(id)),
      destroy: (id) => void alive.delete(id),
    });
    if (timers) hook.enable();
    // The first client of a process brings along what all share.
    const shared = build(3);
    await use(shared, false);
    await use(shared, true);
    const empty = await heap();
    const begun = performance.now();
    const clients = build(count);
    const construction = performance.now() - begun;
    const each = async () => ((await heap()) - empty) / count;
    const built = await each();
    await use(clients, false);
    const called = await each();
    await use(clients, true);
    // Not to end what was measured: a failed call's own timers are gone after the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    const left = alive.size;
    hook.disable();
    const failed = await each();
    const cpu = process.cpuUsage();
    await pause(1_000);
    const { user, system } = process.cpuUsage(cpu);
    return {
      construction,
      built,
      called,
      failed: clients.length > 0 ? failed : 0,
      timers: left,
      idle: (user + system) / 1_000,
    };
  },
});
