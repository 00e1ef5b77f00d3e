// The breaker as a state machine: when it opens, who may probe, what each outcome changes, how long it stays open.
import { describe, expect, it, vi } from 'vitest';
import type { BreakerSettings } from '../../src/config/settings.ts';
import { breakerBench as bench } from '../support/breaker-bench.ts';

/** Without failures in a row, so that only the percentage decides. */
const BY_SHARE = { consecutiveFailures: 1_000_000 };

describe('opening', () => {
  it.each<[string, Partial<BreakerSettings>, string, string]>([
    ['five failures in a row', {}, 'fffff', 'open'],
    ['four of them', {}, 'ffff', 'closed'],
    ['four, a success, four', {}, 'ffffsffff', 'closed'],
    ['neutral ones in between', {}, 'ffnffnf', 'open'],
    ['as many as configured', { consecutiveFailures: 2 }, 'ff', 'open'],
    ['one, if so configured', { consecutiveFailures: 1 }, 'f', 'open'],
    ['more than half of ten', BY_SHARE, 'fsfsfsfsff', 'open'],
    ['half of ten', BY_SHARE, 'fsfsfsfsfs', 'closed'],
    ['all of nine', BY_SHARE, 'fffffffff', 'closed'],
    ['all of ten', BY_SHARE, 'ffffffffff', 'open'],
    [
      'a higher share than configured',
      { ...BY_SHARE, errorThresholdPercentage: 20, volumeThreshold: 4 },
      'fssf',
      'open',
    ],
    [
      'a lower share than configured',
      { ...BY_SHARE, errorThresholdPercentage: 80, volumeThreshold: 4 },
      'sfff',
      'closed',
    ],
    ['no volume needed', { ...BY_SHARE, volumeThreshold: 0 }, 'f', 'open'],
    ['successes alone', {}, 's'.repeat(1_000), 'closed'],
    ['neutral ones alone', { consecutiveFailures: 1, volumeThreshold: 0 }, 'n'.repeat(1_000), 'closed'],
  ])('after %s', (_, settings, outcomes, state) => {
    const { breaker, play } = bench(settings);
    play(outcomes);
    expect(breaker.state).toBe(state);
  });

  it('counts the successes from before the first failure of the window', () => {
    const { breaker, play } = bench(BY_SHARE);
    play(`${'s'.repeat(100)}${'ffs'.repeat(5)}`);
    expect(breaker.state).toBe('closed');
  });

  it('forgets by time, bucket by bucket', async () => {
    const { breaker, play, clock } = bench({ ...BY_SHARE, rollingCountTimeout: 10_000, rollingCountBuckets: 10 });
    play('fffffffff');
    await clock.advance(10_000);
    play('s');
    play('f');
    expect(breaker.state).toBe('closed');
    await clock.advance(5_000);
    play('fffffff');
    expect(breaker.state).toBe('closed');
    play('f');
    expect(breaker.state).toBe('open');
  });

  it('still knows what is younger than the window', async () => {
    const { breaker, play, clock } = bench({ ...BY_SHARE, rollingCountTimeout: 10_000, rollingCountBuckets: 10 });
    play('fffffffff');
    await clock.advance(8_999);
    play('f');
    expect(breaker.state).toBe('open');
  });

  it('gives nobody leave while open, says until when, and tells once', async () => {
    const { breaker, eject, clock, changes } = bench();
    eject();
    const until = breaker.opensAt;
    expect(until).toBeGreaterThan(4_500);
    expect(until).toBeLessThanOrEqual(5_000);
    await clock.advance(until - 0.5);
    expect([breaker.admit(), breaker.state]).toEqual([undefined, 'open']);
    expect(changes).toEqual([`ejected ${Math.round(until)}`]);
  });
});

