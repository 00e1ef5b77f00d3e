// The doors to the loop: closing, and draining an endpoint.
import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/errors.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { aCall, apiError } from '../support/parts.ts';

const LIMITED = (ms: number) => apiError(429, {}, { 'retry-after-ms': String(ms) });

describe('content of a stream', () => {
  it('proves a recovering endpoint, long before the stream ends', async () => {
    const fails = Array.from({ length: 5 }, () => apiError(500));
    const bench = dispatchBench({ a: [...fails, 'ok'] });
    for (let i = 0; i < 5; i++) await bench.call({ maxRetries: 0 }).outcome;
    await bench.clock.advance(5_000);
    const call = aCall({ id: 'stream', stream: true, startedAt: 5_000, deadline: 9e9 });
    const story = bench.dispatcher.open(call, async () => ({ status: 200, headers: new Headers() }));
    const attempt = await bench.dispatcher.head(story);
    expect(bench.endpoint('a').state.breakerState).toBe('half-open');
    bench.dispatcher.proved(story, attempt);
    expect(bench.endpoint('a').state.breakerState).toBe('closed');
    expect(bench.names('endpoint-restored')).toEqual([expect.objectContaining({ endpoint: 'a', callId: 'stream' })]);
  });
});

describe('how long a stream takes until its content', () => {
  const learned = (bench: ReturnType<typeof dispatchBench>) =>
    bench.endpoint('a').state.latency('gpt-5')!.content.quantile(0.5);
  async function opened(readFor: number) {
    const bench = dispatchBench({ a: ['ok'] });
    const call = aCall({ id: 'stream', stream: true });
    const { dispatcher, clock } = bench;
    const story = dispatcher.open(call, async () => ({ status: 200, headers: new Headers() }));
    const first = await dispatcher.head(story);
    const reading = dispatcher.body(
      story,
      first,
      () => new Promise((done) => void clock.after(readFor, () => done(0))),
    );
    await clock.advance(0);
    return { bench, story, reading, attempt: first };
  }

  it('is learned when it comes', async () => {
    const { bench, story, reading, attempt } = await opened(8_000);
    await bench.clock.advance(8_000 - 1);
    bench.dispatcher.proved(story, attempt);
    await bench.clock.advance(1);
    await reading;
    expect(learned(bench)).toBeGreaterThan(6_000);
  });

  it('is not learned of one that was handed out before', async () => {
    const { bench, story, reading, attempt } = await opened(1);
    await bench.clock.advance(1);
    await reading;
    expect(learned(bench)).toBe(0);
    await bench.clock.advance(60_000);
    bench.dispatcher.proved(story, attempt);
    expect(learned(bench)).toBe(0);
  });
});

it('tells of the end of a call once', async () => {
  const bench = dispatchBench({ a: ['ok'] });
  const { story, outcome } = bench.call();
  await outcome;
  bench.dispatcher.finish(story, false);
  expect(bench.names('call-end')).toEqual([expect.objectContaining({ ok: true })]);
});

describe('close', () => {
  it('ends waiting calls, lets running ones go on, takes no more, and resolves when all are over', async () => {
    const bench = dispatchBench({ a: [{ ms: 5_000 }], b: [LIMITED(20_000)] });
    const running = bench.call({}, { only: 'a' });
    const waiting = bench.call({}, { only: 'b' });
    await bench.clock.advance(0);
    let closed = false;
    const closing = bench.dispatcher.close().then(() => {
      closed = true;
    });
    expect((await waiting.outcome).error).toBeInstanceOf(ClosedError);
    expect(() => bench.call()).toThrow(ClosedError);
    expect(closed).toBe(false);
    await bench.clock.advance(5_000);
    await closing;
    expect(running.told).toMatchObject({ served: 'a' });
    await bench.dispatcher.close();
    expect(bench.clock.pending).toBe(0);
  });

  it('of an idle dispatcher resolves at once', async () => {
    const bench = dispatchBench({ a: ['ok'] });
    await bench.dispatcher.close();
    await bench.dispatcher.close();
    expect(() => bench.call()).toThrow(ClosedError);
  });
});

describe('an endpoint being drained', () => {
  it('is idle when its last call is over', async () => {
    const bench = dispatchBench({ a: [{ ms: 1_000 }, { ms: 3_000 }], b: ['ok'] });
    bench.call();
    bench.call();
    bench.pool.drain(bench.endpoint('a'));
    let idle = false;
    const done = bench.dispatcher.whenIdleOn(bench.endpoint('a')).then(() => {
      idle = true;
    });
    await bench.dispatcher.whenIdleOn(bench.endpoint('b'));
    expect(await bench.call().outcome).toMatchObject({ served: 'b' });
    await bench.clock.advance(2_999);
    expect(idle).toBe(false);
    await bench.clock.advance(1);
    await done;
  });
});
