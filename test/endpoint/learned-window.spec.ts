// What an endpoint's own figures are worth: what they say of the level, and when they are believed.
import { describe, expect, it } from 'vitest';
import { LearnedWindow } from '../../src/endpoint/learned-window.ts';

/** Sixty a minute, told as a server with a bucket would. */
const figures = (remaining: number, limit = 60) => ({ limit, remaining, reset: (limit - remaining) * 1_000 });
const level = (one: LearnedWindow, now = 0) => one.window?.level(now);

/** One attempt after the other, each with what its reply says. */
function told(remaining: readonly number[], now = 0): LearnedWindow {
  const one = new LearnedWindow();
  for (const each of remaining) one.note(figures(each), one.take(1, now), 0, now);
  return one;
}

describe('the level', () => {
  it('is what the reply says, less what went out since', () => {
    const one = new LearnedWindow();
    one.note(figures(50), Number.NaN, 4, 0);
    expect(level(one)).toBe(46);
    // Refill is (limit − remaining) / reset.
    expect(level(one, 5_000)).toBe(51);
  });

  it('stays as reckoned when the server may have looked at any time between the start and the reply', () => {
    const one = told([50]);
    const first = one.take(1, 0);
    const second = one.take(1, 0);
    // Looked at once: 49. Looked when both were there: 48. Both are true.
    one.note(figures(48), first, 1, 0);
    expect(level(one)).toBe(48);
    one.note(figures(48), second, 0, 0);
    expect(level(one)).toBe(48);
  });

  it('falls when somebody else draws on it, rises when less was used than reserved', () => {
    const one = told([50]);
    one.note(figures(30), one.take(1, 0), 0, 0);
    expect(level(one)).toBe(30);
    one.note(figures(29), one.take(10, 0), 0, 0);
    expect(level(one)).toBe(29);
  });

  it('a correction counts for those under way as well', () => {
    const one = told([50]);
    const slow = one.take(1, 0);
    one.note(figures(20), one.take(1, 0), 0, 0);
    one.note(figures(20), slow, 1, 0);
    expect(level(one)).toBe(20);
  });

  it('takes back what was never sent', () => {
    const one = told([50]);
    one.take(5, 0);
    one.give(5, 0);
    expect(level(one)).toBe(50);
  });
});

describe('trust', () => {
  it('comes with the third reply in a row that made sense and counted along', () => {
    const seen = [10, 9, 8].map((_, index, all) => told(all.slice(0, index + 1)).trusted);
    expect(seen).toEqual([false, false, true]);
    expect(told([2, 1, 0]).trusted).toBe(true);
  });

  it.each([
    ['always nothing', [0, 0, 0, 0, 0, 0]],
    ['always the same', [59, 59, 59, 59, 59]],
    ['anything', [3, 50, 0, 44, 12, 59]],
  ])('never comes for figures that do not: %s', (_, remaining) => {
    const one = told(remaining);
    one.take(100, 0);
    expect([one.trusted, one.readyAt(1, 0)]).toEqual([false, 0]);
  });

  it('comes with a 429 that agrees', () => {
    const one = told([0, 0, 0]);
    one.confirm();
    expect(one.readyAt(1, 0)).toBe(1_000);
  });

  it('excludes until the earliest slot, and for a minute at most', () => {
    const one = told([2, 1, 0]);
    expect([one.readyAt(1, 0), one.readyAt(50, 0)]).toEqual([1_000, 50_000]);
    expect(one.readyAt(1, 1_000)).toBe(0);
    one.take(600, 1_000);
    expect([one.readyAt(1, 1_000), one.readyAt(1, 60_999), one.readyAt(1, 61_000)]).toEqual([61_000, 61_000, 0]);
  });

  it('goes when it is contradicted, and comes back after three more', () => {
    const one = told([2, 1, 0]);
    one.forget();
    expect([one.trusted, one.readyAt(1, 0)]).toEqual([false, 0]);
    for (const [index, remaining] of [5, 4, 3].entries()) {
      expect(one.trusted).toBe(false);
      one.note(figures(remaining), one.take(1, index), 0, index);
    }
    expect(one.trusted).toBe(true);
  });

  it('a full window that names no reset is no third reply', () => {
    const one = new LearnedWindow();
    const full = { limit: 60, remaining: 60, reset: 0 };
    for (let reply = 0; reply < 5; reply++) one.note(full, one.take(1, 0), 0, 0);
    expect([one.trusted, level(one)]).toEqual([false, 60]);
  });
});
