// Calls in line for slots that a rate limit lets appear: through the whole dispatcher, on the virtual clock.
import { describe, expect, it } from 'vitest';
import { Demand } from '../../src/call/demand.ts';
import { type BenchOptions, dispatchBench, type Made } from '../support/dispatch-bench.ts';

const MINUTE = 60_000;
/** One endpoint with a bucket of so many calls per minute, drained. */
async function drained(perMinute: number, options: BenchOptions = {}) {
  const { endpoints, ...rest } = options;
  const limits = { requestsPerMinute: perMinute, tokensPerMinute: undefined, maxConcurrent: undefined };
  const bench = dispatchBench({ a: ['ok'] }, { ...rest, endpoints: { a: { limits }, ...endpoints } });
  await Promise.all(Array.from({ length: perMinute }, () => bench.call().outcome));
  return bench;
}
const served = (calls: readonly Made[]) => calls.filter(({ told }) => told?.served === 'a');
const starts = (bench: ReturnType<typeof dispatchBench>) => bench.names('attempt-start');

describe('calls in line', () => {
  it('500 of them: one for each slot, in order, the last exactly when its slot appears', async () => {
    const bench = await drained(600, { settings: { waitingRoom: { maxWaiting: 1_000, maxWait: MINUTE } } });
    const calls = Array.from({ length: 500 }, () => bench.call());
    await bench.clock.advance(0);
    expect([served(calls).length, bench.dispatcher.parts.room.waiting]).toEqual([0, 500]);
    await bench.clock.advance(50_000);
    expect(served(calls)).toHaveLength(500);
    const ends = calls.map(({ told }) => told?.at as number);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    for (const [index, at] of ends.entries()) expect(Math.abs(at - 100 * (index + 1))).toBeLessThan(2);
    expect([bench.dispatcher.parts.room.waiting, bench.clock.pending]).toEqual([0, 0]);
  });

  it('no deadline is missed that could be kept, and none is waited for that cannot', async () => {
    const bench = await drained(60);
    const deadline = bench.clock.now() + 5_500;
    const calls = Array.from({ length: 8 }, () => bench.call({ deadline }));
    await bench.clock.advance(MINUTE);
    // A slot a second: five in time, and nobody waits for the sixth until the deadline itself.
    expect(served(calls)).toHaveLength(5);
    for (const { told } of calls.slice(5)) {
      expect(told).toMatchObject({ attempts: [], error: { status: 429, name: 'NoEndpointAvailableError' } });
      expect(told?.at).toBeLessThan(5_500);
      expect(told?.at).toBeGreaterThanOrEqual(5_000);
    }
  });

  it('at twice the limit use all of it, without a 429', async () => {
    const bench = await drained(600);
    const calls: Made[] = [];
    for (let second = 0; second < 120; second++) {
      for (let i = 0; i < 20; i++) {
        calls.push(bench.call());
        await bench.clock.advance(50);
      }
    }
    const went = starts(bench).length - 600;
    expect(went).toBeGreaterThanOrEqual(1_200 * 0.98);
    expect(went).toBeLessThanOrEqual(1_200);
    const order = starts(bench).map(({ callId }) => Number(String(callId).slice('call-'.length)));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    bench.dispatcher.close();
  });

  it('a large call is not starved by small ones that would fit', async () => {
    const limits = { requestsPerMinute: undefined, tokensPerMinute: 6_000, maxConcurrent: undefined };
    const bench = dispatchBench({ a: ['ok'] }, { endpoints: { a: { limits } } });
    // Four bytes are a token.
    const call = (tokens: number) => bench.call({ demand: new Demand({ input: 'for '.repeat(tokens) }) });
    await call(6_000).outcome;
    const large = call(3_000);
    const small: Made[] = [];
    for (let i = 0; i < 300; i++) {
      small.push(call(100));
      await bench.clock.advance(200);
    }
    // Three thousand tokens take half a minute to come back.
    const at = large.told?.at as number;
    expect(Math.abs(at - 30_000)).toBeLessThan(100);
    expect(small.filter(({ told }) => told && told.at < at)).toEqual([]);
    expect(small[0]?.told?.served).toBe('a');
    bench.dispatcher.close();
  });

  it('for a place among those that run at one time: one goes for each that ends', async () => {
    const limits = { requestsPerMinute: undefined, tokensPerMinute: undefined, maxConcurrent: 3 };
    const bench = dispatchBench({ a: [{ ms: 1_000 }] }, { endpoints: { a: { limits } } });
    const calls = Array.from({ length: 30 }, () => bench.call());
    for (let second = 1; second <= 10; second++) {
      await bench.clock.advance(1_000);
      expect([served(calls).length, bench.endpoint('a').inFlight]).toEqual([3 * second, second < 10 ? 3 : 0]);
    }
    const ends = calls.map(({ told }) => told?.at as number);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  });

  it('go to an endpoint that is added, in order', async () => {
    const limits = { requestsPerMinute: 1, tokensPerMinute: undefined, maxConcurrent: undefined };
    const bench = dispatchBench({ a: ['ok'], b: ['ok'] }, { endpoints: { a: { limits } } });
    bench.pool.drain(bench.endpoint('b'));
    await bench.call().outcome;
    const calls = Array.from({ length: 200 }, () => bench.call());
    await bench.clock.advance(100);
    expect(bench.dispatcher.parts.room.waiting).toBe(200);
    bench.endpoint('b').drained = false;
    bench.pool.add(bench.endpoint('b'));
    bench.dispatcher.wake();
    await Promise.all(calls.map(({ outcome }) => outcome));
    expect(new Set(calls.map(({ told }) => [told?.served, told?.at].join()))).toEqual(new Set(['b,100']));
    const order = starts(bench).map(({ callId }) => callId);
    expect(order).toEqual(['call-1', ...calls.map(({ story }) => story.call.id)]);
  });
});

describe('at scale', () => {
  it('10,000 calls in line: order kept, and the time they take is not quadratic', async () => {
    const time = async (count: number) => {
      const bench = await drained(count, {
        settings: { waitingRoom: { maxWaiting: count, maxWait: 2 * MINUTE } },
        deaf: true,
      });
      const calls = Array.from({ length: count }, () => bench.call());
      await bench.clock.advance(0);
      expect(bench.dispatcher.parts.room.waiting).toBe(count);
      const begun = process.cpuUsage();
      // In steps of a second, so that the clock of the test costs little.
      const { room } = bench.dispatcher.parts;
      let now = 0;
      bench.clock.now = () => now;
      for (now = 1_000; now <= MINUTE + 1_000; now += 1_000) {
        for (let i = 0; i < count / 32 / 60 + 1; i++) {
          room.look();
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      const { user } = process.cpuUsage(begun);
      expect(served(calls)).toHaveLength(count);
      const ends = calls.map(({ told }) => told?.at as number);
      expect(ends).toEqual(ends.toSorted((a, b) => a - b));
      return user / 1_000 / count;
    };
    await time(500);
    const few = await time(1_000);
    const many = await time(10_000);
    expect(many).toBeLessThan(4 * few);
  });
});
