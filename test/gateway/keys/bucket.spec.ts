import { describe, expect, it } from 'vitest';
import { periodOf } from '../../../src/gateway/keys/allowance.ts';
import { Bucket } from '../../../src/gateway/keys/bucket.ts';

describe('a bucket', () => {
  it('gives a minute at once, and fills evenly', () => {
    const bucket = new Bucket(60, 0);
    for (let taken = 0; taken < 60; taken++) {
      expect(bucket.wait(1, 0)).toBe(0);
      bucket.take(1, 0);
    }
    expect(bucket.wait(1, 0)).toBeCloseTo(1_000);
    expect(bucket.wait(1, 400)).toBeCloseTo(600);
    expect(bucket.wait(1, 1_000)).toBe(0);
    expect(bucket.wait(30, 1_000)).toBeCloseTo(29_000);
    // Never more than it holds.
    expect(bucket.wait(60, 1e9)).toBe(0);
    expect(bucket.wait(61, 1e9)).toBe(0);
  });

  it('may owe, and takes back what was not used', () => {
    const bucket = new Bucket(60, 0);
    bucket.take(90, 0);
    expect(bucket.wait(1, 0)).toBeCloseTo(31_000);
    bucket.take(-40, 0);
    expect(bucket.wait(10, 0)).toBe(0);
    bucket.take(-1_000, 0);
    expect(bucket.wait(60, 0)).toBe(0);
  });

  it('is not confused by a clock that stands still or steps back', () => {
    const bucket = new Bucket(60, 1_000);
    bucket.take(60, 1_000);
    expect(bucket.wait(1, 500)).toBeCloseTo(1_000);
  });
});

it.each([
  ['2026-11-21T23:59:59.999Z', 'day', '2026-11-21', '2026-11-22T00:00:00.000Z'],
  ['2026-12-31T12:00:00Z', 'day', '2026-12-31', '2027-01-01T00:00:00.000Z'],
  ['2026-12-31T12:00:00Z', 'month', '2026-12', '2027-01-01T00:00:00.000Z'],
  ['2028-02-29T00:00:00Z', 'month', '2028-02', '2028-03-01T00:00:00.000Z'],
] as const)('%s is in the %s %s, which ends %s', (at, per, name, ends) => {
  expect(periodOf(Date.parse(at), per)).toEqual({ name, ends: Date.parse(ends) });
});
