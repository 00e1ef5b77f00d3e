// Model maps read backwards.
import { describe, expect, it } from 'vitest';
import { type ModelMap, mapModel } from '../../src/call/model-map.ts';
import { exactNames, publicNames } from '../../src/call/public-models.ts';
import { fc, runs } from '../support/property.ts';

describe('publicNames', () => {
  it.each<[what: string, map: ModelMap, own: string, names: string[], models?: string[]]>([
    ['no map', {}, 'gpt-5', ['gpt-5']],
    ['exact', { 'gpt-5': 'prod' }, 'prod', ['gpt-5']],
    ['several names of one model', { a: 'x', b: 'x' }, 'x', ['a', 'b']],
    ['a name that leads elsewhere is not its own', { 'gpt-5': 'prod' }, 'gpt-5', []],
    ['prefix', { 'gpt-*': 'openai/gpt-$1' }, 'openai/gpt-5', ['gpt-5']],
    ['prefix, another model', { 'gpt-*': 'openai/gpt-$1' }, 'anthropic/claude', ['anthropic/claude']],
    ['anything', { '*': 'v-$1' }, 'v-llama', ['llama']],
    ['anything, unreachable', { '*': 'v-$1' }, 'llama', []],
    ['the longer key wins', { '*': 'v-$1', 'gpt*': 'w-$1' }, 'v-gpt5', []],
    ['both sides and twice', { 'a*': '$1/x/$1' }, '5/x/5', ['a5']],
    ['twice, but not the same', { 'a*': '$1/x/$1' }, '5/x/6', ['5/x/6']],
    ['all to one: its own name is the only one that can be told', { '*': 'only' }, 'only', ['only']],
    ['with changes to the body', { o3: { model: 'openai/o3', omit: ['user'] } }, 'openai/o3', ['o3']],
    ['letters that mean something in a pattern', { 'a.b': 'x+y(z)' }, 'x+y(z)', ['a.b']],
    ['letters that mean something in a pattern, at the match', { 'q*': 'x+$1.z' }, 'x+1.z', ['q1']],
    ['models leave it out', { 'gpt-5': 'prod', 'gpt-6': 'prod' }, 'prod', ['gpt-6'], ['gpt-6']],
    ['models leave all out', {}, 'gpt-5', [], ['o*']],
  ])('%s', (_, map, own, names, models) => expect(publicNames(own, map, models)).toEqual(names));

  it('every name leads back to the model', () => {
    const part = fc.constantFrom('a', 'b', 'a-', 'b/', '');
    const key = fc.oneof(fc.constantFrom('a', 'ab', '*', 'a*', 'ab*'));
    const value = fc
      .tuple(part, fc.boolean(), part)
      .map(([head, fills, tail]) => `${head}${fills ? '$1' : ''}${tail}` || 'z');
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.array(part, { maxLength: 4 }).map((parts) => parts.join('')),
        (map, own) => {
          for (const name of publicNames(own, map, undefined)) expect(mapModel(map, name)?.model ?? name).toBe(own);
        },
      ),
      runs(200),
    );
  });
});

describe('exactNames', () => {
  it('are the names without a pattern that models allow', () => {
    expect(exactNames({ a: 'x', 'b*': 'y', c: { model: 'z' } }, undefined)).toEqual(['a', 'c']);
    expect(exactNames({ a: 'x', c: 'z' }, ['c*'])).toEqual(['c']);
  });
});
