// What a model usually takes in a pool: by the endpoints that are about as fast as the fastest.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { UsualTimes } from '../../src/pool/usual-times.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { anEndpoint } from '../support/parts.ts';

let clock: ManualClock;
let times: UsualTimes;
beforeEach(() => {
  clock = manualClock();
  times = new UsualTimes(clock);
});

/** An endpoint that took these times, in ms. */
function took(...all: number[]): Endpoint {
  const endpoint = anEndpoint(clock);
  endpoint.state.release(endpoint.state.begin('gpt-5', 1, false)!);
  for (const ms of all) endpoint.state.latency('gpt-5')!.plain.record(ms);
  return endpoint;
}
const often = (ms: number, count: number) => took(...Array<number>(count).fill(ms));
const median = (endpoints: Endpoint[]) => times.of('gpt-5', 'plain', endpoints)?.quantile(0.5);
const slowest = (endpoints: Endpoint[]) => times.of('gpt-5', 'plain', endpoints)?.quantile(1);

describe('the usual time', () => {
  it('is unknown before twenty samples, wherever they come from', () => {
    expect(median([often(128, 9), often(128, 10)])).toBeUndefined();
    expect(median([often(128, 9), often(128, 10), often(128, 1)])).toBe(128);
    expect(times.of('other', 'plain', [often(128, 20)])).toBeUndefined();
    expect(times.of('gpt-5', 'content', [often(128, 20)])).toBeUndefined();
    expect(new UsualTimes(clock).of('gpt-5', 'plain', [])).toBeUndefined();
  });

  it('is that of all endpoints that are about as fast', () => {
    expect(slowest([often(128, 20), often(256, 20)])).toBe(256);
  });

  it('is not stretched by one that is slow, be it the busiest', () => {
    expect(slowest([often(128, 20), often(1_024, 500)])).toBe(128);
    expect(slowest([often(1_024, 500), often(128, 20), often(128, 1)])).toBe(128);
  });

  it('is not decided by a newcomer that answered a few times', () => {
    expect(median([often(1, 3), often(128, 40)])).toBe(128);
  });
});

it('is looked up again after a second, and at once while nothing is known', async () => {
  const [one] = [often(128, 19)];
  expect(median([one])).toBeUndefined();
  one.state.latency('gpt-5')!.plain.record(128);
  expect(median([one])).toBe(128);
  for (let i = 0; i < 100; i++) one.state.latency('gpt-5')!.plain.record(1_024);
  await clock.advance(999);
  expect(median([one])).toBe(128);
  await clock.advance(1);
  expect(median([one])).toBe(1_024);
});

it('a pool too large to be read at each call is read once a second from the beginning', async () => {
  const pool = Array.from({ length: 60 }, () => anEndpoint(clock));
  expect(median(pool)).toBeUndefined();
  pool.push(often(128, 20));
  expect(median(pool)).toBeUndefined();
  await clock.advance(1_000);
  expect(median(pool)).toBe(128);
});

it('remembers a bounded number of models', () => {
  const one = often(128, 20);
  for (let i = 0; i < 1_000; i++) times.of(`made-up-${i}`, 'plain', [one]);
  expect(median([one])).toBe(128);
});

describe('the slowest of all', () => {
  const of = (endpoints: Endpoint[]) => times.slowest('gpt-5', 'plain', endpoints);
  const crowd = (size: number) => Array.from({ length: size }, () => often(128, 20));

  it('is that of one endpoint that has been asked often enough', () => {
    expect(of([often(1_024, 19)])).toBeUndefined();
    expect(of([often(128, 20), often(1_024, 20), often(4_096, 19)])).toBe(1_024);
  });

  it('is looked up each time in a small pool, once a second in a large one: that takes a moment for each endpoint', async () => {
    for (const [size, soon] of [
      [49, 1_024],
      [50, 128],
    ] as const) {
      times = new UsualTimes(clock);
      const pool = crowd(size);
      expect(of(pool)).toBe(128);
      for (let i = 0; i < 20; i++) pool[0]!.state.latency('gpt-5')!.plain.record(1_024);
      await clock.advance(999);
      expect(of(pool)).toBe(soon);
      await clock.advance(1);
      expect(of(pool)).toBe(1_024);
    }
  });
});
