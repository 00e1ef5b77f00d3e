// Which entry of a model map a name meets, and what it becomes.

import { describe, expect, it } from 'vitest';
import { type ModelMap, mapModel, matchesName } from '../../src/call/model-map.ts';
import { fc } from '../support/property.ts';

describe('matchesName', () => {
  it.each<[string, string, boolean]>([
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt-5', 'GPT-5', false],
    ['gpt-*', 'gpt-5', true],
    ['gpt-*', 'gpt-', true],
    ['gpt-*', 'gpt', false],
    ['gpt-*', 'my-gpt-5', false],
    ['*', 'anything', true],
    ['*', '', true],
    ['g*t', 'gpt', false],
    ['g.t-5', 'gpt-5', false],
    ['ft:gpt-4o*', 'ft:gpt-4o-mini:org::id', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchesName(pattern, name)).toBe(expected);
  });
});

describe('mapModel', () => {
  const map: ModelMap = {
    'gpt-5': 'prod-gpt5',
    'gpt-*': 'openai/gpt-$1',
    'gpt-5-*': { model: 'five/$1', body: { reasoning_effort: 'low' }, omit: ['seed'] },
    'o*': 'o/$1/$1',
    same: 'same',
  };

  it.each<[string, string, string | undefined]>([
    ['an exact name before every pattern', 'gpt-5', 'prod-gpt5'],
    ['the longest pattern', 'gpt-5-mini', 'five/mini'],
    ['a shorter pattern where the longer one ends', 'gpt-4o', 'openai/gpt-4o'],
    ['an empty match', 'gpt-', 'openai/gpt-'],
    ['every $1', 'o3', 'o/3/3'],
    ['a name mapped to itself', 'same', 'same'],
    ['no entry', 'claude', undefined],
    ['a name that only looks like a key', 'toString', undefined],
    ['a name of the prototype', '__proto__', undefined],
    ['the empty name', '', undefined],
  ])('finds %s', (_, model, expected) => {
    expect(mapModel(map, model)?.model).toBe(expected);
  });

  it('hands on the fields to set and to leave out', () => {
    expect(mapModel(map, 'gpt-5-mini')).toEqual({
      model: 'five/mini',
      body: { reasoning_effort: 'low' },
      omit: ['seed'],
    });
    expect(mapModel(map, 'gpt-5')).toEqual({ model: 'prod-gpt5', body: undefined, omit: undefined });
  });

  it('takes `*` as the last resort, whatever its place', () => {
    const open: ModelMap = { '*': 'all/$1', 'a*': 'a/$1', ab: 'exact' };
    expect(['ab', 'abc', 'xyz'].map((name) => mapModel(open, name)?.model)).toEqual(['exact', 'a/bc', 'all/xyz']);
    expect(mapModel({ 'a*': 'a/$1', '*': 'all/$1' }, 'abc')?.model).toBe('a/bc');
  });

  it.each(["$&-$'-$`-$$", '$1$1', '$<name>'])('puts %s in as it is: no pattern inside a model name is read', (odd) => {
    expect(mapModel({ 'gpt-*': 'x/$1' }, `gpt-${odd}`)?.model).toBe(`x/${odd}`);
  });

  it('replaces nothing for an exact key', () => {
    expect(mapModel({ 'gpt-5': 'x-$1' }, 'gpt-5')?.model).toBe('x-');
  });

  it('agrees with a slow reading of the rule, for any map', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 5 });
    const key = fc.oneof(
      name,
      name.map((prefix) => `${prefix}*`),
    );
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 8 }), name, (keys, model) => {
        const found = mapModel(Object.fromEntries(keys.map((each) => [each, `to:${each}`])), model)?.model;
        const matching = keys.filter((each) => matchesName(each, model));
        const best = matching.includes(model) ? model : matching.sort((a, b) => b.length - a.length)[0];
        expect(found).toBe(best === undefined ? undefined : `to:${best}`);
      }),
    );
  });
});
