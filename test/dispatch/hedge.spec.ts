// Hedging: a call that is slow to begin gets a second attempt beside the first, within its own share and the common budget.
import { APIUserAbortError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { defaults } from '../../src/config/defaults.ts';
import type { Reply } from '../../src/dispatch/call-story.ts';
import { type BenchOptions, dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { aCall, apiError, connectionError } from '../support/parts.ts';

/** 20 answers of 100 ms: they are known to be below 107, so a hedge starts after 112.06, and one of the reserve after 224.1. */
const USUAL: Step[] = Array(20).fill({ ms: 100 });
const [DELAY, LATE] = [112, 224];
const REFUSED = connectionError('ECONNREFUSED');

/** A pool that has learned on `a`; what follows there comes after that. */
async function learned(scripts: Record<string, Step[]>, options: BenchOptions = {}, change: Partial<Call> = {}) {
  const { a = [], ...others } = scripts;
  const bench = dispatchBench(
    { a: [...USUAL, ...a], ...others },
    { ...options, settings: { hedge: defaults.hedge, ...options.settings } },
  );
  for (let call = 0; call < 20; call++) bench.call(change);
  await bench.clock.advance(100);
  return { bench, begun: bench.clock.now(), figures: () => bench.dispatcher.parts.hedges.figures };
}

describe('a call that is slow to begin', () => {
  it('gets a second attempt after the time of 95 in 100; the first answer wins, and everybody can see it', async () => {
    const { bench, begun, figures } = await learned({ a: ['hang'], b: [{ ms: 50 }] });
    const before = bench.dispatcher.parts.budget.left;
    const call = bench.call();
    await bench.clock.advance(DELAY);
    expect(bench.sent.b).toBe(0);
    await bench.clock.advance(1);
    expect(bench.sent.b).toBe(1);
    await bench.clock.advance(50);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['a', 'b'], verdicts: ['abandoned', 'ok'] });
    expect(call.told!.at - begun).toBeLessThan(165);
    expect(call.story.reports).toMatchObject([{ billed: 'maybe' }, { billed: 'yes', beside: 'hedge' }]);
    expect(call.story.reports[0]).not.toHaveProperty('beside');
    expect(call.story.attempts[0]!.ending.aborted).toBe(true);
    expect(bench.names('attempt-start').slice(-2)).toMatchObject([
      { endpoint: 'a', beside: undefined },
      { endpoint: 'b', beside: 'hedge' },
    ]);
    expect(bench.names('failover-start')).toEqual([]);
    expect(figures()).toEqual({ left: 5, sent: 1, won: 1 });
    // The call brought a fifth of an extra attempt, its hedge took a whole one.
    expect(bench.dispatcher.parts.budget.left).toBeCloseTo(before + 0.2 - 1);
    // Slower than the slowest in a hundred, and nothing came from there since: that speaks against it.
    expect([bench.endpoint('a').inFlight, bench.endpoint('a').state.failures]).toEqual([0, 1]);
    await bench.clock.advance(3_000);
    expect(bench.clock.pending).toBe(0);
  });

  it('is cut at its own bound, however late a hedge would be due', async () => {
    const { bench, begun } = await learned({ a: ['hang'], b: ['hang'] }, { settings: { attemptTimeout: DELAY - 12 } });
    const call = bench.call({ maxRetries: 0 }, { only: 'a' });
    await bench.clock.advance(DELAY - 13);
    expect(call.told).toBeUndefined();
    await bench.clock.advance(1);
    expect(call.told).toMatchObject({ attempts: ['a'], at: begun + DELAY - 12 });
  });

  it('may still be answered by the first', async () => {
    const { bench, figures } = await learned({ a: [{ ms: 150 }], b: ['hang'] });
    const call = bench.call();
    await bench.clock.advance(150);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['b', 'a'], verdicts: ['abandoned', 'ok'] });
    expect(figures()).toEqual({ left: 5, sent: 1, won: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('is not hedged where hedging is off', async () => {
    const { bench } = await learned({ a: ['hang'], b: ['ok'] }, { settings: { hedge: false } });
    bench.call();
    await bench.clock.advance(10_000);
    expect(bench.sent.b).toBe(0);
  });

  it('waits for `minDelay` at least, and for the quantile named', async () => {
    const patient = await learned(
      { a: ['hang'], b: ['ok'] },
      { settings: { hedge: { ...defaults.hedge, minDelay: 400 } } },
    );
    patient.bench.call();
    await patient.bench.clock.advance(399);
    expect(patient.bench.sent.b).toBe(0);
    await patient.bench.clock.advance(1);
    expect(patient.bench.sent.b).toBe(1);
    const half = { ...defaults.hedge, quantile: 0.5, budget: 1 };
    const median = await learned({ a: ['hang'], b: ['ok'] }, { settings: { hedge: half } });
    for (let i = 0; i < 10; i++) median.bench.endpoint('a').state.latency('gpt-5')!.plain.record(900);
    median.bench.call();
    await median.bench.clock.advance(DELAY + 1);
    expect(median.bench.sent.b).toBe(1);
  });

  it.each<[string, Partial<Call>, BenchOptions['settings'], { only?: string }]>([
    ['it must not be sent twice', { replay: 'create' }, {}, {}],
    ['its body can be read once', { replay: 'once' }, {}, {}],
    ['it has no attempt left', { maxAttempts: 1 }, {}, {}],
    ['it is pinned', {}, {}, { only: 'a' }],
    ['failover is off', {}, { failover: false }, {}],
    ['the common budget is empty', {}, { retryBudget: { ratio: 0, minPerSecond: 0 } }, {}],
  ])('is not hedged when %s', async (_, change, settings = {}, route = {}) => {
    const { bench } = await learned({ a: ['hang'], b: ['ok'] }, { settings });
    bench.call(change, route);
    await bench.clock.advance(10_000);
    expect([bench.sent.a, bench.sent.b]).toEqual([21, 0]);
  });

  it('nor before twenty answers are known, nor where nobody else is eligible', async () => {
    const young = dispatchBench({ a: [...USUAL.slice(1), 'hang'], b: ['ok'] }, { settings: { hedge: defaults.hedge } });
    for (let call = 0; call < 19; call++) young.call();
    await young.clock.advance(100);
    young.call();
    await young.clock.advance(10_000);
    expect(young.sent.b).toBe(0);
    const { bench } = await learned({ a: ['hang'], b: ['ok'] });
    bench.pool.drain(bench.endpoint('b'));
    bench.call();
    await bench.clock.advance(10_000);
    expect(bench.sent.b).toBe(0);
  });

  it('nor when it was let through because everybody is ejected', async () => {
    const settings = { breaker: { ...defaults.breaker, consecutiveFailures: 1, resetTimeout: 100_000 } };
    const { bench } = await learned({ a: [REFUSED, 'hang'], b: [REFUSED, 'ok'] }, { settings });
    await bench.call({ maxRetries: 0 }).outcome;
    expect(['a', 'b'].map((name) => bench.endpoint(name).state.breakerState)).toEqual(['open', 'open']);
    const call = bench.call({ maxRetries: 0 });
    await bench.clock.advance(100);
    expect(call.story.attempts).toMatchObject([{ hedgeAfter: undefined }]);
    await bench.clock.advance(10_000);
    expect(call.story.attempts).toHaveLength(1);
  });
});

describe('the share of hedges', () => {
  it('is not spent on one whose place went to another call meanwhile', async () => {
    const { bench, figures } = await learned({ a: ['hang'], b: ['ok'] });
    const before = figures();
    bench.endpoint('b').begin = () => undefined;
    const call = bench.call();
    await bench.clock.advance(LATE);
    expect([call.story.attempts.length, figures().sent, figures().left]).toEqual([1, 0, before.left]);
  });

  it('keeps four for calls that wait twice as long', async () => {
    const { bench, figures } = await learned({ a: ['hang'], b: ['ok'] });
    const calls = Array.from({ length: 8 }, () => bench.call());
    await bench.clock.advance(DELAY + 1);
    // 4 to begin with, 2 of 20 calls, 0.8 of these 8: two may go before the reserve.
    expect([bench.sent.b, figures().left]).toEqual([2, 4]);
    await bench.clock.advance(LATE - DELAY);
    expect([bench.sent.b, figures().left]).toEqual([6, 0]);
    await bench.clock.advance(2_000);
    expect(calls.filter(({ told }) => told).length).toBe(6);
  });

  it('is never exceeded: in the long run a tenth of the calls, however slow they are', async () => {
    const settings = { hedge: { ...defaults.hedge, quantile: 0.5 } };
    const mixed = Array.from({ length: 400 }, (_, index): Step => ({ ms: index % 3 ? 900 : 100 }));
    const { bench, figures } = await learned({ a: mixed, b: [{ ms: 900 }] }, { settings });
    const known = bench.endpoint('a').state.latency('gpt-5')!.plain;
    for (let i = 0; i < 700; i++) known.record(100);
    for (let call = 0; call < 300; call++) {
      bench.call();
      await bench.clock.advance(50);
    }
    expect(figures().sent).toBeGreaterThan(4);
    expect(figures().sent).toBeLessThanOrEqual(4 + 32);
  });

  it('does not grow beyond ten while nothing is slow', async () => {
    const { bench, figures } = await learned({ a: [{ ms: 10 }], b: ['ok'] });
    for (let call = 0; call < 500; call++) bench.call();
    await bench.clock.advance(10);
    expect(figures()).toEqual({ left: 10, sent: 0, won: 0 });
  });
});

describe('two attempts at once', () => {
  it('a hedge that fails changes nothing: no third attempt at once, and the first answer still comes', async () => {
    const { bench } = await learned({ a: [{ ms: 200 }], b: [apiError(500)], c: ['ok'] });
    const call = bench.call();
    await bench.clock.advance(200);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
    expect(bench.sent.c).toBe(0);
  });

  it('after a hedge that failed, twice the delay is worth another one', async () => {
    const { bench } = await learned({ a: ['hang'], b: [apiError(500)], c: ['ok'] });
    const call = bench.call();
    await bench.clock.advance(LATE);
    expect(bench.sent.c).toBe(0);
    await bench.clock.advance(1);
    expect(call.told).toMatchObject({ served: 'c', attempts: ['a', 'b', 'c'] });
  });

  it('when the first fails, the hedge is the call’s next attempt: no failover beside it', async () => {
    const { bench } = await learned({ a: [{ ms: 120, fails: apiError(500) }], b: [{ ms: 100 }], c: ['ok'] });
    const call = bench.call();
    await bench.clock.advance(DELAY + 101);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['a', 'b'], verdicts: ['server-error', 'ok'] });
    expect([bench.sent.c, bench.names('failover-start')]).toEqual([0, []]);
  });

  it('when both fail, the call goes on as ever, within its attempts', async () => {
    const failing = (ms: number): Step => ({ ms, fails: apiError(500) });
    const scripts = { a: [failing(120)], b: [failing(50)], c: ['ok' as const] };
    const three = await learned(scripts);
    const call = three.bench.call();
    await three.bench.clock.advance(DELAY + 51);
    expect(call.told).toMatchObject({ served: 'c', attempts: ['a', 'b', 'c'] });
    const two = await learned(scripts);
    const lost = two.bench.call({ maxAttempts: 2 });
    await two.bench.clock.advance(DELAY + 51);
    expect([lost.told?.error, two.bench.sent.c]).toMatchObject([{ status: 500 }, 0]);
  });

  it('an abort ends both', async () => {
    const { bench } = await learned({ a: ['hang'], b: ['hang'] });
    const controller = new AbortController();
    const call = bench.call({ signal: controller.signal });
    await bench.clock.advance(LATE);
    controller.abort();
    expect((await call.outcome).error).toBeInstanceOf(APIUserAbortError);
    expect(call.story.attempts.map((attempt) => attempt.ending.aborted)).toEqual([true, true]);
    expect([bench.endpoint('a').inFlight, bench.endpoint('b').inFlight, bench.clock.pending]).toEqual([0, 0, 0]);
  });

  it('so does the deadline', async () => {
    const { bench } = await learned({ a: ['hang'], b: ['hang'] });
    const call = bench.call({ deadline: bench.clock.now() + 1_000 });
    await bench.clock.advance(1_000);
    expect(call.told).toMatchObject({ served: undefined, attempts: ['a', 'b'] });
    expect([bench.endpoint('a').inFlight, bench.endpoint('b').inFlight, bench.clock.pending]).toEqual([0, 0, 0]);
  });

  it('that both hang are still rescued by a third', async () => {
    const { bench } = await learned({ a: ['hang'], b: ['hang'], c: ['ok'] });
    const call = bench.call();
    await bench.clock.advance(20_000);
    expect(call.told).toMatchObject({ served: 'c', attempts: ['a', 'b', 'c'] });
    expect(call.story.reports.map(({ beside }) => beside)).toEqual([undefined, 'hedge', 'rescue']);
  });
});

