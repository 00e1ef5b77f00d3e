// "Did you mean": the nearest word, and silence when nothing is near.
import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest, shownName } from '../../src/config/suggest.ts';

const known = ['strategy', 'apiKey', 'baseURL', 'breaker', 'maxRetries', 'weight', 'fetch'];

describe('nearest', () => {
  it.each([
    ['strategey', 'strategy'],
    ['stratgey', 'strategy'],
    ['apikey', 'apiKey'],
    ['api_key', 'apiKey'],
    ['API-KEY', 'apiKey'],
    ['baseUrl', 'baseURL'],
    ['url', 'baseURL'],
    ['circuitBreaker', 'breaker'],
    ['retries', 'maxRetries'],
    ['wieght', 'weight'],
    ['wait', undefined],
    ['zebra', undefined],
    ['x', undefined],
    ['s'.repeat(100_000), undefined],
  ])('%.20s → %s', (written, meant) => {
    expect(nearest(written, known)).toBe(meant);
  });

  it('words the hint, or says nothing', () => {
    expect(didYouMean('brekaer', known)).toBe('; did you mean breaker?');
    expect(didYouMean('zebra', known)).toBe('');
  });
});

it('counts a swap of neighbours as one edit', () => {
  expect(editDistance('weight', 'wieght')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abc', 'abc')).toBe(0);
});

it('does not repeat names that may be secrets or prose', () => {
  expect(shownName('strategey')).toBe('strategey');
  expect(shownName('retry-budget')).toBe('retry-budget');
  expect(shownName('sk-proj-canary')).toBe('(unnamed)');
  expect(shownName('a b c')).toBe('(unnamed)');
  expect(shownName('k'.repeat(200))).toBe('(unnamed)');
});
