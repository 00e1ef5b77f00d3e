// What opossum does by itself and the adapter must not: one test per trap measured, named O1 to O20.
import type { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import type { BreakerSettings } from '../../src/config/settings.ts';
import { Breaker } from '../../src/endpoint/breaker.ts';
import type { Permit } from '../../src/endpoint/live-facts.ts';
import { shareOf } from '../../src/endpoint/slow-start.ts';
import { manualClock } from '../../src/testing/index.ts';
import { breakerSettings } from '../support/parts.ts';

const made = vi.hoisted(() => [] as Array<{ options: Record<string, unknown> }>);
vi.mock('opossum', async (original) => {
  const { default: CircuitBreaker } = await original<{ default: typeof import('opossum') }>();
  class Watched extends CircuitBreaker {
    constructor(action: (...args: unknown[]) => Promise<unknown>, options: Record<string, unknown>) {
      // A copy: opossum writes its own defaults into the options.
      made.push({ options: { ...options } });
      super(action, options);
    }
  }
  return { default: Watched };
});

afterEach(() => {
  made.length = 0;
  vi.useRealTimers();
});

const BY_SHARE = { consecutiveFailures: 1_000_000 };

function bench(changes: Partial<BreakerSettings> = {}) {
  const clock = manualClock();
  const told: string[] = [];
  const breaker = new Breaker(breakerSettings(changes), clock, (state) => told.push(state));
  const settle = (health: 'success' | 'failure' | 'neutral', times = 1) => {
    for (let i = 0; i < times; i++) breaker.settle(breaker.admit()!, health);
  };
  const eject = () => settle('failure', breakerSettings(changes).consecutiveFailures);
  const due = () => clock.advance(breaker.opensAt - clock.now());
  return { clock, breaker, told, settle, eject, due };
}

describe('opossum decides when to open, and does nothing else', () => {
  it('O1, O2, O11, O15: no timeout, no abort controller, no capacity, no filter, no cache, no percentiles, no snapshots', () => {
    const { settle } = bench();
    settle('failure');
    expect(made).toHaveLength(1);
    const { options } = made[0]!;
    expect(options).toMatchObject({ timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false });
    for (const name of ['abortController', 'capacity', 'errorFilter', 'cache', 'coalesce', 'allowWarmUp', 'name'])
      expect(options[name]).toBeUndefined();
    expect(options).toMatchObject({
      errorThresholdPercentage: 50,
      volumeThreshold: 10,
      rollingCountTimeout: 30_000,
      rollingCountBuckets: 10,
    });
  });

  it('is made at the first failure: an endpoint that never fails costs nothing', () => {
    const { settle } = bench();
    settle('success', 1_000);
    settle('neutral', 1_000);
    expect(made).toHaveLength(0);
  });

  it('is kept as long as a failure is in its window, and not while open', async () => {
    const { settle, clock, breaker } = bench(BY_SHARE);
    settle('failure');
    await clock.advance(29_999);
    settle('success');
    settle('failure');
    expect(made).toHaveLength(1);
    await clock.advance(33_000);
    settle('success');
    settle('failure');
    expect(made).toHaveLength(2);
    await clock.advance(33_000);
    settle('failure');
    expect(made).toHaveLength(3);
    settle('failure', 9);
    expect(breaker.state).toBe('open');
    expect(made).toHaveLength(3);
    expect(made.map(({ options }) => (options.rotateBucketController as EventEmitter).listenerCount('rotate'))).toEqual(
      [0, 0, 0],
    );
  });

  it('O1: an attempt may take an hour; its outcome counts all the same', async () => {
    const { breaker, clock, settle } = bench();
    const slow = breaker.admit()!;
    await clock.advance(3_600_000);
    settle('failure', 4);
    breaker.settle(slow, 'failure');
    expect(breaker.state).toBe('open');
  });

  it('O3: no number of failed or aborted attempts bricks it: it closes again, many times over', async () => {
    const { breaker, eject, due } = bench();
    for (let round = 0; round < 20; round++) {
      eject();
      await due();
      breaker.settle(breaker.admit()!, 'neutral');
      breaker.settle(breaker.admit()!, 'success');
      expect(breaker.state).toBe('closed');
      expect(breaker.admit()).toBeDefined();
    }
  });

  it('O5: of a hundred who come when it is due, one may probe', async () => {
    const { breaker, eject, due } = bench();
    eject();
    await due();
    const admitted = Array.from({ length: 100 }, () => breaker.admit()).filter((permit) => permit !== undefined);
    expect(admitted).toEqual([expect.objectContaining({ probe: true })]);
  });

  it('O6: a probe that never settles does not hold its place for ever', async () => {
    const { breaker, eject, due, clock } = bench();
    eject();
    for (let round = 0; round < 10; round++) {
      await due();
      expect(breaker.admit()).toMatchObject({ probe: true });
      await clock.advance(30_000);
      expect(breaker.state).toBe('open');
    }
  });

  it('O7: an outcome that does not count does not close it either', async () => {
    const { breaker, eject, due, told } = bench();
    eject();
    await due();
    breaker.settle(breaker.admit()!, 'neutral');
    expect([breaker.state, told]).toEqual(['open', ['ejected']]);
  });

  it('O8: outcomes that do not count do not thin out those that do', () => {
    const { breaker, settle } = bench(BY_SHARE);
    for (let i = 0; i < 9; i++) {
      settle('neutral', 20);
      settle('failure');
    }
    expect(breaker.state).toBe('closed');
    settle('failure');
    expect(breaker.state).toBe('open');
  });

  it('O9: what was sent before it opened changes nothing afterwards', async () => {
    const { breaker, eject, due, told } = bench();
    const [late, later, last] = [breaker.admit()!, breaker.admit()!, breaker.admit()!];
    eject();
    const until = breaker.opensAt;
    breaker.settle(late, 'success');
    expect([breaker.state, breaker.opensAt]).toEqual(['open', until]);
    await due();
    const probe = breaker.admit()!;
    breaker.settle(later, 'failure');
    expect(breaker.state).toBe('half-open');
    breaker.settle(last, 'success');
    expect(breaker.state).toBe('half-open');
    breaker.settle(probe, 'success');
    expect(told).toEqual(['ejected', 'restored']);
  });

  it('O9: nor do failures from before the recovery count after it', async () => {
    const { breaker, eject, due } = bench();
    const late = Array.from({ length: 10 }, () => breaker.admit() as Permit);
    eject();
    await due();
    breaker.settle(breaker.admit()!, 'success');
    for (const permit of late) breaker.settle(permit, 'failure');
    expect(breaker.state).toBe('closed');
  });

  it('O10: those turned away while open are no outcomes: after the recovery the window is fresh', async () => {
    const { breaker, due, settle } = bench(BY_SHARE);
    settle('failure', 10);
    for (let i = 0; i < 1_000; i++) expect(breaker.admit()).toBeUndefined();
    await due();
    breaker.settle(breaker.admit()!, 'success');
    settle('failure', 10);
    expect(breaker.state).toBe('open');
  });

  it('O11: any number of attempts may be out at a time, and what they find is counted one by one', () => {
    const { breaker, settle } = bench();
    settle('failure');
    const out = Array.from({ length: 10_000 }, () => breaker.admit()!);
    expect(out.every((permit) => permit !== undefined)).toBe(true);
    for (const permit of out) breaker.settle(permit, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('O13: nothing is counted when leave is given, everything when the attempt is over', () => {
    const { breaker } = bench();
    const streams = Array.from({ length: 5 }, () => breaker.admit()!);
    expect(breaker.state).toBe('closed');
    for (const permit of streams) breaker.settle(permit, 'failure');
    expect(breaker.state).toBe('open');
  });

  it('O14: the window follows the clock, also when the process stood still', async () => {
    const { breaker, settle, clock } = bench({ ...BY_SHARE, rollingCountTimeout: 1_000 });
    settle('failure', 9);
    await clock.advance(5_000);
    settle('failure', 9);
    expect(breaker.state).toBe('closed');
  });

  it('O15: ten thousand failures at once cost little', () => {
    const { breaker } = bench({ ...BY_SHARE, errorThresholdPercentage: 100 });
    const out = Array.from({ length: 10_000 }, () => breaker.admit()!);
    const start = performance.now();
    for (const permit of out) breaker.settle(permit, 'failure');
    expect(performance.now() - start).toBeLessThan(800);
    expect(breaker.state).toBe('closed');
  });

  it('O16: a thousand breakers, open, half-open and closed, hold no timer', async () => {
    vi.useFakeTimers();
    const breakers = Array.from({ length: 1_000 }, () => bench());
    for (const { eject } of breakers) eject();
    expect(vi.getTimerCount()).toBe(0);
    for (const { breaker, clock } of breakers) {
      (clock as { now: () => number }).now = () => 5_000;
      breaker.admit();
    }
    for (const { breaker } of breakers.slice(500)) breaker.settle({ epoch: 1, probe: true }, 'success');
    expect(breakers.map(({ breaker }) => breaker.state).filter((state) => state === 'half-open')).toHaveLength(500);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('O16: not a real one either', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const breakers = Array.from({ length: 1_000 }, () => bench());
    for (const { eject } of breakers) eject();
    expect(breakers.every(({ breaker }) => breaker.state === 'open')).toBe(true);
    expect(timers()).toBe(before);
  });

  it('O17: what came before a recovery is shut down for good', async () => {
    const { breaker, eject, due, told, settle } = bench();
    const late = breaker.admit()!;
    eject();
    await due();
    breaker.settle(breaker.admit()!, 'success');
    breaker.settle(late, 'failure');
    settle('failure', 4);
    expect([breaker.state, told]).toEqual(['closed', ['ejected', 'restored']]);
  });

  it('O18: the end of the open time is known to the millisecond, whenever it is asked for', async () => {
    const { breaker, eject, clock } = bench();
    await clock.advance(12_345);
    eject();
    const until = breaker.opensAt;
    expect(until).toBeGreaterThan(12_345);
    await clock.advance(1_000);
    expect(breaker.opensAt).toBe(until);
    await clock.advance(until - clock.now() - 0.001);
    expect(breaker.admit()).toBeUndefined();
    await clock.advance(0.001);
    expect(breaker.admit()).toBeDefined();
  });

  it('O19: no rejection goes unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { breaker, settle, eject, due } = bench();
    settle('failure', 4);
    settle('success', 30);
    eject();
    await due();
    breaker.settle(breaker.admit()!, 'failure');
    await due();
    breaker.settle(breaker.admit()!, 'success');
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('O20: one success closes it, but brings a tenth of the traffic back at first', async () => {
    const { breaker, eject, due } = bench();
    eject();
    await due();
    breaker.settle(breaker.admit()!, 'success');
    expect(breaker.state).toBe('closed');
    expect(shareOf(breaker.comeback!, defaults.slowStart, breaker.comeback!.since)).toBeCloseTo(0.1);
  });
});
