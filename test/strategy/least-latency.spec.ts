// Calls in flight, and away from the slow, the silent and the failing: what counts as slow, for how long, and what is tried.
import { describe, expect, it } from 'vitest';
import { leastLatency } from '../../src/strategy/least-latency.ts';
import type { Candidate, Timing, TrackRecord } from '../../src/strategy/strategy.ts';
import { manualClock } from '../../src/testing/index.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';

const NOW = 1_000_000;
const call = { ...CALL, stream: true, now: NOW };
const unknown: Timing = { time: 0, pace: 0, learnedAt: 0, silentSince: 0 };
const took = (time: number, more: Partial<Timing> = {}): Timing => ({
  ...{ time, pace: 1_000 * time, learnedAt: NOW, silentSince: 0 },
  ...more,
});
const shown = (streams: Timing, plain: Timing = unknown): Pick<Candidate, 'trackRecord'> => {
  const record: TrackRecord = { streams, plain, avoidUntil: 0, failing: 0 };
  return { trackRecord: () => record };
};

/** Who is picked: given calls in flight and what was shown of each. */
function picked(pool: readonly Partial<Candidate>[], of = call): string {
  const candidates = pool.map((each, i) => candidate('abcdefgh'[i]!, each));
  const names = Array.from({ length: 200 }, () => strategy.pick(candidates, of).name);
  return [...new Set(names)].sort().join('');
}
const strategy = leastLatency(manualClock({ seed: 11 }).random);

describe('the band', () => {
  it.each<[string, number, number, string]>([
    ['up to twice as slow is as quick', 400, 790, 'ab'],
    ['beyond that it is slower', 400, 1_200, 'a'],
  ])('%s', (_, a, b, names) => {
    expect(picked([shown(took(a)), shown(took(b))])).toBe(names);
  });

  it('within it load alone decides, so that nobody herds after chance', () => {
    expect(
      picked([
        { inFlight: 3, ...shown(took(400)) },
        { inFlight: 2, ...shown(took(780)) },
      ]),
    ).toBe('b');
  });

  it('leaves a slow one a small share while the others are busy, by the square of how slow it is', () => {
    const at = (inFlight: number) => picked([{ inFlight, ...shown(took(400)) }, shown(took(2_400))]);
    expect([at(7), at(9)]).toEqual(['a', 'b']);
  });

  it('measures by the quickest of all, and not by one that gets no calls', () => {
    const idle = { weight: 0, ...shown(took(10)) };
    expect(picked([shown(took(400)), shown(took(700)), idle])).toBe('ab');
  });

  it('above 16 endpoints between the two that are drawn', () => {
    const pool = Array.from({ length: 40 }, (_, i) => candidate(`e${i}`, shown(took(i === 7 ? 4_000 : 400))));
    const counts = new Map<string, number>();
    for (let i = 0; i < 4_000; i++) {
      const { name } = strategy.pick(pool, call);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    // Only where it was drawn against itself.
    expect(counts.get('e7') ?? 0).toBe(0);
    expect(counts.size).toBe(39);
  });
});

describe('what was learned long ago', () => {
  it('is forgiven by halves, every two minutes', () => {
    const busy = { inFlight: 20, ...shown(took(400)) };
    const learned = (ago: number) => shown(took(4_000, { learnedAt: NOW - ago }));
    expect([0, 60_000].map((ago) => picked([busy, learned(ago)]))).toEqual(['a', 'b']);
    const calm = { inFlight: 1, ...shown(took(400)) };
    expect([120_000, 600_000].map((ago) => picked([calm, learned(ago)]))).toEqual(['a', 'b']);
  });
});

describe('silence', () => {
  it.each<[number, string]>([
    [700, 'ab'],
    [1_600, 'a'],
  ])('of %d ms while calls wait', (ms, names) => {
    const silent = shown(took(400, { silentSince: NOW - ms }));
    expect(
      picked([
        { inFlight: 2, ...shown(took(400)) },
        { inFlight: 2, ...silent },
      ]),
    ).toBe(names);
  });

  it('is measured by what whole answers take, where calls are plain', () => {
    const plain = (time: number, silent: number) =>
      shown(unknown, took(time, { pace: 20_000, silentSince: NOW - silent }));
    const at = (silent: number) => picked([plain(6_000, NOW), plain(6_000, silent)], { ...call, stream: false });
    expect([at(10_000), at(20_000)]).toEqual(['ab', 'a']);
  });
});

describe('plain calls', () => {
  it('are compared by the token: long answers make nobody slow', () => {
    const long = shown(unknown, took(20_000, { pace: 20_000 }));
    const short = shown(unknown, took(1_000, { pace: 20_000 }));
    const slow = shown(unknown, took(1_000, { pace: 200_000 }));
    expect(picked([long, short, slow], { ...call, stream: false })).toBe('ab');
  });

  it('and streams say nothing of each other', () => {
    expect(picked([shown(took(400), took(90_000)), shown(took(400), took(100))])).toBe('ab');
  });
});

describe('an endpoint of which nothing is known', () => {
  it('shares calls with the others, idle as it is', () => {
    expect(picked([shown(took(400)), {}, shown(unknown)])).toBe('abc');
  });

  it('is tried gently: one call, and the next when the others have eight', () => {
    const at = (inFlight: number) =>
      picked([
        { inFlight, ...shown(took(400)) },
        { inFlight: 1, ...shown(unknown) },
      ]);
    expect([at(1), at(4), at(6), at(8)]).toEqual(['a', 'a', 'a', 'b']);
  });

  it('among its like is as good as any: least busy', () => {
    expect(picked([{ inFlight: 2 }, { inFlight: 1 }, { inFlight: 1, ...shown(unknown) }])).toBe('bc');
  });
});

it('follows the weights among equals', () => {
  const pool = [candidate('a', shown(took(400))), candidate('b', { weight: 3, ...shown(took(500)) })];
  const counts = countPicks({ pick: (all) => strategy.pick(all, call) }, pool, 4_000);
  expect(Math.abs((counts.get('b') as number) - 3_000)).toBeLessThan(120);
});
