// An endpoint where calls wait too long and nothing answers: one probe at a time, with growing pauses, until something comes.
import { beforeEach, describe, expect, it } from 'vitest';
import { Answers } from '../../src/endpoint/answers.ts';
import { Silence, type Waiting } from '../../src/endpoint/silence.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

let silence: Silence;
let answers: Answers;
let clock: ManualClock;
let closings: number;
beforeEach(() => {
  clock = manualClock();
  closings = 0;
  answers = new Answers();
  const closed = () => {
    closings += 1;
  };
  silence = new Silence(clock, closed, answers);
});
const at = (now: number) => clock.advance(now - clock.now());
const start = (now: number, patience = 100, late = patience): [Waiting, boolean] => {
  const attempt = { startedAt: now, slowAt: now + patience, lateAt: now + late };
  return [attempt, silence.begin(attempt, now)];
};
const closed = (now: number) => silence.closedUntil(now) > now;

describe('a silent endpoint', () => {
  it('is closed a moment after an attempt found that the oldest was waited for too long; that one is its probe', async () => {
    start(1);
    await at(101);
    const [, inTime] = start(101);
    await at(102);
    const [, late] = start(102);
    await at(151);
    expect([inTime, late, closed(151), closings]).toEqual([false, false, false, 0]);
    await at(152);
    expect([silence.closedUntil(152), closings, clock.pending]).toEqual([1_152, 1, 0]);
    expect(start(153)[1]).toBe(false);
  });

  it('is not when an answer was there, unread, because the process stood still', async () => {
    const [first] = start(1);
    await at(5_000);
    // All in the very moment in which it goes on.
    for (let call = 0; call < 100; call++) start(5_000);
    expect(closed(5_000)).toBe(false);
    expect(silence.answered(first, 5_001)).toBe(false);
    await at(5_050);
    expect([closed(5_050), closings, clock.pending]).toEqual([false, 0, 0]);
  });

  it('is not silent while others complete there', async () => {
    const [first] = start(1);
    const [second] = start(2);
    silence.answered(second, 50);
    await at(500);
    start(500);
    expect([closed(500), clock.pending]).toEqual([false, 0]);
    silence.answered(first, 501);
    start(502);
    expect(clock.pending).toBe(0);
  });

  it('has one probe at a time', async () => {
    start(1);
    await at(200);
    start(200);
    start(201);
    await at(250);
    expect([start(251)[1], start(900)[1], closings]).toEqual([false, false, 1]);
  });

  it('opens at the first byte of anybody', async () => {
    const [first] = start(1);
    await at(200);
    start(200);
    await at(250);
    expect(silence.answered(first, 260)).toBe(true);
    expect([closed(260), silence.closedUntil(260)]).toEqual([false, 0]);
    expect([start(261)[1], clock.pending]).toEqual([false, 0]);
  });

  it('takes the next probe when the first was aborted by its caller', async () => {
    start(1);
    await at(200);
    const [probe] = start(200);
    await at(250);
    expect(silence.gone(probe, 260, undefined)).toBe(true);
    expect(closed(260)).toBe(false);
    await at(300);
    start(300);
    await at(350);
    expect([closed(350), closings]).toEqual([true, 2]);
  });

  it('is closed although the one that noticed it left at once', async () => {
    start(1);
    await at(200);
    const [hasty] = start(200);
    silence.gone(hasty, 210, undefined);
    const [next] = start(220);
    await at(250);
    expect([closed(250), silence.gone(next, 260, undefined)]).toEqual([true, true]);
  });

  it('stays closed when another attempt ends without a byte', async () => {
    const [first] = start(1);
    await at(200);
    start(200);
    await at(250);
    expect([silence.gone(first, 260, undefined), closed(260)]).toEqual([false, true]);
  });

  it('is forgotten with those who waited, and no timer stays', async () => {
    const [first] = start(1);
    await at(200);
    const [second] = start(200);
    silence.gone(first, 210, undefined);
    expect(clock.pending).toBe(1);
    silence.gone(second, 211, undefined);
    expect(clock.pending).toBe(0);
    start(500);
    expect(clock.pending).toBe(0);
  });
});

