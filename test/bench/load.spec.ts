// Each client is compared with the plain SDK of the same round.
import { expect, it } from 'vitest';
import { compared } from './parts/load.ts';

it('is half where it is half in every round, whatever the machine did meanwhile', () => {
  const raw = [100, 300, 100].map((cpu) => ({ cpu, rate: 1e5 / cpu }));
  const fast = [50, 150, 60].map((cpu) => ({ cpu, rate: 1e5 / cpu }));
  const found = compared({ raw, fast });
  expect([...found.keys()]).toEqual(['fast']);
  expect(found.get('fast')?.cpu).toMatchObject({ min: 0.5, median: 0.5, max: 0.6 });
  expect(found.get('fast')?.rate.median).toBeCloseTo(2);
});
