// Figures by second: what they show, and that they never grow.
import { describe, expect, it } from 'vitest';
import { KEPT, LiveFigures } from '../../../src/gateway/figures/live-figures.ts';
import { bucketOf, buckets, quantile } from '../../../src/gateway/figures/times.ts';
import { manualClock } from '../../../src/testing/index.ts';

const call = (more: object = {}) => ({
  ms: 100,
  firstMs: undefined,
  fault: 'nobodys' as const,
  endpoint: 'a',
  ...more,
});

describe('figures by second', () => {
  it('count calls, failures and endpoints, with percentiles true to 3 %', async () => {
    const clock = manualClock();
    const live = new LiveFigures(clock);
    const t = Math.floor(clock.date() / 1_000);
    for (let ms = 1; ms <= 100; ms++)
      live.add(
        call({
          ms: ms * 10,
          firstMs: ms,
          fault: ms > 95 ? 'callers' : ms > 90 ? 'ours' : 'nobodys',
          endpoint: ms % 4 === 0 ? 'b' : 'a',
        }),
      );
    expect(live.after(0)).toEqual([]);
    await clock.advance(1_000);
    const [second, ...rest] = live.after(0);
    expect(rest).toEqual([]);
    expect(second).toMatchObject({ t, calls: 100, failed: 5, callerErrors: 5, byEndpoint: { a: 75, b: 25 } });
    const near = (got: number | null | undefined, wanted: number) =>
      expect(Math.abs((got as number) / wanted - 1)).toBeLessThan(0.035);
    near(second?.ms.p50, 500);
    near(second?.ms.p95, 950);
    near(second?.ttft.p50, 50);
    near(second?.ttft.p95, 95);
  });

  it('have no gaps: a second without calls is there, and says that there were none', async () => {
    const clock = manualClock();
    const live = new LiveFigures(clock);
    const t = Math.floor(clock.date() / 1_000);
    live.add(call());
    await clock.advance(3_000);
    live.add(call({ endpoint: undefined }));
    await clock.advance(1_000);
    const none = { p50: null, p95: null };
    expect(live.after(t).map((each) => [each.t - t, each.calls])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ]);
    expect(live.after(t)[0]).toEqual({
      t: t + 1,
      calls: 0,
      failed: 0,
      callerErrors: 0,
      ttft: none,
      ms: none,
      byEndpoint: {},
    });
    expect(live.after(t + 3)).toEqual([]);
  });

  it('go back ten minutes and no further; what was there before is written over', async () => {
    const clock = manualClock();
    const live = new LiveFigures(clock);
    live.add(call({ endpoint: 'old' }));
    await clock.advance(KEPT * 1_000);
    live.add(call({ endpoint: 'new' }));
    await clock.advance(1_000);
    const seconds = live.after(0);
    expect(seconds).toHaveLength(KEPT - 1);
    expect(seconds.at(-1)).toMatchObject({ calls: 1, byEndpoint: { new: 1 } });
    expect(seconds.slice(0, -1).every(({ calls }) => calls === 0)).toBe(true);
  });

  it('cost a call next to nothing', () => {
    const clock = manualClock();
    const live = new LiveFigures(clock);
    const one = call({ ms: 123.4, firstMs: 45.6 });
    const round = () => {
      const before = performance.now();
      for (let calls = 0; calls < 20_000; calls++) live.add(one);
      return ((performance.now() - before) / 20_000) * 1_000;
    };
    // In µs; the least of some rounds, for others use the machine as well.
    expect(Math.min(...Array.from({ length: 20 }, round))).toBeLessThan(1);
  });
});

describe('times by size', () => {
  it.each([
    [0, 0],
    [Number.NaN, 0],
    [1, 0],
    [2, 12],
    [1_024, 120],
    [1e12, buckets - 1],
    [Number.POSITIVE_INFINITY, buckets - 1],
  ])('%d ms is in range %d', (ms, bucket) => {
    expect(bucketOf(ms)).toBe(bucket);
  });

  it('know nothing of nothing', () => {
    expect(quantile(new Uint16Array(buckets), 0.5)).toBeNull();
  });
});
