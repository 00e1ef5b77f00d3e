/** What calls cost: money, by the prices of the configuration. */

import { entryFor } from '../../call/model-map.ts';
import type { Tokens } from '../../call/tokens.ts';
import type { Price } from '../config/settings.ts';

/** The price of the first of these names that has one. */
export function priceOf(
  prices: Readonly<Record<string, Price>>,
  names: readonly (string | undefined)[],
): Price | undefined {
  for (const name of names) {
    const found = name === undefined ? undefined : entryFor(prices, name)?.value;
    if (found) return found;
  }
  return undefined;
}

/** What tokens cost. */
export function costOf({ input, output, cached }: Tokens, price: Price): number {
  const { cachedInput = price.input } = price;
  return ((input - cached) * price.input + cached * cachedInput + output * price.output) / 1e6;
}
