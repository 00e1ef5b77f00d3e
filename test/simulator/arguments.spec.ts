// What may be asked of the simulator, and that what is wrong is named.
import { expect, it } from 'vitest';
import { strategyNames } from '../../src/strategy/named.ts';
import { readArguments } from './arguments.ts';
import { scenarioNames } from './scenarios.ts';

it('compares every strategy that spreads, in every scenario, unless told otherwise', () => {
  const asked = readArguments([]);
  if (asked.is !== 'compare') throw new Error('nothing is compared');
  const names = asked.contenders.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['oracle', ...strategyNames.filter((name) => name !== 'priority')]));
  expect(asked.scenarios).toEqual(scenarioNames);
  expect(asked).toMatchObject({ clients: [1, 50], seeds: 5, ms: 400_000, stream: true, out: undefined });
});

it('takes names, numbers and options of the client', () => {
  const args = '--strategy random,oracle --scenario slow --clients 3 --seeds 2 --seconds 90 --plain --out x.svg'.split(
    ' ',
  );
  const asked = readArguments([...args, '--options', '{"breaker":false}']);
  expect(asked).toMatchObject({ scenarios: ['slow'], clients: [3], seeds: 2, ms: 90_000, stream: false, out: 'x.svg' });
  if (asked.is !== 'compare') return;
  expect(asked.contenders).toEqual([
    { name: 'random', options: { strategy: 'random', breaker: false, attemptTimeout: 'auto' } },
    { name: 'oracle', options: { strategy: 'oracle', breaker: false, attemptTimeout: 'auto' } },
  ]);
  expect(readArguments(['-h'])).toEqual({ is: 'help' });
});

it.each([
  ['--strategy randon', "--strategy: there is no 'randon'; did you mean random? known are oracle, round-robin"],
  ['--scenario hole', "--scenario: there is no 'hole'; known are healthy-0.6"],
  ['--seeds 0', "--seeds must be a whole number from 1 to 1000, not '0'."],
  ['--seconds 1.5', "--seconds must be a whole number from 1 to 100000, not '1.5'."],
  ['--clients 1,x', "--clients must be a whole number from 1 to 1000, not 'x'."],
  ['--out plot.png', "--out must end in .svg, not 'plot.png'."],
  ['--options {', '--options is not JSON'],
  ['--options []', '--options must be a JSON object.'],
  ['--options {"clock":1}', '--options: the simulator sets clock itself.'],
  ['--options {"rescu":false}', 'did you mean rescue'],
  ['--strategies random', 'did you mean --strategy'],
  ['--trace f --clients 3', '--clients is about scenarios; with --trace leave it out.'],
  ['--trace f --strategy oracle', "--strategy: there is no 'oracle'"],
  ['--trace f --seed 0', '--seed must be a whole number'],
  ['--trace f --prices {', '--prices is not JSON'],
  ['--trace f --prices {"gpt-5":1}', '--prices: gpt-5 needs input and output'],
  ['--seed 2', '--seed goes with --trace.'],
  ['random', "Only options may follow, not 'random'"],
])('refuses %s by name', (args, problem) => {
  const asked = readArguments(args.split(' '));
  expect(asked.is === 'wrong' && asked.problem).toContain(problem);
});
