import { expect, it } from 'vitest';
import { costOf, priceOf } from '../../../src/gateway/usage/spending.ts';

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
