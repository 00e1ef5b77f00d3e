// The bounds of one attempt, from the options and what was learned.
import { describe, expect, it } from 'vitest';
import { type Bounds, boundsOf, hedgeAfter, kindOf, usualTime } from '../../src/dispatch/clocks.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { type TimeKind, UsualTimes } from '../../src/pool/usual-times.ts';
import { manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint, poolSettings } from '../support/parts.ts';

const clock = manualClock();
const endpoint = (changes: Parameters<typeof anEndpoint>[1] = {}) => anEndpoint(clock, changes);

/** An endpoint that usually takes this long, in ms; 20 samples are enough to be believed. */
function taking(times: { plain?: number; head?: number; content?: number }, samples = 20, key = 'gpt-5'): Endpoint {
  const own = endpoint();
  own.state.release(own.state.begin(key, 1, false)!);
  for (const [kind, ms] of Object.entries(times))
    for (let i = 0; i < samples; i++) own.state.latency(key)![kind as 'plain'].record(ms);
  return own;
}
/** A pool of these, as far as time goes. */
const poolOf = (endpoints: Endpoint[]) => {
  const times = new UsualTimes(clock);
  return {
    endpoints,
    usual: (model: string, kind: TimeKind) => times.of(model, kind, endpoints),
    slowest: (model: string, kind: TimeKind) => times.slowest(model, kind, endpoints),
  };
};
const bounds = (
  call: Parameters<typeof aCall>[0],
  of: Endpoint,
  settings: Parameters<typeof poolSettings>[1] = {},
  others: Endpoint[] = [],
): Bounds => boundsOf(aCall(call), of, poolOf([of, ...others]), poolSettings(clock, settings));

describe('a stream', () => {
  it('is cut after a minute without headers, five without content, if somebody else is there', () => {
    expect(bounds({ stream: true }, endpoint())).toMatchObject({
      headers: { after: 60_000, certain: false, beside: false },
      content: { after: 300_000, certain: false, beside: false },
      rescue: undefined,
    });
  });

  it('is given five times what the model usually takes', () => {
    const { headers, content } = bounds({ stream: true }, taking({ head: 20_000, content: 100_000 }));
    expect(headers!.after).toBeGreaterThanOrEqual(100_000);
    expect(headers!.after).toBeLessThanOrEqual(119_000);
    expect(content.after).toBeGreaterThanOrEqual(500_000);
    expect(content.after).toBeLessThanOrEqual(595_000);
  });

  it('is not cut earlier where the model is quick', () => {
    expect(bounds({ stream: true }, taking({ head: 100, content: 200 }))).toMatchObject({
      headers: { after: 60_000 },
      content: { after: 300_000 },
    });
  });
});

describe('a stream whose cut would come when its time is over', () => {
  const rescued = (after: number) => ({ after, certain: false, beside: true });

  it('is rescued like a plain call instead, each stage by what it usually takes', () => {
    expect(bounds({ stream: true, deadline: 60_000 }, endpoint())).toMatchObject({
      headers: rescued(30_000),
      content: rescued(30_000),
    });
    expect(bounds({ stream: true, deadline: 60_001 }, endpoint())).toMatchObject({
      headers: { after: 60_000, beside: false },
      content: rescued(30_000.5),
    });
    const quick = taking({ head: 100, content: 200 });
    expect(bounds({ stream: true, deadline: 50_000 }, quick)).toMatchObject({
      headers: rescued(20_000),
      content: rescued(20_000),
    });
    const thinks = bounds({ stream: true, deadline: 50_000 }, taking({ head: 100, content: 16_384 }));
    expect(thinks).toMatchObject({ headers: rescued(20_000), content: rescued(3 * 16_384) });
  });

  it('is not where the user wants no rescue', () => {
    expect(bounds({ stream: true, deadline: 30_000 }, endpoint(), { rescue: false })).toMatchObject({
      headers: { after: 60_000, beside: false },
      content: { after: 300_000, beside: false },
    });
  });
});

