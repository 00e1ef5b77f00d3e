// Where lists stood: remembered by list and item, within bounds.
import { expect, it } from 'vitest';
import { ListPositions } from '../../src/affinity/list-positions.ts';
import { START } from '../../src/affinity/merge.ts';

const stands = (count: number) => new Map(Array.from({ length: count }, (_, index) => [`e${index}`, START]));

it('finds what was remembered, of that list only', () => {
  const positions = new ListPositions();
  const here = stands(2);
  positions.remember('files desc []', 'file-1', here);
  expect(positions.at('files desc []', 'file-1')).toBe(here);
  expect(positions.at('files asc []', 'file-1')).toBeUndefined();
  expect(positions.at('files desc []', 'file-2')).toBeUndefined();
});

it('forgets the page asked for longest ago, counted in stands', () => {
  const positions = new ListPositions();
  for (let page = 0; page < 20; page++) positions.remember('files', `${page}`, stands(1_000));
  // Asked for again, it is the youngest.
  expect(positions.at('files', '0')).toBeDefined();
  positions.remember('files', '20', stands(1_000));
  expect(positions.at('files', '1')).toBeUndefined();
  expect(positions.at('files', '0')).toBeDefined();
  // The same page twice takes the place of one.
  for (let round = 0; round < 50; round++) positions.remember('files', '20', stands(1_000));
  expect(positions.at('files', '2')).toBeDefined();
});

it('does not keep endless names', () => {
  const positions = new ListPositions();
  positions.remember('x'.repeat(5_000), 'file-1', stands(1));
  expect(positions.at('x'.repeat(5_000), 'file-1')).toBeUndefined();
});
