// The figures as text and as a picture.
import { expect, it } from 'vitest';
import type { Cell } from './compare.ts';
import { median } from './compare.ts';
import { plot } from './plot.ts';
import { scenarios } from './scenarios.ts';
import { markdown, section } from './table.ts';

const cell = (changes: Partial<Cell> = {}): Cell => ({
  p99: 1,
  p999: 1.5,
  success: 1,
  wasted: 0,
  wastedInAll: 0,
  toBad: 0.2,
  ...changes,
});

it('prints one line per strategy; a single lost call is no 100 %', () => {
  const rows = [
    { name: 'round-robin', cells: [cell({ p99: 8.254, toBad: 0.0789 }), cell({ success: 0.999_99 })] },
    { name: 'random', cells: [cell(), cell({ wasted: 0.0123 })] },
  ];
  const lines = section(scenarios.slow!, [1, 50], rows);
  expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
    'one 10× slower',
    '1 client 50 clients',
    'strategy p99 p99.9 success wasted to bad p99 p99.9 success wasted to bad',
    'round-robin 8.25 1.50 100 % 0.0000 7.89 % 1.00 1.50 99.99 % 0.0000 20.00 %',
    'random 1.00 1.50 100 % 0.0000 20.00 % 1.00 1.50 100 % 0.0123 20.00 %',
    '',
  ]);
});

it('draws a larger multiple further right, in both panels, with every name once in the legend', () => {
  const rows = [
    { name: 'a<b', cells: [cell({ p99: 1 }), cell({ p99: 4 })] },
    { name: 'c', cells: [cell({ p99: 2 }), cell({ p99: 8 })] },
  ];
  const svg = plot([{ scenario: { title: 'one & only', load: 1, shows: 'time' }, rows }], [1, 50]);
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="[\d.]+" r="3.5"/g)].map((match) => Number(match[1]));
  expect(dots).toHaveLength(4);
  const [a1, a50, c1, c50] = dots as [number, number, number, number];
  expect(c1).toBeGreaterThan(a1);
  expect(c50).toBeGreaterThan(a50);
  // Equal factors are equal ways on a logarithmic axis.
  expect(c1 - a1).toBeCloseTo(c50 - a50, 0);
  expect(svg.match(/>a&lt;b</g)).toHaveLength(1);
  expect(svg).toContain('>one &amp; only<');
});

it('writes times before waste in the table of the README', () => {
  const rows = [{ name: 'a', cells: [cell({ p99: 1.234, wasted: 0.1 }), cell()] }];
  const groups = [scenarios['fast-500s'], scenarios.slow].map((scenario) => ({ scenario, rows }));
  expect(markdown(groups)).toEqual([
    '| strategy | one 10× slower | one fails at once |',
    '| --- | --- | --- |',
    '| `a` | 1.23 / 1.00 | 10.0 / 0.0 |',
  ]);
});

it('takes the middle of the seeds', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(3);
});
