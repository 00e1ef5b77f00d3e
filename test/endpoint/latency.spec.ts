// The histogram of durations: how wrong a quantile may be, what is forgotten.
import { describe, expect, it } from 'vitest';
import { Latency } from '../../src/endpoint/latency.ts';
import { fc, runs } from '../support/property.ts';

const of = (durations: readonly number[]) => {
  const latency = new Latency();
  for (const ms of durations) latency.record(ms);
  return latency;
};
const exact = (durations: readonly number[], q: number) =>
  [...durations].sort((a, b) => a - b)[Math.max(0, Math.ceil(q * durations.length) - 1)]!;

describe('quantile', () => {
  it('is 0 without samples', () => {
    expect(new Latency().quantile(0.99)).toBe(0);
  });

  it('is never below the true one and at most 19 % above it, from 1 ms to half a day', () => {
    const durations = fc.array(fc.double({ min: 1, max: 43_200_000, noNaN: true }), { minLength: 1, maxLength: 900 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, q) => {
        const [told, right] = [of(all).quantile(q), exact(all, q)];
        expect(told).toBeGreaterThanOrEqual(right * (1 - 1e-9));
        expect(told).toBeLessThanOrEqual(right * 1.1893);
      }),
      runs(60),
    );
  });

  it.each([0, 0.2, 1])('of %d ms is a millisecond', (ms) => {
    expect(of([ms]).quantile(0.99)).toBe(1);
  });

  it('stays finite for a week', () => {
    expect(of([604_800_000]).quantile(0.5)).toBeGreaterThan(40_000_000);
  });

  it('rises with q', () => {
    const latency = of(Array.from({ length: 500 }, (_, i) => i + 1));
    const all = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99].map((q) => latency.quantile(q));
    expect([...all].sort((a, b) => a - b)).toEqual(all);
  });
});

describe('the quantile as far as it can be told', () => {
  it('is 0 without samples, and never above the rounded one', () => {
    expect(new Latency().about(0.95)).toBe(0);
    const durations = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.1, 0.5, 0.95, 1), (all, q) => {
        const [about, told] = [of(all).about(q), of(all).quantile(q)];
        expect(about).toBeLessThanOrEqual(told * (1 + 1e-9));
        expect(about).toBeGreaterThanOrEqual(told / 1.19);
      }),
      runs(60),
    );
  });

  it('is within a few percent where many samples are spread evenly', () => {
    const latency = of(Array.from({ length: 900 }, (_, i) => 400 + i));
    for (const q of [0.2, 0.5, 0.8, 0.95]) expect(latency.about(q) / (400 + 900 * q)).toBeCloseTo(1, 1);
  });
});

it('takes in what another one knows', () => {
  const all = of([100, 100, 100]);
  all.add(of([1_000, 1_000]));
  expect([all.quantile(0.6) < 120, all.quantile(0.61) > 900]).toEqual([true, true]);
});

describe('a duration that was cut short', () => {
  it('raises what is known and never lowers it', () => {
    const durations = fc.array(fc.integer({ min: 1, max: 600_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(durations, durations, (whole, cut) => {
        const latency = of(whole);
        for (const ms of cut) {
          const before = latency.quantile(0.99);
          latency.recordCut(ms);
          expect(latency.quantile(0.99)).toBeGreaterThanOrEqual(before);
        }
      }),
      runs(60),
    );
  });

  it('teaches where nothing else is known: again and again at the same bound', () => {
    const latency = new Latency();
    for (let i = 0; i < 20; i++) latency.recordCut(60_000);
    expect(latency.learned).toBe(true);
    expect(latency.quantile(0.99)).toBeGreaterThanOrEqual(60_000);
  });
});

describe('learned', () => {
  it('needs 20 samples', () => {
    expect([of(Array(19).fill(5)).learned, of(Array(20).fill(5)).learned]).toEqual([false, true]);
  });

  it('stays so, however much is forgotten', () => {
    const latency = of(Array(20).fill(5));
    for (let i = 0; i < 5_000; i++) {
      latency.record(5);
      if (!latency.learned) expect.unreachable();
    }
  });
});

describe('forgetting', () => {
  it('lets the last few hundred decide', () => {
    const latency = of(Array(10_000).fill(10_000));
    for (let i = 0; i < 3_000; i++) latency.record(10);
    expect(latency.quantile(0.5)).toBeLessThan(12);
  });

  it('keeps the slow hundredth of steady traffic', () => {
    const latency = new Latency();
    for (let i = 0; i < 20_000; i++) latency.record(i % 50 === 0 ? 5_000 : 100);
    expect(latency.quantile(0.99)).toBeGreaterThanOrEqual(5_000);
    expect(latency.quantile(0.9)).toBeLessThan(120);
  });
});
