// Which candidate a key belongs to: by weight, the same everywhere, and unmoved by what others do.
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/call/hash.ts';
import { anybody, HomeBook } from '../../src/strategy/homes.ts';
import type { Candidate } from '../../src/strategy/strategy.ts';
import { tally } from '../support/calls.ts';
import { candidate } from '../support/candidates.ts';

const candidates = (weights: Record<string, number>) =>
  Object.entries(weights).map(([name, weight]) => candidate(name, { weight }));
const shared = new HomeBook();
/** The home of a key. */
const homeOf = (list: readonly Candidate[], key: number, book = shared) => list[book.of(list).find(key, anybody)]!;
const KEYS = Array.from({ length: 20_000 }, (_, index) => hashOf(`session-${index}`));
const shares = (list: readonly Candidate[]) => tally(KEYS.map((key) => homeOf(list, key).name));

describe('homes of a few', () => {
  it('shares keys out in proportion to the weights', () => {
    const found = shares(candidates({ a: 1, b: 2, c: 5 }));
    expect(found.a! / KEYS.length).toBeCloseTo(1 / 8, 1.9);
    expect(found.b! / KEYS.length).toBeCloseTo(2 / 8, 1.9);
    expect(found.c! / KEYS.length).toBeCloseTo(5 / 8, 1.9);
  });

  it('moves the keys of who left, and no others; theirs spread', () => {
    const all = candidates({ a: 1, b: 1, c: 1, d: 1 });
    const left = all.filter(({ name }) => name !== 'b');
    const moved = KEYS.filter((key) => homeOf(all, key).name !== homeOf(left, key).name);
    expect(moved.every((key) => homeOf(all, key).name === 'b')).toBe(true);
    expect(moved.length / KEYS.length).toBeCloseTo(1 / 4, 1.9);
    for (const count of Object.values(tally(moved.map((key) => homeOf(left, key).name))))
      expect(count / moved.length).toBeCloseTo(1 / 3, 1.5);
  });

  it('does not depend on the order of the list, nor on the list', () => {
    const all = candidates({ a: 1, b: 3, c: 2 });
    const turned = [...all].reverse();
    for (const key of KEYS.slice(0, 500)) expect(homeOf(turned, key).name).toBe(homeOf(all, key).name);
  });

  it('leaves out who has no weight, as long as anybody has', () => {
    expect(Object.keys(shares(candidates({ a: 0, b: 1, c: 0 })))).toEqual(['b']);
    expect(shares(candidates({ a: 0, b: 0 })).a! / KEYS.length).toBeCloseTo(1 / 2, 1.9);
  });

  it('is the same in every process', () => {
    const all = candidates({ a: 1, b: 1, c: 1 });
    const names = ['one', 'two', 'three', 'four', 'five', 'six'].map((key) => homeOf(all, hashOf(key)).name);
    expect([hashOf(''), hashOf('session-1')]).toEqual([91_794_203, 3_276_908_858]);
    expect(names).toEqual(['a', 'c', 'c', 'b', 'a', 'c']);
  });
});

describe('homes of many', () => {
  const many = (count: number, weight = (_: number) => 1) =>
    Array.from({ length: count }, (_, index) => candidate(`many-${count}-${index}`, { weight: weight(index) }));
  const homesIn = (list: readonly Candidate[], book?: HomeBook) => KEYS.map((key) => homeOf(list, key, book).name);

  it.each([17, 100, 1_000])('shares keys of %d out in proportion to the weights', (count) => {
    const list = many(count, (index) => 1 + (index % 3));
    const found = tally(homesIn(list).map((name) => String(Number(name.split('-')[2]) % 3)));
    const whole = list.reduce((sum, { weight }) => sum + weight, 0);
    for (const rest of [0, 1, 2]) {
      const share = list.filter((_, index) => index % 3 === rest).reduce((sum, { weight }) => sum + weight, 0) / whole;
      expect(Math.abs(found[rest]! / KEYS.length - share)).toBeLessThan(0.15 * share);
    }
  });

  it('gives none of a hundred equal ones much more than its share', () => {
    for (const count of Object.values(tally(homesIn(many(100))))) {
      expect(count / KEYS.length).toBeLessThan(1.5 / 100);
      expect(count / KEYS.length).toBeGreaterThan(0.5 / 100);
    }
  });

  it.each([17, 200])('moves the keys of those of %d who left, and no others, and back again', (count) => {
    const all = many(count);
    const before = homesIn(all);
    for (const gone of [new Set([3]), new Set([3, 5, 6, 7])]) {
      const left = all.filter((_, index) => !gone.has(index));
      const names = new Set(left.map(({ name }) => name));
      homesIn(left).forEach((name, index) => {
        if (names.has(before[index]!)) expect(name).toBe(before[index]);
        else expect(names).toContain(name);
      });
    }
    expect(homesIn([...all])).toEqual(before);
  });

  it('has the same homes for whoever first sees it with one out', () => {
    const all = many(40, (index) => 1 + (index % 2));
    const left = all.filter((_, index) => index !== 7);
    const book = new HomeBook();
    homesIn(all, book);
    expect(homesIn(left, new HomeBook())).toEqual(homesIn(left, book));
  });

  it('keeps the homes of the few that are left of many, however few', () => {
    const all = many(60);
    const book = new HomeBook();
    const before = homesIn(all, book);
    for (const left of [20, 16, 14, 5, 1]) {
      const list = all.slice(0, left);
      const names = new Set(list.map(({ name }) => name));
      homesIn(list, book).forEach((name, index) => {
        if (names.has(before[index]!)) expect(name).toBe(before[index]);
      });
    }
  });

  it('offers each key its next homes in an order of its own', () => {
    const list = many(50);
    const seconds = KEYS.slice(0, 2_000).map((key) => {
      const first = shared.of(list).find(key, anybody);
      const second = shared.of(list).find(key, (index) => index !== first);
      const again = shared.of(list.filter((_, index) => index !== first)).find(key, anybody);
      expect(list.filter((_, index) => index !== first)[again]).toBe(list[second]);
      return second - first;
    });
    expect(new Set(seconds).size).toBeGreaterThan(60);
  });

  it('has none when nobody fits', () => {
    expect(shared.of(many(30)).find(1, () => false)).toBe(-1);
    expect(shared.of(many(3)).find(1, () => false)).toBe(-1);
  });

  it('takes any weights', () => {
    for (const weights of [[0], [0, 1], [1e6, 1e-9, 3], [0.3]]) {
      const list = many(40, (index) => weights[index % weights.length]!);
      for (const key of KEYS.slice(0, 50)) expect(homeOf(list, key)).toBeDefined();
    }
  });
});
