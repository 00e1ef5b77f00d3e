// An endpoint where calls wait too long and nothing answers: one probe at a time, with growing pauses, until something comes.
import { beforeEach, describe, expect, it } from 'vitest';
import { Silence, type Waiting } from '../../src/endpoint/silence.ts';

let silence: Silence;
beforeEach(() => {
  silence = new Silence(0);
});
const start = (now: number, patience = 100): [Waiting, boolean] => {
  const attempt = { startedAt: now, slowAt: now + patience };
  return [attempt, silence.begin(attempt, now)];
};
const closed = (now: number) => silence.closedUntil(now) > now;

describe('a silent endpoint', () => {
  it('is noticed by the first attempt that comes after the oldest was waited for too long', () => {
    const [, first] = start(1);
    const [, inTime] = start(101);
    expect([first, inTime, closed(101)]).toEqual([false, false, false]);
    const [, late] = start(102);
    expect([late, silence.closedUntil(102)]).toEqual([true, 1_102]);
  });

  it('is not silent while others complete there', () => {
    const [first] = start(1);
    const [second] = start(2);
    silence.answered(second, 50);
    const [, late] = start(500);
    expect([late, closed(500)]).toEqual([false, false]);
    silence.answered(first, 501);
    expect(start(502)[1]).toBe(false);
  });

  it('has one probe at a time', () => {
    start(1);
    expect([start(200)[1], start(201)[1], start(900)[1]]).toEqual([true, false, false]);
  });

  it('opens at the first byte of anybody', () => {
    const [first] = start(1);
    start(200);
    expect(silence.answered(first, 210)).toBe(true);
    expect([closed(210), silence.closedUntil(210)]).toEqual([false, 0]);
    expect(start(211)[1]).toBe(false);
  });

  it('takes the next probe at once when the first was aborted by its caller', () => {
    start(1);
    const [probe] = start(200);
    expect(silence.gone(probe, 210, false)).toBe(true);
    expect(closed(210)).toBe(false);
    expect(start(300)[1]).toBe(true);
  });

  it('stays closed when another attempt ends without a byte', () => {
    const [first] = start(1);
    start(200);
    expect([silence.gone(first, 210, false), closed(210)]).toEqual([false, true]);
  });

  it('is forgotten with those who waited', () => {
    const [first] = start(1);
    silence.gone(first, 400, false);
    expect(start(500)[1]).toBe(false);
  });
});

describe('an attempt that was given up for a far faster one', () => {
  const giveUp = (from: number, at: number) => {
    const [attempt, probe] = start(from);
    return [silence.gone(attempt, at, true), probe];
  };

  it('closes the endpoint for 5 s, doubling with each probe that ends alike, up to 5 min', () => {
    expect(giveUp(1, 1_000)).toEqual([true, false]);
    let now = 1_000;
    for (const pause of [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      expect(silence.closedUntil(now + pause - 1)).toBe(now + pause);
      now += pause;
      expect(silence.closedUntil(now)).toBe(0);
      const [probe, probes] = start(now);
      expect(probes).toBe(true);
      now += 100;
      expect(silence.gone(probe, now, false)).toBe(true);
    }
  });

  it('closes nothing when something was answered in the meantime', () => {
    const [lost] = start(1);
    const [other] = start(2);
    silence.answered(other, 500);
    expect([silence.gone(lost, 1_000, true), closed(1_000)]).toEqual([false, false]);
  });

  it('closes nothing when it was answered itself', () => {
    const [lost] = start(1);
    silence.answered(lost, 500);
    expect([silence.gone(lost, 1_000, true), closed(1_000)]).toEqual([false, false]);
  });

  it('is made good by any answer, and the pauses begin anew', () => {
    giveUp(1, 1_000);
    const [probe] = start(6_000);
    expect(silence.answered(probe, 6_100)).toBe(true);
    expect([closed(6_100), start(6_150)[1]]).toEqual([false, false]);
    giveUp(6_200, 7_000);
    expect(silence.closedUntil(7_001)).toBe(12_000);
  });
});

it('hears an attempt once: what comes later tells nothing new', () => {
  const [first] = start(1);
  const [second] = start(2, 10);
  silence.answered(first, 5);
  start(300);
  expect([silence.answered(first, 301), closed(301)]).toEqual([false, false]);
  expect(silence.answered(second, 302)).toBe(false);
  expect(silence.gone(second, 303, true)).toBe(false);
});

it('knows whether anything was answered since a time', () => {
  const [first] = start(1);
  expect([silence.answeredSince(-1), silence.answeredSince(0)]).toEqual([true, false]);
  silence.answered(first, 50);
  expect([silence.answeredSince(49), silence.answeredSince(50)]).toEqual([true, false]);
});