describe('a plain call', () => {
  it.each<[string, Parameters<typeof aCall>[0], Endpoint, number]>([
    ['half of its time before anything is learned', { deadline: 600_000 }, endpoint(), 300_000],
    ['half of a short time before anything is learned', { deadline: 10_000 }, endpoint(), 5_000],
    ['after 20 s where the model is quick', {}, taking({ plain: 1_000 }), 20_000],
    ['in time for a short call where the model is quick', { deadline: 10_000 }, taking({ plain: 100 }), 5_000],
  ])('is rescued after %s', (_, call, of, ms) => {
    expect(bounds(call, of)).toMatchObject({ headers: undefined, rescue: ms });
  });

  it('is rescued after three times what the model usually takes', () => {
    const { rescue } = bounds({}, taking({ plain: 40_000 }));
    expect(rescue).toBeGreaterThanOrEqual(120_000);
    expect(rescue).toBeLessThanOrEqual(142_800);
  });

  it('does not believe 19 samples', () => {
    expect(bounds({}, taking({ plain: 1_000 }, 19)).rescue).toBe(300_000);
  });

  it.each(['create', 'once'] as const)('is not rescued when it must not be sent twice: %s', (replay) => {
    expect(bounds({ replay }, endpoint()).rescue).toBeUndefined();
  });

  it('is rescued as the user says, or not at all', () => {
    expect(
      bounds({}, taking({ plain: 1_000 }), { rescue: { after: 1_000, factor: 10 } }).rescue,
    ).toBeGreaterThanOrEqual(10_000);
    expect(bounds({}, taking({ plain: 10 }), { rescue: { after: 1_000, factor: 10 } }).rescue).toBe(1_000);
    expect(bounds({}, taking({ plain: 10 }), { rescue: false }).rescue).toBeUndefined();
  });
});

describe('an endpoint that has become slow', () => {
  it('is rescued by what the model takes elsewhere, and cut by its own times', () => {
    const [slow, quick] = [taking({ plain: 65_536, head: 65_536 }), taking({ plain: 1_024, head: 1_024 })];
    expect(bounds({}, slow).rescue).toBe(196_608);
    expect(bounds({}, slow, {}, [quick]).rescue).toBe(20_000);
    expect(bounds({ stream: true }, slow, {}, [quick]).headers!.after).toBe(327_680);
    // Before its own are learned nobody knows.
    expect(bounds({}, endpoint(), {}, [quick]).rescue).toBe(20_000);
  });
});

describe('a hedge', () => {
  const hedge = { budget: 0.1, quantile: 0.95, minDelay: 50 };
  const hedged = (call: Parameters<typeof aCall>[0], all: Endpoint[], probe = false) =>
    hedgeAfter(aCall({ hedge, ...call }), poolOf(all), { failover: true }, probe);
  const two = () => [taking({ plain: 1_024, content: 512 }), taking({ plain: 1_024, content: 512 })];

  it('comes after the time of 95 in 100: plain calls by their answer, streams by their content', () => {
    expect(hedged({}, two()) ?? 0).toBeGreaterThan(1_024);
    expect(hedged({}, two())).toBeLessThanOrEqual(1.05 * 1_024);
    expect(hedged({ stream: true }, two())).toBeLessThanOrEqual(1.05 * 512);
    expect(hedged({ hedge: { ...hedge, minDelay: 3_000 } }, two())).toBe(3_000);
  });

  it('comes no later than five times the median, and at the median for the probe of a silent endpoint', () => {
    const spread = taking({ plain: 256 }, 60);
    for (let i = 0; i < 40; i++) spread.state.latency('gpt-5')!.plain.record(2_048);
    expect(hedged({ hedge: { ...hedge, quantile: 0.7 } }, [spread, endpoint()])).toBe(1_280);
    expect(hedged({}, [spread, endpoint()], true)).toBe(256);
  });

  it('never comes for a call that must not be sent twice, nor without failover, a second endpoint or a known time', () => {
    expect([hedged({ replay: 'create' }, two()), hedged({ replay: 'once' }, two())]).toEqual([undefined, undefined]);
    expect([hedged({ hedge: false }, two()), hedged({}, two().slice(1))]).toEqual([undefined, undefined]);
    expect(hedged({}, [taking({ plain: 1_024 }, 9), taking({ plain: 1_024 }, 9)])).toBeUndefined();
    expect(hedgeAfter(aCall({ hedge }), poolOf(two()), { failover: false })).toBeUndefined();
  });
});

