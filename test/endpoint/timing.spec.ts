// What calls take: a decaying average, and since when nothing is answered.
import { expect, it } from 'vitest';
import { Timing } from '../../src/endpoint/timing.ts';

const learned = (...ms: number[]) => {
  const timing = new Timing();
  for (const each of ms) timing.took(each, 1, 0);
  return timing;
};

it('knows nothing at first, and the first time at once', () => {
  expect(new Timing()).toMatchObject({ time: 0, pace: 0, silentSince: 0 });
  expect(learned(400)).toMatchObject({ time: 400, pace: 400_000 });
});

it('is the mean of the first few, then follows the last twenty or so', () => {
  expect(learned(100, 200, 300).time).toBeCloseTo(200);
  const timing = learned(...Array<number>(100).fill(100));
  for (let i = 0; i < 30; i++) timing.took(1_000, 1, 0);
  expect(timing.time).toBeGreaterThan(950);
});

it('does not jump for a single slow answer among many', () => {
  const timing = learned(...Array<number>(50).fill(400));
  timing.took(1_300, 1, 0);
  expect(timing.time).toBeLessThan(800);
});

it('lets what it knew fade: after half a minute one answer weighs half', () => {
  const timing = learned(...Array<number>(50).fill(400));
  timing.took(1_400, 1, 30_000);
  expect(timing).toMatchObject({ time: 900, learnedAt: 30_000 });
});

it('divides by the tokens: long answers make nobody slow', () => {
  const timing = new Timing();
  timing.took(2_000, 100, 0);
  timing.took(20_000, 1_000, 0);
  expect(timing.pace).toBe(20_000);
  expect(timing.time).toBe(11_000);
});

it('is in whole numbers that do not lose what is small', () => {
  const timing = new Timing();
  timing.took(100, 2_000, 0.4);
  expect(timing).toMatchObject({ time: 100, pace: 50, learnedAt: 0 });
  const steady = learned(100);
  for (let i = 0; i < 100; i++) steady.took(103, 1, 0);
  expect(steady.time).toBe(103);
});

it('counts a failure as slow, however quick it was', () => {
  const timing = learned(...Array<number>(50).fill(400));
  timing.failed(3, 0);
  expect(timing.time).toBe(400 + 0.3 * 1_600);
  const slow = learned(...Array<number>(50).fill(10_000));
  for (let i = 0; i < 20; i++) slow.failed(3, 0);
  expect(slow.time).toBeCloseTo(10_000);
  const stuck = learned(400);
  for (let i = 0; i < 20; i++) stuck.failed(30_000, 0);
  expect(stuck.time).toBeGreaterThan(29_000);
});

it('learns from what was given up only that it is slow', () => {
  const timing = learned(400);
  timing.tookAtLeast(100, 0);
  expect(timing.time).toBe(400);
  timing.tookAtLeast(5_000, 0);
  expect(timing.time).toBeGreaterThan(400);
});

it('does not tell apart what is quicker than this process can measure', () => {
  expect(learned(0.2).time).toBe(learned(9).time);
});

it('knows since when calls wait and none was answered', () => {
  const timing = new Timing();
  timing.began(100);
  timing.began(200);
  expect(timing.silentSince).toBe(100);
  timing.over(300, true);
  expect(timing.silentSince).toBe(300);
  timing.began(400);
  timing.over(500, false);
  expect(timing.silentSince).toBe(300);
  timing.over(600, false);
  expect(timing.silentSince).toBe(0);
});
