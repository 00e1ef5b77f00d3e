// Failures set aside: a success acquits, too long a silence convicts. Times in ms.
import { beforeEach, describe, expect, it } from 'vitest';
import { Doubts } from '../../src/endpoint/doubts.ts';

let doubts: Doubts;
let told: string[];
beforeEach(() => {
  doubts = new Doubts();
  told = [];
});

const add = (name: string, now: number, ms = 0) => {
  let settled = false;
  const settle = (word: string) => () => {
    settled = true;
    told.push(`${name} ${word}`);
  };
  const doubt = {
    ms,
    get settled() {
      return settled;
    },
    acquit: settle('acquitted'),
    convict: settle('convicted'),
  };
  doubts.add(doubt, now);
  return doubt;
};

/** Successes that far apart, up to `until`. */
const succeed = (every: number, until: number) => {
  for (let now = 0; now <= until; now += every) doubts.clear(now);
};

const succeedAt = (...times: readonly number[]): void => {
  for (const now of times) doubts.clear(now);
};

it('a success acquits all that were set aside, once', () => {
  doubts.clear(0);
  add('first', 10);
  add('second', 20);
  expect(told).toEqual([]);
  doubts.clear(30);
  doubts.clear(40);
  expect(told).toEqual(['first acquitted', 'second acquitted']);
});

describe('nobody succeeds any more', () => {
  it.each([
    ['never yet', () => undefined, 500],
    ['once', () => doubts.clear(0), 900],
    ['every 10 ms for a minute', () => succeed(10, 60_000), 500],
    ['every 400 ms', () => succeed(400, 60_000), 1_200],
    ['every 2 s', () => succeed(2_000, 60_000), 6_000],
    ['every ten minutes', () => succeed(600_000, 6_000_000), 60_000],
    ['after a pause of 2 s that was ten seconds ago', () => succeedAt(0, 2_000, 7_000, 12_000), 15_000],
  ] satisfies [string, () => void, number][])('and did so %s', (_, before, patience) => {
    before();
    add('first', 10_000_000);
    add('second', 10_000_000 + patience);
    expect(told).toEqual([]);
    add('third', 10_000_001 + patience);
    expect(told).toEqual(['first convicted', 'second convicted', 'third convicted']);
  });

  it('from then on each counts at once, until one succeeds', () => {
    add('a', 0);
    add('b', 501);
    add('c', 502);
    expect(told).toEqual(['a convicted', 'b convicted', 'c convicted']);
    doubts.clear(600);
    add('d', 700);
    expect(told).toHaveLength(3);
  });
});

it('the longest pause is forgotten by half in ten seconds', () => {
  doubts.clear(0);
  doubts.clear(8_000);
  for (let now = 8_010; now <= 18_000; now += 10) doubts.clear(now);
  add('a', 20_000);
  // Three times 4 s.
  add('b', 31_900);
  expect(told).toEqual([]);
  add('c', 32_200);
  expect(told).toHaveLength(3);
});

it('what was settled elsewhere does not begin the wait', () => {
  add('a', 0).acquit();
  add('b', 10_000);
  expect(told).toEqual(['a acquitted']);
  add('c', 10_501);
  expect(told).toEqual(['a acquitted', 'b convicted', 'c convicted']);
});

it('keeps so many and no more', () => {
  for (let i = 0; i < 501; i++) add(`${i}`, 0);
  expect(told).toEqual(['500 acquitted']);
  doubts.clear(1);
  expect(told).toHaveLength(501);
});

it('where everything takes long, a silence must be longer, within reason', () => {
  add('a', 0, 400);
  add('b', 1_200, 10);
  expect(told).toEqual([]);
  add('c', 1_201, 10);
  expect(told).toEqual(['a convicted', 'b convicted', 'c convicted']);
  doubts.clear(2_000);
  add('d', 2_000, 60_000);
  add('e', 6_500, 60_000);
  expect(told).toHaveLength(3);
  add('f', 6_501, 60_000);
  expect(told).toHaveLength(6);
});

it('what took long before the last success does not count', () => {
  add('a', 0, 5_000);
  doubts.clear(10);
  add('b', 20);
  add('c', 930);
  expect(told).toEqual(['a acquitted', 'b convicted', 'c convicted']);
});
