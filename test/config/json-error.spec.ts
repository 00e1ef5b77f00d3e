// The position in broken JSON: exact, and independent of the engine's wording.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonErrorAt } from '../../src/config/json-error.ts';

it.each([
  ['{"openai":[x]}', 11],
  ['{"openai":["https://a",]}', 23],
  ["{'openai':[]}", 1],
  ['https://a.example', 0],
  ['{"openai" ["a"]}', 10],
  ['{"openai":["a"]', 15],
  ['{"openai":["a"]} trailing', 17],
  ['', 0],
])('%s → %i', (text, at) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonErrorAt(text)).toBe(at);
});

it('reads every valid text to its end', () => {
  fc.assert(fc.property(fc.json(), (text) => jsonErrorAt(text) === text.length));
});