describe('an endpoint where some calls are late at once', () => {
  const other = {};
  /** Calls that began at these times, late after 100 ms, far too late after 10 s. */
  const begun = (...times: number[]) => times.map((now) => start(now, 10_000, 100)[0]);
  const next = async (now: number) => {
    await at(now);
    start(now, 10_000, 100);
    await at(now + 50);
    return silence.closedUntil(now + 50) > now + 50;
  };

  it('is silent when three are late, none was overtaken, and others answer', async () => {
    begun(1, 2, 3);
    await at(104);
    answers.note(other, 104);
    expect(await next(105)).toBe(true);
  });

  it.each([
    ['only two are late', [1, 2, 50], 104],
    ['nobody else was heard of since', [1, 2, 3], 102],
  ])('is not when %s', async (_, times, heardAt) => {
    begun(...times);
    await at(heardAt);
    answers.note(other, heardAt);
    await at(104);
    expect(await next(105)).toBe(false);
  });

  it('is not when what answers is itself', async () => {
    begun(1, 2, 3);
    const [last] = begun(4);
    await at(104);
    silence.answered(last!, 104);
    expect(await next(105)).toBe(false);
  });

  it('is when what it answers was sent before: that is no sign of life for later calls', async () => {
    const [before] = begun(1);
    begun(2, 3, 4);
    await at(60);
    silence.answered(before!, 60);
    await at(110);
    answers.note(other, 110);
    expect(await next(111)).toBe(true);
  });
});

describe('calls for which a hedge was first', () => {
  const late = (from: number, now: number) => silence.gone(start(from)[0], now, 'late');

  it('speak of a silent endpoint when two follow each other without a sign of life', () => {
    expect([late(1, 50), closed(50)]).toEqual([false, false]);
    expect([late(51, 90), closed(90)]).toEqual([true, true]);
    expect(silence.closedUntil(100)).toBe(5_090);
  });

  it('are forgotten with any answer in between', () => {
    late(1, 50);
    silence.answered(start(51)[0], 60);
    expect([late(61, 90), closed(90)]).toEqual([false, false]);
    expect([late(91, 120), closed(120)]).toEqual([true, true]);
  });
});

describe('an attempt that was given up for a far faster one', () => {
  const giveUp = (from: number, at: number) => {
    const [attempt, probe] = start(from);
    return [silence.gone(attempt, at, 'far'), probe];
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
      expect(silence.gone(probe, now, undefined)).toBe(true);
    }
  });

  it('closes nothing when something was answered in the meantime', () => {
    const [lost] = start(1);
    const [other] = start(2);
    silence.answered(other, 500);
    expect([silence.gone(lost, 1_000, 'far'), closed(1_000)]).toEqual([false, false]);
  });

  it('closes nothing when it was answered itself', () => {
    const [lost] = start(1);
    silence.answered(lost, 500);
    expect([silence.gone(lost, 1_000, 'far'), closed(1_000)]).toEqual([false, false]);
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

it('hears an attempt once: what comes later tells nothing new', async () => {
  const [first] = start(1);
  const [second] = start(2, 10);
  silence.answered(first, 5);
  await at(300);
  start(300);
  expect([silence.answered(first, 301), closed(301)]).toEqual([false, false]);
  expect(silence.answered(second, 302)).toBe(false);
  expect(silence.gone(second, 303, 'far')).toBe(false);
});

it('knows whether anything was answered since a time', () => {
  const [first] = start(1);
  expect([silence.answeredSince(-1), silence.answeredSince(0)]).toEqual([true, false]);
  silence.answered(first, 50);
  expect([silence.answeredSince(49), silence.answeredSince(50)]).toEqual([true, false]);
});