describe('a bound of the user', () => {
  it.each<[string, Parameters<typeof poolSettings>[1], number | undefined, number]>([
    ['for every attempt', { attemptTimeout: 7_000 }, undefined, 7_000],
    ['of the endpoint', {}, 5_000, 5_000],
    ['both: the shorter', { attemptTimeout: 7_000 }, 9_000, 7_000],
    ['both: the shorter, the endpoint’s', { attemptTimeout: 7_000 }, 5_000, 5_000],
  ])('%s replaces what was learned', (_, settings, timeout, ms) => {
    const bound = { after: ms, certain: true, beside: false };
    for (const stream of [true, false])
      expect(bounds({ stream }, endpoint({ timeout }), settings)).toMatchObject({
        headers: bound,
        content: bound,
        rescue: undefined,
      });
  });
});

describe('slow', () => {
  it.each<[string, Parameters<typeof aCall>[0], Endpoint, number]>([
    ['half of the client’s timeout at first', { clientTimeout: 600_000 }, endpoint(), 300_000],
    ['not decided by a caller’s own short timeout', { deadline: 100 }, endpoint(), 300_000],
    [
      'no later than half of the client’s timeout where the model is quick',
      { clientTimeout: 10_000 },
      taking({ plain: 10 }),
      5_000,
    ],
    ['20 s where the model is quick', {}, taking({ plain: 10 }), 20_000],
    ['20 s where streams begin quickly', { stream: true }, taking({ head: 10 }), 20_000],
  ])('is %s', (_, call, of, ms) => {
    expect(bounds(call, of).silent.slow).toBe(ms);
  });

  it('comes late after the time of 95 in 100, a second at the least', () => {
    expect(bounds({}, endpoint()).silent).toEqual({ slow: 300_000, late: 300_000 });
    expect(bounds({}, taking({ plain: 10 })).silent).toEqual({ slow: 20_000, late: 1_000 });
    expect(bounds({}, taking({ plain: 4_096 })).silent.late).toBe(4_096);
  });

  it('follows the model', () => {
    expect(bounds({}, taking({ plain: 60_000 })).silent.slow).toBeGreaterThanOrEqual(180_000);
    expect(bounds({ stream: true }, taking({ plain: 60_000 })).silent.slow).toBe(300_000);
  });
});

describe('the usual time', () => {
  it('is the endpoint’s own once learned, else the slowest of the pool, else unknown', () => {
    const [unknown, quick, slow] = [endpoint(), taking({ plain: 100 }), taking({ plain: 1_000 })];
    const of = (one: Endpoint, all: Endpoint[]) => usualTime(aCall(), one, poolOf(all), 'plain');
    expect(of(unknown, [unknown])).toBeUndefined();
    expect(of(quick, [quick, slow])).toBeLessThan(120);
    expect(of(unknown, [unknown, quick, slow])).toBeGreaterThanOrEqual(1_000);
    expect(of(unknown, [unknown, slow, quick])).toBeGreaterThanOrEqual(1_000);
    expect(of(unknown, [unknown, taking({ plain: 0.1 })])).toBe(1);
    expect(usualTime(aCall(), quick, poolOf([quick]), 'head')).toBeUndefined();
    expect(usualTime(aCall({ model: 'other' }), quick, poolOf([quick]), 'plain')).toBeUndefined();
  });

  it('of a call without a model is that of its operation', () => {
    const own = taking({ plain: 1_000 }, 20, '(files)');
    expect(usualTime(aCall({ path: '/files', model: undefined }), own, poolOf([own]), 'plain')).toBeGreaterThanOrEqual(
      1_000,
    );
  });

  it.each([
    [false, false, 'plain'],
    [false, true, 'plain'],
    [true, false, 'head'],
    [true, true, 'content'],
  ] as const)('of a stream (%s) with headers (%s) is that of the stage: %s', (stream, headers, kind) => {
    expect(kindOf(aCall({ stream }), headers)).toBe(kind);
  });
});
