// Attempts that take long: rescued, cut, or waited for.
import { describe, expect, it } from 'vitest';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';

const MINUTE = 60_000;

describe('a plain call that hangs', () => {
  it('gets a second attempt elsewhere; the first answer wins, the other is stopped and blames nobody', async () => {
    const bench = dispatchBench({ a: ['hang'], b: [{ ms: 50 }] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(9_999);
    expect(bench.sent.b).toBe(0);
    await bench.clock.advance(51);
    expect(call.told).toMatchObject({ served: 'b', at: 10_050, attempts: ['a', 'b'], verdicts: ['abandoned', 'ok'] });
    expect(call.story.attempts[0]!.ending.aborted).toBe(true);
    expect([bench.endpoint('a').inFlight, bench.endpoint('a').state.failures]).toEqual([0, 0]);
  });

  it('keeps its first attempt when the second fails', async () => {
    const bench = dispatchBench({ a: [{ ms: 12_000 }], b: [apiError(500)] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(12_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['b', 'a'] });
  });

  it('gets another second attempt when the first one failed', async () => {
    const bench = dispatchBench({ a: ['hang'], b: [apiError(500)], c: ['ok'] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(10_000);
    expect(call.told).toMatchObject({ served: 'c', attempts: ['a', 'b', 'c'], at: 10_000 });
  });

  it('is thrown at by a second attempt only when it is over itself', async () => {
    const bench = dispatchBench({ a: [{ ms: 11_000 }], b: [apiError(400)] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(11_000);
    expect(call.told).toMatchObject({ served: 'a' });
    const both = dispatchBench({ a: [{ ms: 11_000, fails: apiError(500) }], b: [apiError(400)], c: ['ok'] });
    const lost = both.call({ deadline: 20_000 });
    await both.clock.advance(20_000);
    expect(lost.told?.served).toBeUndefined();
    expect(both.sent.c).toBe(0);
  });

  it('is no failover: the endpoint it began on is still at work', async () => {
    const bench = dispatchBench({ a: [apiError(500)], b: ['hang'], c: ['ok'] });
    const call = bench.call({ deadline: 20_000 });
    await bench.clock.advance(10_000);
    expect(call.told?.served).toBe('c');
    expect(bench.names('failover-start')).toMatchObject([{ from: 'a', endpoint: 'b' }]);
  });

  it('is rescued once, if the budget and the attempts allow it, and somebody is there', async () => {
    const hangs = async (scripts: Parameters<typeof dispatchBench>[0], settings = {}, changes = {}) => {
      const bench = dispatchBench(scripts, { settings });
      const call = bench.call({ deadline: 20_000, ...changes });
      await bench.clock.advance(20_000);
      return call.told!.attempts.length;
    };
    const two = { a: ['hang' as const], b: ['hang' as const], c: ['hang' as const] };
    expect(await hangs(two)).toBe(2);
    expect(await hangs({ a: ['hang'] })).toBe(1);
    expect(await hangs(two, { rescue: false })).toBe(1);
    expect(await hangs(two, { failover: false })).toBe(1);
    expect(await hangs(two, { retryBudget: { ratio: 0, minPerSecond: 0 } })).toBe(1);
    expect(await hangs(two, {}, { maxAttempts: 1 })).toBe(1);
    expect(await hangs(two, {}, { replay: 'create' })).toBe(1);
  });

  it('tells of a silent endpoint: after a far faster answer elsewhere nobody else has to wait there', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] });
    const call = bench.call({ deadline: 20_000, clientTimeout: 20_000 });
    await bench.clock.advance(10_000);
    expect(call.told?.served).toBe('b');
    expect(await bench.call().outcome).toMatchObject({ served: 'b', attempts: ['b'] });
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toMatchObject({ reason: 'unresponsive' });
  });
});

describe('a stream without headers', () => {
  it('is cut after a minute where somebody else can take it', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] });
    const call = bench.call({ stream: true });
    await bench.clock.advance(59_999);
    expect(bench.sent.b).toBe(0);
    await bench.clock.advance(1);
    expect(call.told).toMatchObject({ served: 'b', attempts: ['a', 'b'], verdicts: ['timed-out', 'ok'] });
    expect(bench.endpoint('a').state.failures).toBe(0);
  });

  it('is rescued where that cut would come too late, and nothing is cut', async () => {
    const bench = dispatchBench({ a: [{ ms: 16_000 }], b: ['hang'] });
    const call = bench.call({ stream: true, deadline: 30_000 });
    await bench.clock.advance(16_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['b', 'a'], verdicts: ['abandoned', 'ok'], at: 16_000 });
    expect(bench.sent).toEqual({ a: 1, b: 1 });
    const other = dispatchBench({ a: ['hang'], b: ['ok'] });
    const saved = other.call({ stream: true, deadline: 30_000 });
    await other.clock.advance(15_000);
    expect(saved.told).toMatchObject({ served: 'b', attempts: ['a', 'b'], at: 15_000 });
  });

  it('is waited for where nobody else is', async () => {
    const bench = dispatchBench({ a: [{ ms: 500_000 }] });
    const call = bench.call({ stream: true });
    await bench.clock.advance(500_000);
    expect(call.told).toMatchObject({ served: 'a', at: 500_000 });
  });

  it('is cut by the user’s bound, even alone, and counts', async () => {
    const bench = dispatchBench({ a: ['hang', 'ok'] }, { settings: { attemptTimeout: 2_000 } });
    const call = bench.call({ stream: true });
    await bench.clock.advance(3_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
    expect(bench.endpoint('a').state.failures).toBe(1);
  });

  it('enters what is usual by the stage it was given up in', async () => {
    const bench = dispatchBench({ a: ['hang'] }, { settings: { breaker: false, attemptTimeout: 30_000 } });
    for (let i = 0; i < 20; i++) bench.call({ stream: true, maxRetries: 0 });
    await bench.clock.advance(30_000);
    const { head, content, plain } = bench.endpoint('a').state.latency('gpt-5')!;
    expect([head.learned, content.learned, plain.learned]).toEqual([true, false, false]);
    for (let i = 0; i < 20; i++) bench.call({ maxRetries: 0 });
    await bench.clock.advance(30_000);
    expect([content.learned, plain.learned]).toEqual([false, true]);
  });

  it('enters what is usual with the time it was given up at', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['ok'] }, { settings: { breaker: false } });
    for (let i = 0; i < 20; i++) bench.call({ stream: true });
    await bench.clock.advance(MINUTE);
    expect(bench.endpoint('a').state.latency('gpt-5')!.head.quantile(0.99)).toBeGreaterThanOrEqual(MINUTE);
  });

  it('is no measure of what is usual when a caller would not wait: tiny timeouts blame nobody, in any number and order', async () => {
    const bench = dispatchBench({ a: ['hang'], b: ['hang'] }, { settings: { strategy: roundRobin() } });
    for (const timeout of [1, 1, 2, 4, 50]) {
      for (let i = 0; i < 60; i++) {
        const made = bench.call({ deadline: bench.clock.now() + timeout, maxRetries: 0 });
        await bench.clock.advance(timeout);
        await made.outcome;
      }
    }
    expect(['a', 'b'].map((name) => bench.endpoint(name).state.failures)).toEqual([0, 0]);
    expect(bench.names('endpoint-ejected')).toEqual([]);
  });

  it('nor when a faster neighbour is known, or comes to the rescue in time', async () => {
    const bench = dispatchBench({ a: [{ ms: 150 }], b: ['ok'] });
    for (const timeout of [2, 20]) {
      for (let i = 0; i < 60; i++) {
        const made = bench.call({ deadline: bench.clock.now() + timeout });
        await bench.clock.advance(timeout);
        await made.outcome;
      }
    }
    expect(bench.sent.b).toBeGreaterThan(60);
    expect(bench.endpoint('a').state.failures).toBe(0);
  });
});
