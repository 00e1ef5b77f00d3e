// The soak: 100,000 mixed calls over three endpoints that fail in many ways, while callers abort, break off, drop streams and
// run out of time; then nothing of it may be left. Prints its figures and exits with 1 when one of them is wrong.
//   npm run soak            npm run soak -- 5000
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer, type Step } from '../../src/testing/index.ts';

const CALLS = Number(process.argv[2] ?? 100_000);
const AT_ONCE = 64;
const MIB = 1_048_576;

/** What may be left: file descriptors more or less, and bytes of heap for each call of the second half. */
const DESCRIPTORS = 2;
const BYTES_PER_CALL = 64;

/** What endpoints do, healthy answers many times over. */
const FAULTS: readonly Step[] = [
  ...([500, 503, 400, 401, 404, 'reset', 'close', 'cut-body', 'truncated-json', 'html', 'empty', 'error-200'] as const),
  ...(['sse-error', 'sse-cut', 'sse-half-frame', 'sse-no-end', 'sse-open', 'garbage', 'early-hints'] as const),
  { status: 429, retryAfterMs: 5 },
  { status: 200, delay: 20 },
  { stream: 5, gap: 2 },
];
const step = (): Step => (Math.random() < 0.3 ? FAULTS[Math.floor(Math.random() * FAULTS.length)]! : 'ok');

const servers = await Promise.all(['a', 'b', 'c'].map((name) => faultServer({ name, script: step, remember: 0 })));
const client = new LoadBalancedOpenAI(
  servers.map(({ name, url }) => ({ name, baseURL: url, apiKey: `key-${name}` })),
  { breaker: { resetTimeout: 20 }, maxRetries: 1, timeout: 1_000, logLevel: 'off' },
);
const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const endings: Record<string, number> = {};

/** The ways in which calls are made and left. */
const KINDS: readonly [name: string, make: () => Promise<unknown>][] = [
  ['plain', () => client.chat.completions.create(body)],
  ['embeddings', () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' })],
  ['responses', () => client.responses.create({ model: 'gpt-5', input: 'hi' })],
  ['files', () => client.files.create({ file: new File(['{}'], 'a.jsonl'), purpose: 'batch' })],
  [
    'stream read',
    async () => {
      for await (const _ of await client.chat.completions.create({ ...body, stream: true }));
    },
  ],
  [
    'stream broken off',
    async () => {
      for await (const _ of await client.chat.completions.create({ ...body, stream: true })) break;
    },
  ],
  [
    'stream aborted',
    async () => {
      const stream = await client.chat.completions.create({ ...body, stream: true });
      for await (const _ of stream) stream.controller.abort();
    },
  ],
  ['stream dropped', () => client.chat.completions.create({ ...body, stream: true })],
  [
    'promise dropped',
    async () =>
      void client.chat.completions
        .create(body)
        .asResponse()
        .catch(() => undefined),
  ],
  [
    'aborted',
    () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), Math.random() * 5);
      return client.chat.completions.create(body, { signal: controller.signal });
    },
  ],
  ['out of time', () => client.chat.completions.create(body, { timeout: 1 + Math.random() * 5 })],
];

const inFlight = () => client.balancer.snapshot().endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0);
const descriptors = () => readdirSync('/proc/self/fd').length;
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

async function collect(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await sleep(5);
  }
  return process.memoryUsage().heapUsed;
}

/** Makes so many calls and waits until none of them runs any more. */
async function run(calls: number): Promise<void> {
  let begun = 0;
  const runner = async () => {
    while (begun < calls) {
      begun += 1;
      const [name, make] = KINDS[begun % KINDS.length]!;
      const how = await make().then(
        () => 'ok',
        (error: unknown) => (error as Error).constructor.name,
      );
      endings[`${name}: ${how}`] = (endings[`${name}: ${how}`] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  // Streams that were dropped are freed when they are collected.
  for (let wait = 0; wait < 400 && (inFlight() > 0 || servers.some((server) => server.inFlight > 0)); wait++) {
    await collect();
    await sleep(20);
  }
}

/** Ends the connections of both sides and empties the servers, so that two moments can be compared. */
async function hangUp(): Promise<void> {
  for (const server of servers) {
    await server.refuse();
    await server.accept();
    // What was created there is the server's, which stands in this process only because it is a test.
    server.reset();
  }
  await sleep(50);
}

const from = performance.now();
await run(Math.ceil(CALLS / 2));
await hangUp();
const [heapBefore, before] = [await collect(), descriptors()];
await run(Math.floor(CALLS / 2));
await hangUp();
const [heapAfter, after] = [await collect(), descriptors()];
const left = { inFlight: inFlight(), waiting: client.balancer.snapshot().waiting };
await client.close();
for (const server of servers) await server.close();
await collect();
const growth = heapAfter - heapBefore;
const figures = {
  calls: CALLS,
  seconds: Math.round((performance.now() - from) / 1_000),
  ...left,
  descriptors: after - before,
  heapMiB: [heapBefore / MIB, heapAfter / MIB].map((mib) => Number(mib.toFixed(1))),
  timers: timers(),
};
// Compiled code and caches still grow in a short run; a call that stays is some 20 KiB.
const allowed = Math.max(4 * MIB, (BYTES_PER_CALL * CALLS) / 2);
const wrong = [
  figures.inFlight !== 0 && `in flight: ${figures.inFlight}`,
  figures.waiting !== 0 && `waiting: ${figures.waiting}`,
  Math.abs(figures.descriptors) > DESCRIPTORS && `file descriptors: ${figures.descriptors}`,
  growth > allowed && `heap grew by ${(growth / MIB).toFixed(1)} MiB`,
  figures.timers > 0 && `timers: ${figures.timers}`,
].filter(Boolean);
console.log(inspect({ ...figures, endings }, { breakLength: 100, sorted: true }));
console.log(wrong.length === 0 ? 'nothing is left' : `left behind: ${wrong.join(', ')}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