describe('the probe', () => {
  it('is the first attempt after the open time, and the only one', async () => {
    const { breaker, eject, probe } = bench();
    eject();
    expect(await probe()).toMatchObject({ probe: true });
    expect([breaker.state, breaker.admit(), breaker.admit()]).toEqual(['half-open', undefined, undefined]);
  });

  it('closes with a success', async () => {
    const { breaker, eject, probe, changes } = bench();
    eject();
    breaker.settle(await probe(), 'success');
    expect([breaker.state, breaker.opensAt, changes.at(-1)]).toEqual(['closed', 0, 'restored']);
  });

  it('opens with a failure', async () => {
    const { breaker, eject, probe, clock } = bench();
    eject();
    breaker.settle(await probe(), 'failure');
    expect(breaker.state).toBe('open');
    expect(breaker.opensAt - clock.now()).toBeGreaterThan(9_000);
  });

  it('leaves its place to the next when it proves nothing', async () => {
    const { breaker, eject, probe, changes } = bench();
    eject();
    breaker.settle(await probe(), 'neutral');
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toMatchObject({ probe: true });
    expect(changes).toHaveLength(1);
  });

  it('counts as failed when it hangs for 30 s', async () => {
    const { breaker, eject, probe, clock, changes } = bench();
    eject();
    await probe();
    await clock.advance(29_999);
    expect([breaker.state, breaker.admit()]).toEqual(['half-open', undefined]);
    await clock.advance(1);
    expect(breaker.state).toBe('open');
    expect(changes).toHaveLength(2);
    await clock.advance(breaker.opensAt - clock.now());
    expect(breaker.admit()).toMatchObject({ probe: true });
  });

  it('has as long as the open time where that is longer', async () => {
    const { breaker, eject, probe, clock } = bench({ resetTimeout: 120_000 });
    eject();
    await probe();
    await clock.advance(119_999);
    expect(breaker.state).toBe('half-open');
  });

  describe('that hung', () => {
    async function hung() {
      const self = bench();
      self.eject();
      const first = await self.probe();
      await self.clock.advance(30_000);
      expect(self.breaker.state).toBe('open');
      return { ...self, first };
    }

    it('still closes when it answers well after all', async () => {
      const { breaker, first } = await hung();
      breaker.settle(first, 'success');
      expect(breaker.state).toBe('closed');
    });

    it('is not punished a second time when it fails at last', async () => {
      const { breaker, first, clock, changes } = await hung();
      const until = breaker.opensAt;
      await clock.advance(1_000);
      breaker.settle(first, 'failure');
      expect([breaker.opensAt, changes.length]).toEqual([until, 2]);
    });

    it.each(['neutral', 'failure'] as const)('leaves the next probe alone when it ends %s', async (health) => {
      const { breaker, first, probe } = await hung();
      const second = await probe();
      expect(second).toMatchObject({ probe: true });
      breaker.settle(first, health);
      expect([breaker.state, breaker.admit()]).toEqual(['half-open', undefined]);
      breaker.settle(second, 'success');
      expect(breaker.state).toBe('closed');
    });
  });
});

describe('the open time', () => {
  const inRow = async (times: number, settings: Partial<BreakerSettings> = {}) => {
    const self = bench(settings);
    self.eject();
    const spans = [self.breaker.opensAt - self.clock.now()];
    for (let i = 1; i < times; i++) {
      self.breaker.settle(await self.probe(), 'failure');
      spans.push(self.breaker.opensAt - self.clock.now());
    }
    return { ...self, spans };
  };

  it('doubles with each ejection in a row, up to five minutes, less up to a tenth', async () => {
    const { spans } = await inRow(9);
    [5, 10, 20, 40, 80, 160, 300, 300, 300].forEach((seconds, index) => {
      expect(spans[index]).toBeLessThanOrEqual(seconds * 1_000);
      expect(spans[index]).toBeGreaterThan(seconds * 900);
    });
    expect(new Set(spans.map((span) => span % 100)).size).toBeGreaterThan(3);
  });

  it('is never cut below what was configured', async () => {
    const { spans } = await inRow(3, { resetTimeout: 600_000, maxResetTimeout: 600_000 });
    for (const span of spans) {
      expect(span).toBeLessThanOrEqual(600_000);
      expect(span).toBeGreaterThan(540_000);
    }
  });

  it('grows, ends and varies as configured', async () => {
    const changes = { resetTimeout: 1_000, resetTimeoutFactor: 3, maxResetTimeout: 20_000, resetTimeoutJitter: 0 };
    expect((await inRow(5, changes)).spans).toEqual([1_000, 3_000, 9_000, 20_000, 20_000]);
    expect((await inRow(3, { ...changes, resetTimeoutFactor: 1 })).spans).toEqual([1_000, 1_000, 1_000]);
    const { spans } = await inRow(9, { ...changes, resetTimeoutFactor: 1, resetTimeoutJitter: 1 });
    expect(Math.min(...spans)).toBeLessThan(500);
  });

  it('goes on doubling when it opens again soon after a recovery', async () => {
    const { breaker, eject, probe, clock } = await inRow(3);
    breaker.settle(await probe(), 'success');
    await clock.advance(4_999);
    eject();
    expect(breaker.opensAt - clock.now()).toBeGreaterThan(36_000);
  });

  it('starts anew after one reset timeout closed', async () => {
    const { breaker, eject, probe, clock } = await inRow(3);
    breaker.settle(await probe(), 'success');
    await clock.advance(5_000);
    eject();
    expect(breaker.opensAt - clock.now()).toBeLessThanOrEqual(5_000);
  });

  it('is the first one for a breaker that fails right after it was made', () => {
    const { breaker, eject } = bench();
    eject();
    expect(breaker.opensAt).toBeLessThanOrEqual(5_000);
  });
});

