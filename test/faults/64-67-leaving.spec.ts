// Rows 64, 65, 66 and 67: the caller leaves, by an abort, a tiny timeout, a break, or without a word. Nobody is to blame, nothing stays.

import type { Stream } from 'openai/streaming';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, many, STREAMS, tally } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { lag } from '../support/lag.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { row } from './row.ts';

const ABANDON = new URL('./children/abandon.ts', import.meta.url);
/** A stream that goes on for as long as somebody listens. */
const endless: Step = { stream: 4_000, gap: 5, times: Number.POSITIVE_INFINITY };
const untouched = { failures: 0, breaker: 'closed', excluded: null, cooldowns: [], inFlight: 0 };

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** How long the server's exchange lasted on after `leave`, in ms, this process's own lag aside. */
async function closedWithin({ servers }: Stage<'a'>, leave: () => unknown): Promise<number> {
  const control = lag();
  const from = performance.now();
  await leave();
  await servers.a.until(({ inFlight }) => inFlight === 0);
  const ms = performance.now() - from - control.stop();
  expect(servers.a.requests.at(-1)?.aborted).toBe(true);
  return ms;
}

row(64, 'the caller aborts', 'the SDK’s abort error, no failover, neutral, connection closed at once', () => {
  it.each<[what: string, step: Step]>([
    ['before the headers', 'black-hole'],
    ['while the body comes', 'stall-body'],
    ['while an error’s body comes', 'error-body-stall'],
  ])('%s', async (_, step) => {
    await using stage = await openStage({ a: [step], b: [] });
    const abort = new AbortController();
    const failed = failure(chat(stage.client, {}, { signal: abort.signal }));
    await stage.servers.a.until(({ requests }) => requests[0]?.body !== undefined);
    while (step !== 'black-hole' && stage.servers.a.requests[0]?.status === undefined) await turn();
    expect(await closedWithin(stage, () => abort.abort())).toBeLessThan(50);
    const error = await failed;
    expect([error.constructor.name, attemptsOf(error).map(({ verdict }) => verdict)]).toEqual([
      'APIUserAbortError',
      ['aborted'],
    ]);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
    expect(stage.state('a')).toMatchObject(untouched);
  });

  it.each(STREAMS)('in the middle of a stream: $kind', async ({ open }) => {
    await using stage = await openStage({ a: endless, b: [] });
    const abort = new AbortController();
    const events = (await open(stage.client, { signal: abort.signal }))[Symbol.asyncIterator]();
    for (let event = 0; event < 5; event++) await events.next();
    expect(await closedWithin(stage, () => abort.abort())).toBeLessThan(50);
    // As with the SDK: the iteration ends, whatever had come.
    while (!(await events.next()).done);
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject(untouched);
  });
});

row(65, 'tiny timeouts set by a caller', 'the SDK’s timeout error, neutral', () => {
  const CALLS = FULL ? 10_000 : 1_000;

  it('a thousand of them on a pool that answers well: no endpoint is ejected, excluded or cooled down', async () => {
    // Longer than a busy process is ever late: else too many find their answer at the deadline.
    const latency = { script: [], server: { latency: 250, remember: 10 } };
    await using stage = await openStage({ a: latency, b: latency }, { strategy: 'round-robin', maxRetries: 0 });
    // What is usual there is known.
    await many(50, 10, () => chat(stage.client));
    stage.events.clear();
    const ended = await many(CALLS, 100, () => chat(stage.client, {}, { timeout: 1 }));
    const how = ended.map((end) => (end.status === 'rejected' ? (end.reason as Error).constructor.name : 'answered'));
    // A process that is late itself may find an answer there at the deadline.
    const { APIConnectionTimeoutError: late = 0, answered = 0 } = tally(how);
    expect([late + answered, late > 0.9 * CALLS]).toEqual([CALLS, true]);
    for (const name of ['a', 'b'] as const) expect(stage.state(name)).toMatchObject(untouched);
    expect(stage.events.of('endpoint-ejected').concat(stage.events.of('endpoint-cooldown') as never)).toEqual([]);
    expect((await chat(stage.client)).object).toBe('chat.completion');
  });

  it('on an endpoint that has gone silent as well: the next call is still sent there', async () => {
    await using stage = await openStage({ a: { repeat: ['black-hole'] } }, { maxRetries: 0 });
    await many(CALLS / 10, 100, () => chat(stage.client, {}, { timeout: 1 }));
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect(stage.state('a')).toMatchObject(untouched);
    stage.servers.a.script([]);
    expect((await chat(stage.client)).object).toBe('chat.completion');
  });
});

