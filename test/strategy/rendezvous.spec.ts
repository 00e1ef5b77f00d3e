// Which candidate a key belongs to: by weight, the same everywhere, and unmoved by what others do.
import { describe, expect, it } from 'vitest';
import { hashOf, rendezvous } from '../../src/strategy/rendezvous.ts';
import type { Candidate } from '../../src/strategy/strategy.ts';
import { tally } from '../support/calls.ts';
import { candidate } from '../support/candidates.ts';

const candidates = (weights: Record<string, number>) =>
  Object.entries(weights).map(([name, weight]) => candidate(name, { weight }));
const KEYS = Array.from({ length: 20_000 }, (_, index) => hashOf(`session-${index}`));
const shares = (list: readonly Candidate[]) => tally(KEYS.map((key) => rendezvous(list, key).name));

describe('rendezvous', () => {
  it('shares keys out in proportion to the weights', () => {
    const found = shares(candidates({ a: 1, b: 2, c: 5 }));
    expect(found.a! / KEYS.length).toBeCloseTo(1 / 8, 1.9);
    expect(found.b! / KEYS.length).toBeCloseTo(2 / 8, 1.9);
    expect(found.c! / KEYS.length).toBeCloseTo(5 / 8, 1.9);
  });

  it('moves the keys of who left, and no others; theirs spread', () => {
    const all = candidates({ a: 1, b: 1, c: 1, d: 1 });
    const left = all.filter(({ name }) => name !== 'b');
    const moved = KEYS.filter((key) => rendezvous(all, key).name !== rendezvous(left, key).name);
    expect(moved.every((key) => rendezvous(all, key).name === 'b')).toBe(true);
    expect(moved.length / KEYS.length).toBeCloseTo(1 / 4, 1.9);
    for (const count of Object.values(tally(moved.map((key) => rendezvous(left, key).name))))
      expect(count / moved.length).toBeCloseTo(1 / 3, 1.5);
  });

  it('does not depend on the order of the list, nor on the list', () => {
    const all = candidates({ a: 1, b: 3, c: 2 });
    const turned = [...all].reverse();
    for (const key of KEYS.slice(0, 500)) expect(rendezvous(turned, key).name).toBe(rendezvous(all, key).name);
  });

  it('leaves out who has no weight, as long as anybody has', () => {
    expect(Object.keys(shares(candidates({ a: 0, b: 1, c: 0 })))).toEqual(['b']);
    expect(shares(candidates({ a: 0, b: 0 })).a! / KEYS.length).toBeCloseTo(1 / 2, 1.9);
  });

  it('is the same in every process', () => {
    const all = candidates({ a: 1, b: 1, c: 1 });
    const names = ['one', 'two', 'three', 'four', 'five', 'six'].map((key) => rendezvous(all, hashOf(key)).name);
    expect([hashOf(''), hashOf('session-1')]).toEqual([2_872_998_923, 599_268_235]);
    expect(names).toEqual(['a', 'c', 'b', 'c', 'c', 'c']);
  });
});
