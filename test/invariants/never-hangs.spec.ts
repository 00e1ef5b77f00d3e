// Random faults over real sockets: whatever servers do, in whatever order, no promise and no step of an iterator outlives its
// deadline by more than 50 ms (and what the machine itself was late), and afterwards nothing of any call is left.
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadBalancedOpenAI } from '../../src/index.ts';
import type { Step } from '../../src/testing/index.ts';
import { STEP_NAMES, type StepName } from '../../src/testing/step-names.ts';
import { FULL } from '../support/calls.ts';
import { lag } from '../support/lag.ts';
import { fc } from '../support/property.ts';
import { openStage } from '../support/stage.ts';

/** Longest silence in a stream that was handed out, in ms. */
const IDLE = 250;
const LATE = 50;
const BODY = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };

/** Every step there is a name for; floods are made small, since it is not the memory that is tried here. */
const SMALL = new Set<StepName>(['bomb', 'huge-body', 'huge-line', 'header-flood']);
const NAMED: Step[] = (Object.keys(STEP_NAMES) as StepName[]).map((step) =>
  SMALL.has(step) ? { step, bytes: 3 << 20 } : step,
);
const OTHERS: Step[] = [
  ...[400, 401, 404, 409, 429, 500, 503],
  { status: 429, retryAfterMs: 100 },
  { status: 503, retryAfter: 1 },
  { step: 'ok', delay: 150 },
  { redirect: 'http://127.0.0.1:1/' },
  { stream: 20, gap: 30 },
  { stream: 10, stallAfter: 2 },
  { stream: 10, errorAfter: 0 },
  { stream: 10, keepOpen: true, gap: 5 },
];

type Options = { timeout: number; signal: AbortSignal; maxRetries: number; headers: Record<string, string> };
type Doing = (client: LoadBalancedOpenAI, options: Options) => PromiseLike<unknown>;

/** What is done; a stream is read, a bare response is not: its body is the caller's. */
const OPERATIONS: Readonly<Record<string, Doing>> = {
  chat: (client, options) => client.chat.completions.create(BODY, options),
  stream: (client, options) => client.chat.completions.create({ ...BODY, stream: true }, options),
  responses: (client, options) => client.responses.create({ model: 'gpt-5', input: 'hi' }, options),
  'responses stream': (client, options) =>
    client.responses.create({ model: 'gpt-5', input: 'hi', stream: true }, options),
  embeddings: (client, options) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' }, options),
  upload: async (client, options) =>
    client.files.create({ file: await toFile(Buffer.from('{}'), 'a.jsonl'), purpose: 'batch' }, options),
  content: (client, options) => client.files.content('file-none', options),
  list: (client, options) => client.models.list(options),
  raw: (client, options) => client.get('/models', options),
  asResponse: (client, options) => client.chat.completions.create(BODY, options).asResponse(),
  withResponse: (client, options) => client.chat.completions.create(BODY, options).withResponse(),
};

interface Call {
  readonly operation: string;
  readonly timeout: number;
  readonly maxRetries: number;
  /** Aborted by the caller after so many ms. */
  readonly abortAfter: number | undefined;
}

interface Schedule {
  readonly scripts: readonly (readonly Step[])[];
  readonly calls: readonly Call[];
  readonly attemptTimeout: 'auto' | number;
}

