// The promise: when nobody can take a call now, calls wait in order for the slots as they appear; who cannot be served in time
// learns it at once.
import { APIUserAbortError } from 'openai';
import { describe, expect, it } from 'vitest';
import {
  attemptsOf,
  ClosedError,
  type Importance,
  LoadBalancedOpenAI,
  NoEndpointAvailableError,
} from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, failure, gate, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const limited = (ms: number) => ({ status: 429, retryAfterMs: ms }) as const;
const waiting = ({ client }: Pick<Stage, 'client'>) => client.balancer.snapshot().waiting;
const quiet = <Value>(promise: PromiseLike<Value>) => {
  const kept = Promise.resolve(promise);
  kept.catch(() => undefined);
  return kept;
};

/** One endpoint that limits the first call, for `ms`; the others wait for an answer until `answers` opens. */
async function droughtOf(ms: number, options: Parameters<typeof openStage>[1] = {}) {
  const clock = manualClock();
  const answers = gate<Step>();
  const script = ({ number }: { number: number }) => (number === 1 ? limited(ms) : answers.promise);
  const stage = await openStage({ a: script }, { clock, ...options });
  await failure(chat(stage.client, {}, { maxRetries: 0 }));
  const calls: Record<string, Promise<unknown>> = {};
  return {
    ...{ stage, clock, answers, calls },
    /** A call that waits, by name. */
    async join(name: string, client = stage.client, options: Parameters<typeof chat>[2] = {}) {
      const before = waiting(stage);
      calls[name] = quiet(chat(client, { user: name }, options));
      while (waiting(stage) === before) await clock.advance(0);
    },
    /** The names of the calls in the order in which they reached the server. */
    async arrivals(): Promise<string[]> {
      const { a } = stage.servers;
      await a.until(({ requests }) => requests.every(({ body }) => body !== undefined));
      return a.requests.slice(1).map(({ body }) => (body as { user: string }).user);
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

describe('calls that wait', () => {
  it('go in the order in which they came', async () => {
    await using drought = await droughtOf(5_000);
    const names = Array.from({ length: 12 }, (_, index) => `${index}`);
    for (const name of names) await drought.join(name);
    expect(waiting(drought.stage)).toBe(12);
    drought.answers.open('ok');
    await drought.clock.advance(5_000);
    await Promise.all(Object.values(drought.calls));
    const started = drought.stage.events.of('attempt-start').map(({ callId }) => callId);
    const came = drought.stage.events.of('call-start').map(({ callId }) => callId);
    expect(started).toEqual(came);
    expect((await drought.arrivals()).toSorted()).toEqual(names.toSorted());
    expect(drought.clock.now()).toBe(5_000);
  });

  it('go by importance first', async () => {
    await using drought = await droughtOf(5_000);
    const { balancer } = drought.stage.client;
    const order: Importance[] = ['low', 'normal', 'high', 'low', 'high', 'normal'];
    for (const [index, importance] of order.entries())
      await drought.join(`${importance} ${index}`, balancer.with({ importance }));
    const waves: string[][] = [];
    for (const [ms, calls] of [
      [5_000, 1],
      [250, 3],
      [250, 6],
    ] as const) {
      await drought.clock.advance(ms);
      await drought.stage.servers.a.until((server) => server.calls === 1 + calls);
      const names = await drought.arrivals();
      waves.push(names.slice(waves.flat().length).toSorted());
    }
    // One, then two, then the rest.
    expect(waves).toEqual([['high 2'], ['high 4', 'normal 1'], ['low 0', 'low 3', 'normal 5']]);
    drought.answers.open('ok');
    await Promise.all(Object.values(drought.calls));
  });

  it('run({ importance }) says so for calls made deep inside', async () => {
    await using drought = await droughtOf(5_000);
    const { client } = drought.stage;
    await drought.join('first');
    const inside = client.balancer.run({ importance: 'high' }, () => quiet(chat(client, { user: 'high' })));
    while (waiting(drought.stage) < 2) await drought.clock.advance(0);
    await drought.clock.advance(5_000);
    await drought.stage.servers.a.until(({ calls }) => calls === 2);
    expect(await drought.arrivals()).toEqual(['high']);
    drought.answers.open('ok');
    await Promise.all([inside, ...Object.values(drought.calls)]);
  });

  it('are not overtaken by calls that come when the slot does', async () => {
    await using drought = await droughtOf(5_000);
    for (const name of ['1', '2', '3']) await drought.join(name);
    await drought.clock.advance(5_000);
    // The first is on its way, the others are due; so is this one, behind them.
    await drought.join('late');
    expect(drought.stage.events.of('call-waiting').at(-1)).toMatchObject({ reason: 'others wait for the same' });
    await drought.stage.servers.a.until(({ calls }) => calls === 2);
    await drought.clock.advance(250);
    await drought.stage.servers.a.until(({ calls }) => calls === 4);
    expect((await drought.arrivals()).toSorted()).toEqual(['1', '2', '3']);
    drought.answers.open('ok');
    expect(servedBy((await drought.calls.late) as never)).toBe('a');
  });

  it('of other models, or for other endpoints, do not hold each other up', async () => {
    const clock = manualClock();
    const script = ({ model }: { model: string | undefined }) => (model === 'gpt-5' ? limited(30_000) : 'ok');
    await using stage = await openStage({ a: { script, tags: ['x'] }, b: script }, { clock });
    const held = quiet(chat(stage.client));
    await stage.events.until('call-waiting');
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
    stage.servers.b.script([]);
    const pinned = quiet(chat(stage.client.balancer.pin('a')));
    while (waiting(stage) < 2) await clock.advance(0);
    await clock.advance(29_999);
    expect(waiting(stage)).toBe(2);
    stage.servers.a.script([]);
    await clock.advance(1);
    expect(attemptsOf(await held).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'a']);
    expect(attemptsOf(await pinned).map(({ endpoint }) => endpoint)).toEqual(['a']);
  });

  it('that cannot wait do not stand in line either: maxRetries 0', async () => {
    await using drought = await droughtOf(5_000);
    await drought.join('1');
    expect(await failure(chat(drought.stage.client, {}, { maxRetries: 0 }))).toMatchObject({ retryAfterMs: 5_000 });
    await drought.join('2');
    await drought.clock.advance(5_000);
    // The endpoint is back: whoever never waits goes there at once.
    drought.answers.open('ok');
    expect(servedBy(await chat(drought.stage.client, {}, { maxRetries: 0 }))).toBe('a');
    await Promise.all(Object.values(drought.calls));
  });

  it('leave at once when aborted, and hand their slot on', async () => {
    await using drought = await droughtOf(5_000);
    const controller = new AbortController();
    await drought.join('aborted', drought.stage.client, { signal: controller.signal });
    await drought.join('next');
    controller.abort();
    expect(await failure(drought.calls.aborted!)).toBeInstanceOf(APIUserAbortError);
    expect(waiting(drought.stage)).toBe(1);
    drought.answers.open('ok');
    await drought.clock.advance(5_000);
    await drought.calls.next;
    expect(await drought.arrivals()).toEqual(['next']);
  });

  it('end with close()', async () => {
    await using drought = await droughtOf(5_000);
    await drought.join('1');
    const closed = drought.stage.client.close();
    expect(await failure(drought.calls['1']!)).toBeInstanceOf(ClosedError);
    await closed;
    expect(drought.clock.pending).toBe(0);
  });
});

describe('the waiting room', () => {
  it('is bounded: who finds it full learns so at once, with the time to come back', async () => {
    await using drought = await droughtOf(5_000, { waitingRoom: { maxWaiting: 2 } });
    for (const name of ['1', '2']) await drought.join(name);
    const error = await failure<NoEndpointAvailableError>(chat(drought.stage.client));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 5_000 });
    expect(error.message).toBe(
      "No endpoint can take 'gpt-5' (chat): a cooling down (429), for 5 s; the waiting room is full (2 calls wait already). Try again in 5 s.",
    );
    drought.answers.open('ok');
    await drought.clock.advance(5_000);
    await Promise.all(Object.values(drought.calls));
  });

  it('lets nobody wait in vain: when the pause grows beyond what a call has left, it learns so at once', async () => {
    const clock = manualClock();
    const late = gate<Step>();
    const script = ({ number }: { number: number }) => (number === 1 ? late.promise : limited(5_000));
    await using stage = await openStage({ a: script }, { clock });
    const slow = quiet(chat(stage.client, {}, { maxRetries: 0 }));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await failure(chat(stage.client, {}, { maxRetries: 0 }));
    const [short, long] = [quiet(chat(stage.client, {}, { timeout: 20_000 })), quiet(chat(stage.client))];
    while (waiting(stage) < 2) await clock.advance(0);
    late.open(limited(30_000));
    await failure(slow);
    const error = await failure<NoEndpointAvailableError>(short);
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 30_000 });
    expect([clock.now(), waiting(stage)]).toEqual([0, 1]);
    stage.servers.a.script([]);
    await clock.advance(30_000);
    expect(servedBy(await long)).toBe('a');
  });

  it('lets nobody wait for an endpoint that is drained', async () => {
    await using drought = await droughtOf(5_000);
    const { client } = drought.stage;
    await drought.join('1');
    await client.balancer.drain('a');
    expect(await failure(drought.calls['1']!)).toMatchObject({ endpoints: [{ name: 'a', reason: 'drained' }] });
    expect([drought.clock.now(), waiting(drought.stage)]).toEqual([0, 0]);
  });

  it('is one for all clients that are built alike', async () => {
    await using stage = await openStage({ a: limited(60_000) });
    await failure(chat(stage.client, {}, { maxRetries: 0 }));
    const controller = new AbortController();
    const others = [1, 2].map(() => new LoadBalancedOpenAI({ ...stage.options, observers: [] }));
    const calls = others.map((client) => quiet(chat(client, {}, { signal: controller.signal })));
    while (waiting(stage) < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(others.map((client) => waiting({ client }))).toEqual([2, 2]);
    controller.abort();
    await Promise.all(calls.map((call) => failure(call)));
    expect(waiting(stage)).toBe(0);
  });
});
