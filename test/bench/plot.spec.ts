// The figures as a picture.
import { expect, it } from 'vitest';
import type { Point } from './outcome.ts';
import { plot } from './plot.ts';
import { spread } from './statistics.ts';

const point = (panel: string, name: string, ...values: number[]): Point => ({ panel, name, spread: spread(values) });

it('puts more further right, ours in green, the others in grey, each name once', () => {
  const svg = plot(
    [point('calls', 'ours', 0.4, 0.5, 0.6), point('calls', '`a<b`', 1, 1, 1), point('streams', 'ours', 2, 2, 2)],
    (name) => name === 'ours',
  );
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4" fill="(#\w+)"/g)].map(
    ([, x, y, colour]) => [Number(x), Number(y), colour] as const,
  );
  const [half, one, twice] = dots as [(typeof dots)[0], (typeof dots)[0], (typeof dots)[0]];
  expect(one[0]).toBeGreaterThan(half[0]);
  expect(twice[0]).toBeGreaterThan(one[0]);
  expect([half[1] === twice[1], half[1] === one[1]]).toEqual([true, false]);
  expect(dots.map(([, , colour]) => colour)).toEqual(['#1f883d', '#8c959f', '#1f883d']);
  expect(svg.match(/>a&lt;b</g)).toHaveLength(1);
  expect(svg.match(/>ours</g)).toHaveLength(1);
});

it('shows from where to where the rounds went, and frames all of them', () => {
  const svg = plot([point('calls', 'x', 0.3, 0.5, 3.9)], () => true);
  expect([...svg.matchAll(/>([\d.]+)×</g)].map(([, tick]) => tick)).toEqual(['0.25', '0.5', '1', '2', '4']);
  const [, from, to] = /<path d="M([\d.]+) [\d.]+H([\d.]+)" stroke=/.exec(svg) ?? [];
  const [, at] = /<circle cx="([\d.]+)"/.exec(svg) ?? [];
  expect(Number(from)).toBeLessThan(Number(at));
  expect(Number(at)).toBeLessThan(Number(to));
});