const schedule: fc.Arbitrary<Schedule> = fc.record({
  scripts: fc.array(fc.array(fc.constantFrom(...NAMED, ...OTHERS), { minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 3,
  }),
  calls: fc.array(
    fc.record({
      operation: fc.constantFrom(...Object.keys(OPERATIONS)),
      timeout: fc.integer({ min: 200, max: 800 }),
      maxRetries: fc.constantFrom(0, 2, 4),
      abortAfter: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined, freq: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  attemptTimeout: fc.constantFrom('auto' as const, 'auto' as const, 100),
});

/** Awaits `promise`. @throws when it takes longer than `ms`, apart from what this process was late. */
async function inTime<T>(what: string, ms: number, promise: PromiseLike<T>): Promise<T> {
  const control = lag();
  const from = performance.now();
  // Given up long after, so that what hangs is told by its name and not by the time limit of the test.
  let giveUp: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, reject) => {
    giveUp = setTimeout(() => reject(new Error(`${what} hangs`)), ms + 4_000);
  });
  const settled = await Promise.race([promise, never]).then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  clearTimeout(giveUp);
  const took = performance.now() - from;
  const late = took - ms - LATE - control.stop();
  if (late > 0) throw new Error(`${what} was ${Math.round(late)} ms too late after ${Math.round(took)} ms`);
  return settled();
}

/** Makes one call and reads what it gives; only errors of the SDK may come out. */
async function make(client: LoadBalancedOpenAI, call: Call, number: number): Promise<void> {
  const { operation, timeout, maxRetries, abortAfter } = call;
  const abort = new AbortController();
  const timer = abortAfter === undefined ? undefined : setTimeout(() => abort.abort(), abortAfter);
  const options = { timeout, maxRetries, signal: abort.signal, headers: { 'x-call': String(number) } };
  const bound = Math.min(timeout, abortAfter ?? Number.POSITIVE_INFINITY);
  try {
    const value = await inTime(operation, bound, OPERATIONS[operation]!(client, options));
    if (value instanceof Response) await value.body?.cancel();
    else if (value instanceof Object && 'controller' in value && Symbol.asyncIterator in value) {
      const iterator = (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      for (let steps = 0; steps < 1_000; steps++) {
        const { done } = await inTime(`next() of ${operation}`, IDLE, iterator.next());
        if (done) return;
      }
      // An endless stream is left.
      await inTime<unknown>(`return() of ${operation}`, IDLE, iterator.return?.() ?? Promise.resolve());
    }
  } catch (error) {
    if (!(error instanceof OpenAI.OpenAIError)) throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function play({ scripts, calls, attemptTimeout }: Schedule): Promise<void> {
  const names = scripts.map((_, index) => `e${index}`);
  await using stage = await openStage(Object.fromEntries(names.map((name, index) => [name, scripts[index]!])), {
    strategy: 'round-robin',
    streamIdleTimeout: IDLE,
    maxResponseBytes: 1 << 20,
    rescue: { after: 100, factor: 2 },
    attemptTimeout,
  });
  await Promise.all(calls.map((call, number) => make(stage.client, call, number)));
  await inTime('close()', 200, stage.client.close());
  const servers = Object.values(stage.servers);
  // Every request is over, the sockets of those that hang are closed.
  await Promise.all(servers.map((server) => server.until(({ inFlight }) => inFlight === 0, 2_000)));
  const { endpoints, waiting } = stage.client.balancer.snapshot();
  expect(endpoints.map(({ inFlight }) => inFlight)).toEqual(names.map(() => 0));
  expect(waiting).toBe(0);
  expect(stage.events.of('call-end')).toHaveLength(stage.events.of('call-start').length);
  expect(stage.events.of('attempt-end')).toHaveLength(stage.events.of('attempt-start').length);
  // What is asked of all endpoints is a call to each of them.
  const ofAll = ['list', 'raw', 'content'];
  for (const [number, { maxRetries, operation }] of calls.entries()) {
    const sent = servers.flatMap(({ requests }) =>
      requests.filter(({ headers }) => headers['x-call'] === String(number)),
    );
    const each = Math.max(3, maxRetries + 1);
    const most = ofAll.includes(operation) ? servers.length * each : each;
    expect(sent.length, 'attempts counted at the servers').toBeLessThanOrEqual(most);
  }
}

describe('invariants 2, 4, 12, 14: random faults over real sockets', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));

  it('nothing outlives its deadline, nothing is left, every error is one of the SDK', {
    timeout: 600_000,
  }, async () => {
    // Several at a time: most of a schedule is waiting.
    await fc.assert(
      fc.asyncProperty(fc.array(schedule, { minLength: 6, maxLength: 6 }), async (all) => {
        await Promise.all(all.map(play));
      }),
      { numRuns: FULL ? 100 : 5, interruptAfterTimeLimit: FULL ? 170_000 : 60_000 },
    );
    expect(unhandled).toEqual([]);
  });
});