row(66, 'the reader stops reading, or drops the stream', 'little is buffered; collected, it is free; neutral', () => {
  interface Abandoned {
    readonly opened: number;
    readonly left: number;
    readonly grown: number;
    readonly failures: number;
  }

  it('a stream that is held and not read fills no memory: the server has to wait', async () => {
    // 100 MB as fast as they are read.
    const chunk = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(100_000) } }] })}\n\n`;
    await using stage = await openStage({ a: [{ stream: new Array<string>(1_000).fill(chunk) }] });
    const input = { options: stage.options, streams: 1, keep: true };
    const { opened, grown } = await runChild<Abandoned>(ABANDON, input);
    expect(opened).toBe(1);
    expect(grown).toBeLessThan(5);
    // It was still at it when the process ended.
    expect(stage.servers.a.requests[0]?.aborted).toBe(true);
  });

  it('dropped after an event, it is collected: connections closed, nothing in flight, no failure', async () => {
    await using stage = await openStage({ a: endless });
    const input = { options: stage.options, streams: 10, keep: false };
    const { opened, left, failures } = await runChild<Abandoned>(ABANDON, input);
    expect({ opened, left, failures }).toEqual({ opened: 10, left: 0, failures: 0 });
    expect(stage.servers.a.calls).toBe(10);
  });
});

row(67, 'the reader breaks off, or returns', 'a success once content came; connection closed at once', () => {
  type Events = AsyncIterator<unknown>;
  const LEAVE: Record<string, (events: Events) => Promise<unknown>> = {
    break: async (events) => {
      for await (const _ of { [Symbol.asyncIterator]: () => events }) break;
    },
    'a throw in the loop': (events) =>
      failure(
        (async () => {
          for await (const _ of { [Symbol.asyncIterator]: () => events }) throw new Error('the reader’s own');
        })(),
      ),
    'return()': async (events) => events.return?.(),
    'return() while the next event is awaited': async (events) => {
      const next = events.next();
      await events.return?.();
      await next;
    },
  };

  describe.each(Object.entries(LEAVE))('%s', (_, leave) => {
    it('after content: a success', async () => {
      await using stage = await openStage({ a: endless, b: [] });
      const events = (await chatStream(stage.client))[Symbol.asyncIterator]();
      for (let event = 0; event < 4; event++) await events.next();
      expect(await closedWithin(stage, () => leave(events))).toBeLessThan(50);
      expect([stage.state('a'), stage.servers.b.calls]).toMatchObject([{ ...untouched, successes: 1 }, 0]);
      expect(await events.next()).toEqual({ value: undefined, done: true });
    });
  });

  it('while it stalls: neither the reader nor the connection waits for the server', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [{ stream: 10, stallAfter: 3 }] }, { clock });
    // Not by a resource: SDK 7 puts a generator around some streams, whose return() waits for the next event.
    const stream = await stage.client.post<Stream<unknown>>('/responses', {
      body: { model: 'gpt-5', input: 'hi', stream: true },
      stream: true,
    });
    const events = stream[Symbol.asyncIterator]();
    while (!JSON.stringify(await events.next()).includes('"a-2 "'));
    const next = events.next();
    expect(await closedWithin(stage, () => events.return?.())).toBeLessThan(50);
    expect(await next).toEqual({ value: undefined, done: true });
    expect([stage.state('a'), clock.pending]).toMatchObject([{ ...untouched, successes: 1 }, 0]);
  });
});
