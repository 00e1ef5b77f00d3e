// How much an endpoint may carry before affinity spares it.
import { describe, expect, it } from 'vitest';
import { FairShare } from '../../src/strategy/fair-share.ts';
import type { Candidate } from '../../src/strategy/strategy.ts';
import { candidate } from '../support/candidates.ts';

type Busy = Candidate & { inFlight: number };

const running = (counts: readonly number[], weights: readonly number[] = []): Busy[] =>
  counts.map((inFlight, index) => ({ ...candidate(`e${index}`, { weight: weights[index] ?? 1 }), inFlight }));
const allowed = (list: readonly Candidate[]) => {
  const share = new FairShare(list);
  share.look();
  return list.map((_, index) => share.allows(index));
};

describe('an endpoint may take one more call', () => {
  it.each<[string, number[], number[], boolean[]]>([
    ['when all are idle', [0, 0, 0], [], [true, true, true]],
    ['up to a quarter above its fair share', [11, 9, 10], [], [true, true, true]],
    ['but not above it', [13, 8, 9], [], [false, true, true]],
    ['by weight', [14, 8, 8], [2, 1, 1], [true, true, true]],
    ['by weight, not above it', [20, 4, 6], [2, 1, 1], [false, true, true]],
    ['when it is idle, whatever its weight', [9, 0], [1, 0], [true, true]],
    ['equally, when nobody has weight', [9, 1], [0, 0], [false, true]],
  ])('%s', (_, counts, weights, expected) => {
    expect(allowed(running(counts, weights))).toEqual(expected);
  });
});

it('lets some calls more pass while the average is fair, and not for long', () => {
  const list = running([4, 4, 4]);
  const share = new FairShare(list);
  const [home] = list as [Busy, Busy, Busy];
  for (let pick = 0; pick < 500; pick++) share.look();
  home.inFlight = 6;
  share.look();
  expect(share.allows(0)).toBe(true);
  home.inFlight = 20;
  share.look();
  expect(share.allows(0)).toBe(false);
  home.inFlight = 6;
  for (let pick = 0; pick < 500; pick++) share.look();
  expect(share.allows(0)).toBe(false);
  home.inFlight = 4;
  expect(share.allows(0)).toBe(true);
});

it('knows the average of an endpoint in another list as well', () => {
  const list = running([8, 2, 2]);
  for (let pick = 0; pick < 500; pick++) new FairShare(list).look();
  list[0]!.inFlight = 5;
  const share = new FairShare(list.slice(0, 2));
  share.look();
  expect(share.allows(0)).toBe(false);
});

it('looks at a few of many with each pick, and at all of them in time', () => {
  const list = running(new Array<number>(1_000).fill(1));
  const share = new FairShare(list);
  expect(share.allows(0)).toBe(true);
  for (const each of list) each.inFlight = 100;
  list[0]!.inFlight = 110;
  expect(share.allows(0)).toBe(false);
  for (let pick = 0; pick < 500; pick++) share.look();
  expect(share.allows(0)).toBe(true);
});
