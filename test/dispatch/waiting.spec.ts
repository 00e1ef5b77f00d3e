// Calls that wait: how long, how often, and when waiting is pointless.
import { RateLimitError } from 'openai';
import { describe, expect, it } from 'vitest';
import { NoEndpointAvailableError } from '../../src/errors.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';

const LIMITED = (ms: number) => apiError(429, {}, { 'retry-after-ms': String(ms) });
const MINUTE = 60_000;

describe('a wait', () => {
  it('backs off when everybody was tried, then tries everybody again', async () => {
    const bench = dispatchBench({ a: [apiError(500), 'ok'], b: [apiError(500)] });
    const call = bench.call();
    await bench.clock.advance(374);
    expect([call.told, bench.dispatcher.parts.room.waiting]).toEqual([undefined, 1]);
    await bench.clock.advance(200);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'b', 'a'] });
    expect(bench.names('call-waiting')).toEqual([expect.objectContaining({ reason: 'backoff' })]);
    expect([bench.dispatcher.parts.room.waiting, bench.clock.pending]).toEqual([0, 0]);
  });

  it('happens as often as the caller allows', async () => {
    const bench = dispatchBench({ a: [apiError(500)] });
    const call = bench.call({ maxRetries: 2, maxAttempts: 9 });
    await bench.clock.advance(MINUTE);
    expect([call.told?.attempts.length, bench.names('call-waiting').length]).toEqual([3, 2]);
    const never = bench.call({ maxRetries: 0 });
    expect((await never.outcome).attempts).toEqual(['a']);
  });

  it('for a cooldown is as long as asked, and at most a tenth longer', async () => {
    const bench = dispatchBench({ a: [LIMITED(8_000), 'ok'], b: [LIMITED(9_000)] });
    const call = bench.call();
    await bench.clock.advance(7_999);
    expect(call.told).toBeUndefined();
    await bench.clock.advance(801);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'b', 'a'] });
    expect(bench.names('call-waiting')[0]).toMatchObject({ ms: 8_000, reason: 'cooling down (429)' });
  });

  it('before the first attempt costs no retry', async () => {
    const bench = dispatchBench({ a: [LIMITED(2_000), apiError(500), apiError(500), 'ok'] });
    await bench.call({ maxRetries: 0 }).outcome;
    const call = bench.call({ maxRetries: 2, maxAttempts: 3 });
    await bench.clock.advance(MINUTE);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a', 'a'] });
  });

  it('is never pointless: none that would end at the deadline or after it', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const bench = dispatchBench({ a: [LIMITED(9_500), 'ok'] });
      bench.clock.random = () => seed / 9;
      const call = bench.call({ deadline: 10_000 });
      await bench.clock.advance(MINUTE);
      expect(call.told).toMatchObject({ served: 'a' });
      const late = dispatchBench({ a: [LIMITED(10_000), 'ok'] });
      expect(await late.call({ deadline: 10_000 }).outcome).toMatchObject({ served: undefined, at: 0 });
    }
  });

  it('that is longer than the waiting room allows is none: the call gets its 429, later ones the reasons', async () => {
    const bench = dispatchBench({ a: [LIMITED(61_000)], b: [LIMITED(90_000)] });
    const first = await bench.call().outcome;
    expect(first.error).toBeInstanceOf(RateLimitError);
    const second = await bench.call().outcome;
    expect(second.error).toBeInstanceOf(NoEndpointAvailableError);
    expect(second.error).toMatchObject({
      status: 429,
      retryAfterMs: 61_000,
      cause: expect.any(RateLimitError) as unknown,
    });
    expect([second.attempts, second.at]).toEqual([[], 0]);
  });

  it('needs room: beyond `maxWaiting` calls fail at once', async () => {
    const bench = dispatchBench(
      { a: [...Array.from({ length: 4 }, () => LIMITED(5_000)), 'ok'] },
      { settings: { waitingRoom: { maxWaiting: 2, maxWait: 60_000 } } },
    );
    const calls = Array.from({ length: 4 }, () => bench.call());
    await bench.clock.advance(0);
    expect(calls.map(({ told }) => told !== undefined)).toEqual([false, false, true, true]);
    await bench.clock.advance(6_000);
    expect(calls.map(({ told }) => told?.served)).toEqual(['a', 'a', undefined, undefined]);
    const closed = dispatchBench({ a: [LIMITED(5)] }, { settings: { waitingRoom: false } });
    expect((await closed.call().outcome).error).toBeInstanceOf(RateLimitError);
  });

  it('is looked at again when something changed for the better, which costs no retry', async () => {
    const bench = dispatchBench({ a: [LIMITED(8_000), 'ok'] });
    const call = bench.call({ maxRetries: 1 });
    for (let i = 0; i < 5; i++) {
      await bench.clock.advance(1_000);
      bench.dispatcher.wake();
    }
    expect([call.told, bench.dispatcher.parts.room.waiting]).toEqual([undefined, 1]);
    await bench.clock.advance(4_000);
    expect(call.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
  });

  it('ends at once for an endpoint that comes in', async () => {
    const bench = dispatchBench({ a: [LIMITED(30_000)], b: ['ok'] });
    bench.pool.drain(bench.endpoint('b'));
    const call = bench.call();
    await bench.clock.advance(1_000);
    bench.endpoint('b').drained = false;
    bench.pool.add(bench.endpoint('b'));
    bench.dispatcher.wake();
    expect(await call.outcome).toMatchObject({ served: 'b', at: 1_000 });
    expect([bench.dispatcher.parts.room.waiting, bench.clock.pending]).toEqual([0, 0]);
  });

  it('goes on for those that failed the call: who comes in is asked, nobody else', async () => {
    const bench = dispatchBench({ a: [apiError(500), 'ok'], b: ['ok'] });
    bench.pool.drain(bench.endpoint('b'));
    const call = bench.call();
    await bench.clock.advance(100);
    bench.dispatcher.wake();
    await bench.clock.advance(100);
    expect([call.told, bench.sent]).toEqual([undefined, { a: 1, b: 0 }]);
    bench.endpoint('b').drained = false;
    bench.pool.add(bench.endpoint('b'));
    bench.dispatcher.wake();
    expect(await call.outcome).toMatchObject({ served: 'b', attempts: ['a', 'b'], at: 200 });
  });

  it('ends once, however many end it in one breath', async () => {
    const bench = dispatchBench({ a: [LIMITED(30_000)], b: ['hang'], c: ['hang'] });
    for (const name of ['b', 'c']) bench.pool.drain(bench.endpoint(name));
    const call = bench.call();
    await bench.clock.advance(1_000);
    for (const name of ['b', 'c']) {
      bench.endpoint(name).drained = false;
      bench.pool.add(bench.endpoint(name));
      bench.dispatcher.wake();
    }
    await bench.clock.advance(1);
    expect(bench.sent).toEqual({ a: 1, b: 1, c: 0 });
    expect(call.told).toBeUndefined();
  });

  it('that is aborted in the breath in which its turn comes hands the slot on', async () => {
    const bench = dispatchBench({ a: [LIMITED(1_000), 'hang'] });
    await bench.call({ maxRetries: 0 }).outcome;
    const controller = new AbortController();
    bench.clock.after(1_000, () => {
      controller.abort();
      bench.dispatcher.parts.room.look();
    });
    const [aborted, next] = [bench.call({ signal: controller.signal }), bench.call()];
    await bench.clock.advance(1_000);
    expect(aborted.told).toMatchObject({ attempts: [], error: { name: 'Error' } });
    expect([next.story.attempts.length, bench.sent]).toEqual([1, { a: 2 }]);
  });

  it('for many 429s without a hint at one moment is a second, not a minute', async () => {
    const bench = dispatchBench({ a: [...Array.from({ length: 64 }, () => ({ ms: 10, fails: apiError(429) })), 'ok'] });
    const calls = Array.from({ length: 64 }, () => bench.call());
    await bench.clock.advance(2_000);
    expect(calls.every(({ told }) => told?.served === 'a')).toBe(true);
  });
});

