// The figures as text.
import { expect, it } from 'vitest';
import { round, sureOf, threeOf } from './cells.ts';
import { between, markdown, written } from './markdown.ts';
import { spread } from './statistics.ts';

it('makes a table', () => {
  const text = markdown({ title: 'T', head: ['', 'a'], rows: [['x', '1']], notes: ['One.', 'Two.'] });
  expect(text.split('\n')).toEqual(['**T**', '', '|  | a |', '| --- | --- |', '| x | 1 |', '', 'One. Two.', '']);
});

it('writes between the marks only, as often as it likes', () => {
  const text = 'before\n<!-- written by npm run bench -->\nold\n<!-- end of what npm run bench writes -->\nafter\n';
  const once = between(text, 'new\n');
  expect(once).toBe(
    'before\n<!-- written by npm run bench -->\n\nnew\n\n<!-- end of what npm run bench writes -->\nafter\n',
  );
  expect(between(once, 'new\n')).toBe(once);
  expect(() => between('nothing', 'new')).toThrow('<!-- written by npm run bench -->');
  expect(() => between(text, 'new', 'gateway')).toThrow('<!-- written by npm run bench: gateway -->');
  expect(written(once, 'client')).toBe('new');
});

it('rounds to what can be meant', () => {
  expect([0.4123, 12.34, 1234.5, -0.5, -0.001].map(round)).toEqual(['0.41', '12.3', '1,235', '-0.50', '0.00']);
  const found = spread([0.41, 0.4, 0.45]);
  expect(threeOf(found)).toBe('0.40 / **0.41** / 0.45');
  expect(sureOf(found)).toBe('0.410 (0.400 to 0.450)');
});
