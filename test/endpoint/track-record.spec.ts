// What an endpoint showed of late: when it is left alone after failures, and how it comes back.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Shown, TrackRecord } from '../../src/endpoint/track-record.ts';

let now: number;
let record: TrackRecord;
beforeEach(() => {
  now = 0;
  record = new TrackRecord();
});

const begin = (stream = false): Shown => {
  const attempt = { stream, startedAt: now, answered: false, waits: true, beaten: undefined };
  record.began(attempt, now);
  return attempt;
};
const beaten = (by: Shown['beaten']) => record.ended({ ...begin(), beaten: by }, 'neutral', undefined, now);
const fail = () => record.ended(begin(), 'failure', undefined, now);
const serve = () => record.ended(begin(), 'success', 1, now);
const avoided = () => record.avoidUntil > now;

describe('after a failure', () => {
  it('is left alone at once, for a second that doubles with each failure in a row, up to a minute', () => {
    const pauses = Array.from({ length: 9 }, () => {
      fail();
      const pause = record.avoidUntil - now;
      now = record.avoidUntil;
      return pause / 1_000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('takes one call at a time until it has answered a few', () => {
    fail();
    now = 1_000;
    expect(avoided()).toBe(false);
    const probe = begin();
    expect(avoided()).toBe(true);
    now += 100;
    record.ended(probe, 'success', 1, now);
    expect(avoided()).toBe(false);
    for (let i = 0; i < 5; i++) serve();
    begin();
    expect(avoided()).toBe(false);
  });

  it('is asked again when a call to it hangs, a second later', () => {
    fail();
    now = 1_000;
    begin();
    expect(record.avoidUntil).toBe(2_000);
  });

  it('hardly cares for answers to calls that were sent before: those of a fault that begins come in for long', () => {
    const old = Array.from({ length: 4 }, () => begin());
    now = 10;
    for (let i = 0; i < 4; i++) fail();
    const { failing } = record;
    for (const each of old) record.ended(each, 'success', 1, now);
    expect(record.failing).toBeGreaterThan(0.5 * failing);
    expect(avoided()).toBe(true);
  });

  it('tells how often it fails: the first few weigh most, then the last ten or so', () => {
    fail();
    expect(record.failing).toBe(1);
    serve();
    expect(record.failing).toBe(0.5);
    for (let i = 0; i < 100; i++) serve();
    expect(record.failing).toBeLessThan(0.01);
    fail();
    expect(record.failing).toBeCloseTo(0.1);
    for (let i = 0; i < 30; i++) fail();
    expect(record.failing).toBeGreaterThan(0.95);
  });

  it('one in a hundred is no reason for suspicion', () => {
    for (let i = 0; i < 200; i++) {
      serve();
      if (i % 100 === 99) fail();
    }
    now = 1_000;
    begin();
    expect(avoided()).toBe(false);
  });

  it('is forgotten in time', () => {
    fail();
    now = 120_000;
    begin();
    expect(avoided()).toBe(false);
  });

  it('leaves it to others when it is asked again', () => {
    fail();
    record.leave();
    expect(avoided()).toBe(false);
  });

  it('thinks nothing of outcomes that are nobody’s fault', () => {
    record.ended(begin(), 'neutral', undefined, now);
    expect(avoided()).toBe(false);
  });
});

describe('times', () => {
  it('of a stream: to its first content, and not to its end', () => {
    const stream = begin(true);
    now = 400;
    record.content(stream, now);
    now = 9_000;
    record.content(stream, now);
    record.ended(stream, 'success', 1, now);
    expect(record.streams).toMatchObject({ time: 400, silentSince: 0 });
    expect(record.plain.time).toBe(0);
  });

  it('of a plain call: all of it, by token', () => {
    const plain = begin();
    now = 4_000;
    record.ended(plain, 'success', 100, now);
    expect(record.plain).toMatchObject({ time: 4_000, pace: 40_000 });
    expect(record.streams.time).toBe(0);
  });

  it('of a reply nobody read: none', () => {
    const plain = begin();
    now = 4_000;
    record.ended(plain, 'success', undefined, now);
    const rested = begin();
    record.released(rested, now);
    now = 90_000;
    record.ended(rested, 'success', 10, now);
    expect(record.plain.time).toBe(0);
  });

  it('of a call given up: at least so long', () => {
    const hung = begin(true);
    now = 30_000;
    record.ended(hung, 'neutral', undefined, now);
    expect(record.streams.time).toBe(30_000);
  });

  it('of a failure after the content: nothing new', () => {
    const stream = begin(true);
    now = 400;
    record.content(stream, now);
    now = 5_000;
    record.ended(stream, 'failure', undefined, now);
    expect(record.streams.time).toBe(400);
    expect(avoided()).toBe(true);
  });
});

it('an answer of any kind ends the silence, a call that ends without one does not', () => {
  now = 10;
  begin();
  const refused = { ...begin(), answered: true };
  const gone = begin();
  now = 100;
  record.ended(gone, 'neutral', undefined, now);
  expect(record.plain.silentSince).toBe(10);
  now = 200;
  record.ended(refused, 'neutral', undefined, now);
  expect(record.plain.silentSince).toBe(200);
});

it('an answer that another endpoint gave first makes it as slow as a failure, whatever was known before, but not suspect', () => {
  now = 300;
  const attempt = begin();
  now = 700;
  record.ended(attempt, 'success', 1, now);
  expect(record.plain.time).toBe(400);
  beaten(undefined);
  expect(record.plain.time).toBe(400);
  beaten('late');
  expect(record.plain.time).toBe(2_000);
  expect(avoided()).toBe(false);
  serve();
  expect(record.plain.time).toBeLessThan(2_000);
  record.ended({ ...begin(), beaten: 'far' }, 'failure', undefined, now);
  expect(record.plain.time).toBe(2_000);
});
