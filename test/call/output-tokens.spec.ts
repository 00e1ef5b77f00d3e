// How much an answer is, as its usage says.
import { expect, it } from 'vitest';
import { outputTokens } from '../../src/call/output-tokens.ts';

it.each<[unknown, number | undefined]>([
  [{ prompt_tokens: 5, completion_tokens: 7 }, 7],
  [{ input_tokens: 5, output_tokens: 9 }, 9],
  [{ prompt_tokens: 5, total_tokens: 5 }, undefined],
  [{ completion_tokens: 0 }, undefined],
  [{ completion_tokens: 'many' }, undefined],
  [{}, undefined],
  [null, undefined],
  [undefined, undefined],
  [7, undefined],
])('%j: %j', (usage, tokens) => {
  expect(outputTokens(usage)).toBe(tokens);
});
