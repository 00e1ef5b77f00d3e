// The figures put together.
import { expect, it } from 'vitest';
import type { Outcome } from './outcome.ts';
import { forReadme, goalTable, problems, restless, results } from './report.ts';
import { spread } from './statistics.ts';

const rounds = (value: number) => spread([0.9, 0.95, 1, 1, 1, 1.05, 1.1].map((each) => each * value));
const chat = (value: number, control = 1): Outcome => ({
  tables: [
    { title: 'CPU of it', head: ['', 'a'], rows: [['x', '1']] },
    { title: 'Others', head: ['', 'a'], rows: [['y', '2']] },
  ],
  findings: [{ about: 'chat.16.fast.cpu', value, spread: rounds(value), control }],
});
const timers: Outcome = { tables: [], findings: [{ about: 'endpoints.timers', value: 4 }] };

it('sets what was found beside the goal, with how sure it is', () => {
  expect(goalTable([chat(0.45), timers]).rows).toEqual([
    ['plain call, fast transport, CPU, 16 at once', '0.45× (0.41 to 0.50)', '≤ 0.50×', 'yes'],
    ['1,000 endpoints: timers', '4', '≤ 1', 'no'],
  ]);
});

it('names what is far off, with the figure', () => {
  expect(problems([chat(0.6)])).toEqual([]);
  expect(problems([chat(0.8), timers])).toEqual([
    'plain call, fast transport, CPU, 16 at once: 0.80× (0.72 to 0.88), far from 0.50×',
    '1,000 endpoints: timers: 4, far from 1',
  ]);
});

it('judges no CPU on a restless machine, and says so', () => {
  expect([restless([chat(0.8)]), restless([chat(0.8, 1.4)])]).toEqual([false, true]);
  expect(problems([chat(0.8, 1.4)])).toEqual([]);
  expect(goalTable([chat(0.8, 1.4)]).rows[0]?.[1]).toMatch(/, too noisy$/);
});

it('gives the README the goals and what they cost in CPU, and the file all', () => {
  const [short, long] = [forReadme([chat(0.45)], 'a machine'), results([chat(0.45)], 'a machine')];
  for (const words of ['Against the plain SDK', 'CPU of it', 'a machine'])
    expect([short, long].every((text) => text.includes(words))).toBe(true);
  expect([short.includes('Others'), long.includes('Others')]).toEqual([false, true]);
});
