// What the README says of performance is what the bench writes: there is a place for it, and no goal is left out.
import { expect, it } from 'vitest';
import { readme } from '../readme/document.ts';
import { goals, isGateways } from './goals.ts';
import { between, type Written, written } from './markdown.ts';

it.each<Written>(['client', 'gateway'])('has the marks between which the bench writes: %s', (what) => {
  expect(written(between(readme, 'figures', what), what)).toBe('figures');
});

it.each(goals.map((goal) => [goal.says, isGateways(goal) ? 'gateway' : 'client'] as const))(
  'says how it is with: %s',
  (says, what) => {
    const part = written(readme, what);
    if (part !== 'Not measured yet.') expect(part).toContain(`| ${says} |`);
  },
);