describe('the way back', () => {
  async function restored() {
    const self = bench();
    expect(self.breaker.comeback).toBeUndefined();
    self.eject();
    expect(self.breaker.comeback).toBeUndefined();
    self.breaker.settle(await self.probe(), 'success');
    return self;
  }

  it('is told from the recovery on, with the successes since then', async () => {
    const { breaker, play, clock } = await restored();
    const since = clock.now();
    expect(breaker.comeback).toEqual({ since, successes: 0 });
    await clock.advance(60_000);
    play('ssnfnsf');
    expect(breaker.comeback).toEqual({ since, successes: 3 });
  });

  it('starts with a fresh window: failures from before the recovery do not eject again', async () => {
    const { breaker, play } = await restored();
    play('ffff');
    expect(breaker.state).toBe('closed');
    play('f');
    expect(breaker.state).toBe('open');
  });
});

describe('an ejection by percentage alone', () => {
  const fail = (self: ReturnType<typeof bench>, count: number, spared: () => boolean) => {
    for (let i = 0; i < count; i++) self.breaker.settle(self.breaker.admit()!, 'failure', spared);
  };

  it('is put off while too many are out, and comes with the next failure after that', () => {
    const self = bench(BY_SHARE);
    let full = true;
    fail(self, 30, () => full);
    expect([self.breaker.state, self.changes]).toEqual(['closed', []]);
    self.play('s');
    full = false;
    expect(self.breaker.state).toBe('closed');
    fail(self, 1, () => full);
    expect(self.breaker.state).toBe('open');
  });

  it('asks nobody before it is due, nor for failures in a row', () => {
    const asked = vi.fn(() => true);
    const byShare = bench(BY_SHARE);
    fail(byShare, 9, asked);
    expect(asked).not.toHaveBeenCalled();
    fail(byShare, 1, asked);
    expect(asked).toHaveBeenCalledOnce();
    const inRow = bench();
    fail(inRow, 5, asked);
    expect([inRow.breaker.state, asked.mock.calls.length]).toEqual(['open', 1]);
  });

  it('once put off, the endpoint can get well by itself', async () => {
    const self = bench(BY_SHARE);
    fail(self, 12, () => true);
    self.play('s'.repeat(30));
    fail(self, 1, () => false);
    expect(self.breaker.state).toBe('closed');
  });
});

describe('leave whatever the state (panic, pins)', () => {
  it('is ordinary leave while closed, and the probe when one is due', async () => {
    const { breaker, eject, clock } = bench();
    expect(breaker.admitAnyway()).toEqual({ epoch: 0, probe: false });
    eject();
    await clock.advance(5_000);
    expect(breaker.admitAnyway()).toMatchObject({ probe: true });
  });

  it.each([
    ['success', 'closed'],
    ['failure', 'open'],
    ['neutral', 'open'],
  ] as const)('while open: %s leaves it %s', async (health, state) => {
    const { breaker, eject, clock } = bench();
    eject();
    const until = breaker.opensAt;
    await clock.advance(1_000);
    breaker.settle(breaker.admitAnyway(), health);
    expect(breaker.state).toBe(state);
    if (state === 'open') expect(breaker.opensAt).toBe(until);
  });

  it('while a probe runs: good news closes, bad news leaves the probe alone', async () => {
    const { breaker, eject, probe } = bench();
    eject();
    const probing = await probe();
    breaker.settle(breaker.admitAnyway(), 'failure');
    expect(breaker.state).toBe('half-open');
    breaker.settle(breaker.admitAnyway(), 'success');
    expect(breaker.state).toBe('closed');
    breaker.settle(probing, 'failure');
    expect(breaker.state).toBe('closed');
  });
});