describe('what a hedge overtook', () => {
  it('is remembered as longer than the delay, though not as the slowest there is', async () => {
    const { bench } = await learned({ a: ['hang'], b: [{ ms: 50 }] });
    const known = bench.endpoint('a').state.latency('gpt-5')!.plain;
    for (let i = 0; i < 6; i++) known.record(i < 5 ? 100 : 1_000);
    expect(known.quantile(0.95)).toBeLessThan(DELAY);
    const call = bench.call();
    await bench.clock.advance(DELAY + 51);
    expect(call.told?.served).toBe('b');
    expect(known.quantile(0.95)).toBeGreaterThan(DELAY);
    expect(known.quantile(0.95)).toBeLessThan(2 * DELAY);
  });

  it('counts as slow: the delay does not shrink with every hedge', async () => {
    // One call in ten hangs; all others take 100 ms.
    let calls = 0;
    const step: Step = ({ signal }) =>
      new Promise((resolve, reject) => {
        calls += 1;
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        if (calls % 10 !== 0)
          bench.clock.after(100 + (calls % 7) * 10, () => resolve({ status: 200, headers: new Headers() }));
      });
    const bench = dispatchBench(
      { a: [step], b: [{ ms: 100 }] },
      { settings: { hedge: { ...defaults.hedge, budget: 1 } } },
    );
    for (let call = 0; call < 600; call++) {
      bench.call();
      await bench.clock.advance(20);
    }
    await bench.clock.advance(1_000);
    const { sent } = bench.dispatcher.parts.hedges.figures;
    expect(sent).toBeGreaterThan(40);
    expect(sent).toBeLessThan(90);
  });
});

