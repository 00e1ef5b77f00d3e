// The clock turned by hand: order, nesting, chance, and the wall clock apart from time.
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';

describe('advance', () => {
  it('runs what comes due, in order of time, then of setting', async () => {
    const clock = manualClock();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name} ${clock.now()}`);
    clock.after(20, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('later'), false);
    expect([clock.pending, clock.next]).toEqual([4, 10]);
    await clock.advance(30);
    expect(ran).toEqual(['a 10', 'b 10', 'c 20']);
    expect([clock.now(), clock.pending, clock.next]).toEqual([30, 1, 1]);
  });

  it('lets promises settle in between, so that timers set by others come in their place', async () => {
    const clock = manualClock();
    const ran: string[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    const loop = async (name: string, ms: number) => {
      for (let i = 0; i < 3; i++) {
        await sleep(ms);
        ran.push(`${name} ${clock.now()}`);
      }
    };
    const both = [loop('a', 10), loop('b', 15)];
    await clock.advance(45);
    await Promise.all(both);
    expect(ran).toEqual(['a 10', 'b 15', 'a 20', 'b 30', 'a 30', 'b 45']);
    expect([clock.pending, clock.next]).toEqual([0, undefined]);
  });

  it('sees timers that were set by promises not yet settled', async () => {
    const clock = manualClock();
    let ran = false;
    void Promise.resolve()
      .then(() => undefined)
      .then(() => clock.after(5, () => (ran = true)));
    await clock.advance(5);
    expect(ran).toBe(true);
  });

  it('does not run what was cancelled, and passes on what a timer throws', async () => {
    const clock = manualClock();
    const cancel = clock.after(5, () => expect.unreachable());
    cancel();
    cancel();
    clock.after(6, () => {
      throw new Error('mine');
    });
    await expect(clock.advance(10)).rejects.toThrow('mine');
    expect(clock.now()).toBe(6);
    await clock.advance(0);
    expect(clock.now()).toBe(6);
  });

  it('takes a wrong delay as none', async () => {
    const clock = manualClock();
    let ran = 0;
    for (const ms of [-5, Number.NaN, 0]) clock.after(ms, () => (ran += 1));
    await clock.advance(0);
    expect(ran).toBe(3);
  });
});

describe('the wall clock', () => {
  it('moves with time and jumps alone', async () => {
    const clock = manualClock({ date: 1_000 });
    await clock.advance(50);
    expect(clock.date()).toBe(1_050);
    clock.jump(-3_600_000);
    expect([clock.date(), clock.now()]).toEqual([1_050 - 3_600_000, 50]);
    expect(new Date(manualClock().date()).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });
});

describe('chance', () => {
  it('is the same for the same seed, and even', () => {
    const draw = (seed: number, n: number) => {
      const clock = manualClock({ seed });
      return Array.from({ length: n }, () => clock.random());
    };
    expect(draw(7, 5)).toEqual(draw(7, 5));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
    const many = draw(1, 20_000);
    expect(many.every((x) => x >= 0 && x < 1)).toBe(true);
    const tenths = Array.from({ length: 10 }, (_, i) => many.filter((x) => Math.floor(x * 10) === i).length);
    expect(Math.min(...tenths)).toBeGreaterThan(1_800);
    expect(Math.max(...tenths)).toBeLessThan(2_200);
  });
});
