// Model names taken apart: names before positions, also names that hold a `$` or are numbers.
import { expect, it } from 'vitest';
import { pinnedModel } from '../../src/sdk/pinned-model.ts';

const pool = ['a', '1', 'x$a', 'b$2'].map((name) => ({ name }));

it.each([
  ['gpt-5', undefined],
  ['gpt-5$a', ['gpt-5', 'a']],
  ['gpt-5$1', ['gpt-5', '1']],
  ['gpt-5$2', ['gpt-5', '1']],
  ['gpt-5$3', ['gpt-5', 'x$a']],
  ['gpt-5$x$a', ['gpt-5', 'x$a']],
  ['gpt-5$b$2', ['gpt-5', 'b$2']],
  ['vendor$gpt$4', ['vendor$gpt', 'b$2']],
])('%s', (name, expected) => {
  const found = pinnedModel(name, pool);
  expect(found && [found.model, found.endpoint]).toEqual(expected);
});

it.each(['gpt-5$', 'gpt-5$5', 'gpt-5$0', 'gpt-5$01', 'gpt-5$-1', 'gpt-5$1.5', 'gpt-5$toString', '$a'])('%s', (name) => {
  expect(() => pinnedModel(name, pool)).toThrow(/names no endpoint|does not exist|names no model/);
});
