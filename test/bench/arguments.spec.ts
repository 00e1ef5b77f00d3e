// What may be asked of the bench, and that what is wrong is named.
import { expect, it } from 'vitest';
import { HELP, readArguments } from './arguments.ts';
import { partNames } from './parts.ts';

it('runs all parts in full, with the packages of npm, on a fresh build, unless told otherwise', () => {
  expect(readArguments([])).toEqual({
    ...{ is: 'bench', parts: partNames, rounds: undefined, quick: false, peers: true },
    ...{ build: true, check: false, write: false },
  });
});

it('takes parts in any order and options among them', () => {
  const asked = readArguments(['stream', '--rounds', '5', 'chat', '--no-peers', '--no-build']);
  expect(asked).toMatchObject({ parts: ['chat', 'stream'], rounds: 5, peers: false, build: false });
  expect(readArguments(['--quick', '--check'])).toMatchObject({ quick: true, peers: false, check: true });
  const quick = readArguments(['--quick']);
  expect(quick.is === 'bench' && partNames.filter((name) => !quick.parts.includes(name))).toEqual([
    'tls',
    'pick',
    'redis',
  ]);
  expect(readArguments(['--quick', 'pick'])).toMatchObject({ parts: ['pick'] });
  expect(readArguments(['--write'])).toMatchObject({ write: true, parts: partNames });
  expect(readArguments(['gateway', '--write'])).toMatchObject({ write: true, parts: ['gateway'] });
  expect(readArguments(['-h'])).toEqual({ is: 'help' });
});

it.each(partNames)('names %s in its help', (name) => {
  expect(HELP).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
});

it.each([
  ['chats', "There is no part 'chats'; did you mean chat? known are chat, tls, stream, own"],
  ['--rounds 0', "--rounds must be a whole number from 1 to 1000, not '0'."],
  ['--rounds many', "--rounds must be a whole number from 1 to 1000, not 'many'."],
  ['--rounds', '--rounds needs a value.'],
  ['--quik', 'did you mean --quick'],
  ['--quick=yes', '--quick takes no value.'],
  ['chat --write', "--write writes the README's figures, which need all parts, or gateway alone, in full."],
  ['gateway chat --write', "--write writes the README's figures, which need all parts, or gateway alone, in full."],
  ['--quick --write', "--write writes the README's figures, which need all parts, or gateway alone, in full."],
  ['--no-peers --write', "--write writes the README's figures, which need all parts, or gateway alone, in full."],
])('refuses %s by name', (args, problem) => {
  const asked = readArguments(args.split(' '));
  expect(asked.is === 'wrong' && asked.problem).toContain(problem);
});
