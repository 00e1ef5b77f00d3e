// What one process has drawn of a limit: some to use now, some that is still to come.
import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/endpoint/lease.ts';
import type { Stretch } from '../../src/state/ledger.ts';

/** Fills 2 a ms. */
function drawn(...stretches: readonly (readonly [from: number, until: number])[]): Lease {
  const lease = new Lease(2);
  for (const [from, until] of stretches) lease.add({ from, until } satisfies Stretch, 0, 0);
  return lease;
}

describe('what was drawn', () => {
  it.each<[string, readonly (readonly [number, number])[], number, { now: number; coming: number; next?: number }]>([
    ['lies ahead', [[10, 20]], 5, { now: 0, coming: 20, next: 10 }],
    ['begins now', [[10, 20]], 10, { now: 0, coming: 20, next: 10 }],
    ['comes bit by bit', [[10, 20]], 14, { now: 8, coming: 12, next: 14 }],
    ['is there when its time is over', [[10, 20]], 20, { now: 20, coming: 0 }],
    ['and comes once', [[10, 20]], 1e6, { now: 20, coming: 0 }],
    [
      'comes earliest first, however it was drawn',
      [
        [30, 40],
        [10, 20],
      ],
      25,
      { now: 20, coming: 20, next: 30 },
    ],
  ])('%s', (_, stretches, time, { now, coming, next }) => {
    const lease = drawn(...stretches);
    lease.pass(time);
    expect([lease.now, lease.coming, lease.nextFrom]).toEqual([now, coming, next]);
  });

  it.each<[string, number, { now: number; coming: number }]>([
    ['none of it', 0, { now: 10, coming: 10 }],
    ['some of it', 6, { now: 4, coming: 10 }],
    ['all of it, and more', 50, { now: 0, coming: 0 }],
  ])('is less what was used before it came: %s', (_, used, { now, coming }) => {
    const lease = new Lease(2);
    lease.add({ from: 0, until: 10 }, used, 5);
    expect([lease.now, lease.coming]).toEqual([now, coming]);
  });
});

it.each<[amount: number, at: number | undefined]>([
  [4, 12],
  [20, 20],
  [30, 35],
  [40, 40],
  [41, undefined],
])('%i can be used when it has come: at %s', (amount, at) => {
  expect(drawn([30, 40], [10, 20]).readyAt(amount)).toBe(at);
});

it('who used more than was drawn waits for as much more', () => {
  const lease = drawn([10, 20]);
  lease.now = -4;
  expect(lease.readyAt(2)).toBe(13);
});

describe('when others gave something back', () => {
  it.each<[string, until: number, next: number, coming: number]>([
    ['all comes earlier, without the gap', 30, 10, 40],
    ['nothing comes later', 99, 10, 40],
    ['what is past by that is there at once', 4, 0, 8],
  ])('%s', (_, until, next, coming) => {
    const lease = drawn([10, 20], [30, 40]);
    lease.closeUp(until, 0);
    expect([lease.nextFrom, lease.coming, lease.now + lease.coming]).toEqual([next, coming, 40]);
  });
});

it('hands out what is not used, once, and keeps what is owed', () => {
  const lease = drawn([0, 10], [20, 30]);
  lease.pass(5);
  expect([lease.clear(), lease.now, lease.coming, lease.clear()]).toEqual([40, 0, 0, 0]);
  lease.now = -3;
  expect([lease.clear(), lease.now]).toEqual([0, -3]);
});
