// A bucket that fills evenly.
import { expect, it } from 'vitest';
import { Window } from '../../src/endpoint/window.ts';

/** Sixty a minute. */
const window = (level?: number) => new Window(60, 60 / 60_000, 0, level);

it('is full at first, and fills evenly up to its limit', () => {
  const one = window();
  expect(one.level(0)).toBe(60);
  one.take(60, 0);
  expect([one.level(0), one.level(1_000), one.level(30_000), one.level(120_000)]).toEqual([0, 1, 30, 60]);
});

it('says when there is room', () => {
  const one = window(0.5);
  expect(one.readyAt(1, 0)).toBe(500);
  expect(one.readyAt(1, 500)).toBe(0);
  expect(one.readyAt(10, 500)).toBe(9_500);
  one.take(3, 500);
  expect(one.readyAt(1, 500)).toBe(3_500);
});

it('lets go what is more than all of it when it is full', () => {
  const one = window();
  expect(one.readyAt(1_000, 0)).toBe(0);
  one.take(1, 0);
  expect(one.readyAt(1_000, 0)).toBe(1_000);
});

it('is never fuller than full, whatever is given back', () => {
  const one = window();
  one.take(-5, 0);
  expect(one.level(0)).toBe(60);
});

it('no rounding error costs a turn', () => {
  const one = new Window(7, 7 / 60_000, 0, 0);
  const at = one.readyAt(1, 0);
  expect(one.readyAt(1, at)).toBe(0);
});

it('tells its share and when it is full', () => {
  const one = window(15);
  expect([one.share(0), one.fullIn(0)]).toEqual([0.25, 45_000]);
  one.take(30, 0);
  expect([one.share(0), one.fullIn(0)]).toEqual([0, 75_000]);
});