describe('a call with a key of its own that is limited', () => {
  const OWN = { ownCredentials: true };

  it('moves on, and keeps nobody else away', async () => {
    const bench = dispatchBench({ a: [LIMITED(60_000), 'ok'], b: ['ok'] });
    expect(await bench.call(OWN).outcome).toMatchObject({ served: 'b', attempts: ['a', 'b'] });
    expect(await bench.call().outcome).toMatchObject({ served: 'a' });
    expect(bench.endpoint('a').state.cooldowns.list()).toEqual([]);
    expect(bench.names('endpoint-cooldown')).toEqual([]);
  });

  it('waits as long as it was told, and for each endpoint by itself', async () => {
    const bench = dispatchBench({ a: [LIMITED(9_000), 'ok'], b: [LIMITED(4_000), LIMITED(9_000)] });
    const own = bench.call({ ...OWN, maxAttempts: 4 });
    await bench.clock.advance(3_999);
    expect(bench.sent).toEqual({ a: 1, b: 1 });
    await bench.clock.advance(401);
    expect(bench.sent).toEqual({ a: 1, b: 2 });
    await bench.clock.advance(4_500);
    expect(bench.sent).toEqual({ a: 1, b: 2 });
    await bench.clock.advance(1_000);
    expect(own.told).toMatchObject({ served: 'a', verdicts: ['rate-limited', 'rate-limited', 'rate-limited', 'ok'] });
  });

  it('gets its 429 where it cannot wait for so long', async () => {
    const bench = dispatchBench({ a: [LIMITED(120_000)] });
    expect(await bench.call(OWN).outcome).toMatchObject({ error: { status: 429 }, at: 0, attempts: ['a'] });
    expect((await bench.call({ maxRetries: 0 }).outcome).attempts).toEqual(['a']);
  });

  it('backs off where it was told nothing', async () => {
    const bench = dispatchBench({ a: [apiError(429), 'ok'] });
    const own = bench.call(OWN);
    await bench.clock.advance(550);
    expect(own.told).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
  });

  it('learns nothing for others from what is left of its own limits', async () => {
    const used = {
      'x-ratelimit-limit-requests': '9',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '60s',
    };
    const bench = dispatchBench({ a: [{ ms: 0, headers: used }], b: ['ok'] });
    for (let i = 0; i < 3; i++) {
      const own = bench.call(OWN, { only: 'a' });
      await bench.clock.advance(1);
      expect(own.told?.served).toBe('a');
    }
    expect(bench.endpoint('a').state.exclusion('gpt-5', 'chat')).toBeUndefined();
  });
});
