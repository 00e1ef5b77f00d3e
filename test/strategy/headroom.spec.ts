// The most of its limits left, by weight.
import { expect, it } from 'vitest';
import { headroom } from '../../src/strategy/headroom.ts';
import type { Candidate } from '../../src/strategy/strategy.ts';
import { manualClock } from '../../src/testing/index.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';

const seeded = (seed: number) => manualClock({ seed }).random;
const left = (share: number, changes: Partial<Candidate> = {}) => ({ headroom: () => share, ...changes });

it.each<[string, Partial<Candidate>[], string]>([
  ['the one with most left', [left(0.2), left(0.9), left(0.5)], 'e1'],
  ['one without known limits', [left(0.99), {}], 'e1'],
  ['by weight: half used of 10 is less than a tenth used of 1', [left(0.9), left(0.5, { weight: 10 })], 'e1'],
  ['among equals the least busy', [left(0.5, { inFlight: 2 }), left(0.5, { inFlight: 1 })], 'e1'],
  ['headroom before load', [left(0.999, { inFlight: 0 }), left(1, { inFlight: 1_000 })], 'e1'],
])('takes %s', (_, changes, name) => {
  const pool = changes.map((each, i) => candidate(`e${i}`, each));
  for (let i = 0; i < 20; i++) expect(headroom().pick(pool, CALL).name).toBe(name);
});

it('asks for the model of the call', () => {
  const models: unknown[] = [];
  const asked = (name: string) =>
    candidate(name, {
      headroom: ({ model, now }) => {
        models.push([model, now]);
        return 1;
      },
    });
  headroom().pick([asked('a'), asked('b')], { ...CALL, model: 'o3', now: 5 });
  expect(models).toEqual([
    ['o3', 5],
    ['o3', 5],
  ]);
});

it('spreads by weight while no limits are known', () => {
  const pool = [candidate('one'), candidate('three', { weight: 3 })];
  const counts = countPicks(headroom(seeded(1)), pool, 4_000);
  expect(Math.abs((counts.get('three') as number) - 3_000)).toBeLessThan(120);
});

it('takes the better of two above 16', () => {
  const pool = Array.from({ length: 20 }, (_, i) => candidate(`e${i}`, left(i / 20)));
  const counts = countPicks(headroom(seeded(2)), pool, 20_000);
  expect(counts.get('e0')).toBeLessThan(10);
  expect(counts.get('e19')).toBeGreaterThan(1_700);
});