describe('a stream', () => {
  /** A stream whose heads come after so long, and whose contents when the test says so. */
  async function streamed(heads: Record<'a' | 'b', number>, stream = true) {
    const bench = dispatchBench({ a: ['ok'], b: ['ok'] }, { settings: { hedge: defaults.hedge } });
    const { clock, dispatcher } = bench;
    dispatcher.parts.hedges.deposit(5);
    const times = bench.endpoint('a').state;
    times.release(times.begin('gpt-5', 1, false)!);
    for (let i = 0; i < 40; i++) times.latency('gpt-5')![stream ? 'content' : 'plain'].record(100);
    const call = aCall({ stream, hedge: defaults.hedge, deadline: 60_000 });
    const contents: Record<string, (data: string) => void> = {};
    const story = dispatcher.open(call, ({ name }) => {
      const ms = heads[name as 'a'];
      return new Promise<Reply>((resolve) => clock.after(ms, () => resolve({ status: 200, headers: new Headers() })));
    });
    const outcome = dispatcher.head(story).then((first) =>
      dispatcher.body(story, first, ({ endpoint }) => {
        return new Promise((resolve) => {
          contents[endpoint.name] = resolve;
        });
      }),
    );
    return { bench, story, outcome, contents };
  }

  it('is hedged before its first content, counted from its start: headers are no content', async () => {
    const { bench, story, outcome, contents } = await streamed({ a: 20, b: 10 });
    await bench.clock.advance(DELAY);
    expect(story.attempts).toHaveLength(1);
    await bench.clock.advance(1);
    expect(story.attempts).toHaveLength(2);
    await bench.clock.advance(10);
    contents.b?.('hello');
    expect(await outcome).toMatchObject({ data: 'hello', endpoint: { name: 'b' } });
    expect(story.attempts[0]!.ending.aborted).toBe(true);
    expect(story.attempts[0]!.report).toMatchObject({ verdict: 'abandoned', billed: 'maybe' });
  });

  it('is hedged before its headers as well', async () => {
    const { bench, story, outcome, contents } = await streamed({ a: 300, b: 10 });
    await bench.clock.advance(DELAY + 1);
    expect(story.attempts).toHaveLength(2);
    await bench.clock.advance(200);
    contents.a?.('from a');
    expect(await outcome).toMatchObject({ data: 'from a', endpoint: { name: 'a' } });
    expect(story.attempts[1]!.ending.aborted).toBe(true);
  });

  it('differs from a plain call in that: whose headers are there is not hedged', async () => {
    const { bench, story } = await streamed({ a: 20, b: 10 }, false);
    await bench.clock.advance(10_000);
    expect(story.attempts).toHaveLength(1);
    const late = await streamed({ a: 300, b: 10 }, false);
    await late.bench.clock.advance(DELAY + 1);
    expect(late.story.attempts).toHaveLength(2);
  });

  it('is not hedged once its content came', async () => {
    const { bench, story, outcome, contents } = await streamed({ a: 20, b: 10 });
    await bench.clock.advance(50);
    contents.a?.('hello');
    await outcome;
    await bench.clock.advance(1_000);
    expect(story.attempts).toHaveLength(1);
  });
});
