// Fewest calls in flight per weight, and what all strategies by load have in common.
import { describe, expect, it, vi } from 'vitest';
import { leastBusy } from '../../src/strategy/least-busy.ts';
import { leastLoaded } from '../../src/strategy/least-loaded.ts';
import type { Candidate, Timing, TrackRecord } from '../../src/strategy/strategy.ts';
import { manualClock } from '../../src/testing/index.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';

const seeded = (seed: number) => manualClock({ seed }).random;
const many = (count: number, of: (i: number) => Partial<Candidate> = () => ({})) =>
  Array.from({ length: count }, (_, i) => candidate(`e${i}`, of(i)));
const nothing: Timing = { time: 0, pace: 0, learnedAt: 0, silentSince: 0 };
const record = (avoidUntil: number, failing = 0.5): TrackRecord => ({
  streams: nothing,
  plain: nothing,
  avoidUntil,
  failing,
});

describe('leastBusy', () => {
  it.each<[string, Partial<Candidate>[], string]>([
    ['the idle one', [{ inFlight: 3 }, { inFlight: 0 }, { inFlight: 1 }], 'e1'],
    ['by weight: 5 of 10 is less than 1 of 1', [{ inFlight: 1 }, { inFlight: 5, weight: 10 }], 'e1'],
    ['a weight of 0 stays out, however idle', [{ inFlight: 9 }, { inFlight: 0, weight: 0 }], 'e0'],
    ['among nothing but weights of 0 the least busy one', [{ inFlight: 2, weight: 0 }, { weight: 0 }], 'e1'],
  ])('takes %s', (_, changes, name) => {
    const pool = changes.map((each, i) => candidate(`e${i}`, each));
    for (let i = 0; i < 20; i++) expect(leastBusy().pick(pool, CALL).name).toBe(name);
  });

  it('spreads ties by weight, and only among those that are tied', () => {
    const pool = [candidate('busy', { inFlight: 1 }), candidate('one'), candidate('three', { weight: 3 })];
    const counts = countPicks(leastBusy(seeded(1)), pool, 4_000);
    expect(counts.get('busy')).toBe(0);
    expect(Math.abs((counts.get('three') as number) - 3_000)).toBeLessThan(120);
  });

  it('draws no chance when one is ahead of all', () => {
    const chance = vi.fn(() => 0);
    leastBusy(chance).pick(
      many(5, (i) => ({ inFlight: i })),
      CALL,
    );
    expect(chance).not.toHaveBeenCalled();
  });

  it('looks at everybody up to 16', () => {
    for (let idle = 0; idle < 16; idle++)
      expect(
        leastBusy(seeded(idle)).pick(
          many(16, (i) => ({ inFlight: i === idle ? 0 : 1 })),
          CALL,
        ).name,
      ).toBe(`e${idle}`);
  });

  it('takes the better of two above 16: the busiest one never, the idlest about twice its share', () => {
    const pool = many(20, (i) => ({ inFlight: i }));
    const counts = countPicks(leastBusy(seeded(2)), pool, 20_000);
    expect(counts.get('e19')).toBeLessThan(10);
    expect(counts.get('e0')).toBeGreaterThan(1_700);
    expect(counts.get('e0')).toBeLessThan(2_200);
  });

  it('keeps queues almost equal above 16, where chance alone would not', () => {
    const pool = many(100).map((each) => ({ ...each, inFlight: 0 }));
    const strategy = leastBusy(seeded(3));
    for (let i = 0; i < 10_000; i++) (strategy.pick(pool, CALL) as (typeof pool)[number]).inFlight += 1;
    const loads = pool.map(({ inFlight }) => inFlight);
    expect(Math.max(...loads)).toBeLessThanOrEqual(104);
  });

  it('never takes a weight of 0 above 16, and reads ever new lists anew', () => {
    const strategy = leastBusy(seeded(4));
    for (let from = 0; from < 20; from++) {
      const pool = many(20, (i) => ({ weight: i === from ? 1 : 0, inFlight: i === from ? 50 : 0 }));
      expect(strategy.pick(pool, CALL).name).toBe(`e${from}`);
    }
  });
});

describe('whoever failed of late', () => {
  it.each([3, 20])('is left alone however idle it is, and no longer than that: %d endpoints', (count) => {
    const until = 1_000;
    const pool = many(count, (i) => (i === 0 ? { trackRecord: () => record(until) } : { inFlight: 50 }));
    const before = countPicks(leastBusy(seeded(5)), pool, 500);
    expect(before.get('e0')).toBe(0);
    const strategy = leastBusy(seeded(6));
    const after = Array.from({ length: 500 }, () => strategy.pick(pool, { ...CALL, now: until }).name);
    expect(after.includes('e0')).toBe(true);
  });

  it.each([2, 20])('is taken when all did: nobody runs from one to the other: %d endpoints', (count) => {
    const pool = many(count, (i) => ({ inFlight: i === 0 ? 0 : 9, trackRecord: () => record(9, 0.3 + 0.2 * (i % 2)) }));
    expect(countPicks(leastBusy(seeded(8)), pool, 100).get('e0')).toBeGreaterThan(0);
  });

  it('is asked for its record of the model of the call', () => {
    const ofModel = (model: string | undefined) => (model === 'sick' ? record(9) : undefined);
    const pool = [candidate('a', { trackRecord: ({ model }) => ofModel(model) }), candidate('b', { inFlight: 1 })];
    const strategy = leastBusy();
    const served = (model: string) => strategy.pick(pool, { ...CALL, model }).name;
    expect(['well', 'sick', 'well', 'sick'].map(served)).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('leastLoaded', () => {
  it('takes a metric of your own', () => {
    const price: Record<string, number> = { cheap: 1, dear: 3 };
    const strategy = leastLoaded(({ name, inFlight }) => (inFlight + 1) * (price[name] ?? 1), { name: 'by-price' });
    const at = (inFlight: number) => strategy.pick([candidate('cheap', { inFlight }), candidate('dear')], CALL).name;
    expect([strategy.name, at(0), at(1), at(3)]).toEqual(['by-price', 'cheap', 'cheap', 'dear']);
    expect(leastLoaded(() => 0).name).toBe('least-loaded');
  });

  it('takes what is no number for the largest load', () => {
    const strategy = leastLoaded(({ name }) => (name === 'e0' ? Number.NaN : 1));
    expect(strategy.pick(many(2), CALL).name).toBe('e1');
    const none = leastLoaded(() => Number.NaN, { chance: seeded(7) });
    expect(countPicks(none, many(2), 100).get('e1')).toBeGreaterThan(20);
  });
});
