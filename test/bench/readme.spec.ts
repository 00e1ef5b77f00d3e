// What the README says of performance is what the bench writes: there is a place for it, and no goal is left out.
import { expect, it } from 'vitest';
import { readme, section } from '../readme/document.ts';
import { goals } from './goals.ts';
import { between } from './markdown.ts';

it('has the marks between which the bench writes', () => {
  expect(between(readme, 'figures')).toContain('-->\n\nfigures\n\n<!--');
});

it.each(goals.map(({ says }) => says))('says how it is with: %s', (says) => {
  const part = section('Performance');
  if (!part.includes('Not measured yet.')) expect(part).toContain(`| ${says} |`);
});
