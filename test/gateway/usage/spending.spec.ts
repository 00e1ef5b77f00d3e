import { describe, expect, it } from 'vitest';
import { costOf, priceOf, tokensOf } from '../../../src/gateway/usage/spending.ts';

const attempt = (usage?: unknown) =>
  ({
    endpoint: 'a',
    model: 'm',
    verdict: 'ok',
    status: 200,
    ms: 1,
    billed: 'yes',
    ...(usage !== undefined && { usage }),
  }) as const;

describe('tokens', () => {
  it.each<[string, unknown, unknown]>([
    ['of chat', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input: 10, output: 5, cached: 0 }],
    [
      'of responses',
      { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4 } },
      { input: 10, output: 5, cached: 4 },
    ],
    ['of embeddings', { prompt_tokens: 8, total_tokens: 8 }, { input: 8, output: 0, cached: 0 }],
    [
      'that cannot be',
      { prompt_tokens: -5, completion_tokens: 'x', prompt_tokens_details: { cached_tokens: 99 } },
      { input: 0, output: 0, cached: 0 },
    ],
  ])('%s are read', (_, usage, tokens) => {
    expect(tokensOf([attempt(usage)])).toEqual(tokens);
  });

  it('of all attempts add up, and of none are none', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4 };
    expect(tokensOf([attempt(usage), attempt(), attempt(usage)])).toEqual({ input: 6, output: 8, cached: 0 });
    expect(tokensOf([attempt(), attempt(null)])).toBeUndefined();
  });
});

it('costs are prices per million, those of a cache apart', () => {
  const tokens = { input: 1_000_000, output: 500_000, cached: 400_000 };
  expect(costOf(tokens, { input: 2, output: 10 })).toBeCloseTo(7);
  expect(costOf(tokens, { input: 2, output: 10, cachedInput: 0.5 })).toBeCloseTo(1.2 + 0.2 + 5);
});

it('a price is that of the first name that has one, exact before patterns', () => {
  const [any, exact] = [
    { input: 1, output: 1 },
    { input: 2, output: 2 },
  ];
  const prices = { 'gpt-*': any, 'gpt-5': exact };
  expect(priceOf(prices, [undefined, 'x', 'gpt-5'])).toBe(exact);
  expect(priceOf(prices, ['gpt-6'])).toBe(any);
  expect(priceOf(prices, ['x', '__proto__', 'constructor'])).toBeUndefined();
});
