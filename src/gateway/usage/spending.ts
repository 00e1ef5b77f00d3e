/** What calls cost: tokens as the endpoints report them, and money by the prices of the configuration. */

import { entryFor } from '../../call/model-map.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import type { Price } from '../config/settings.ts';

/** Tokens of a call, over all of its attempts. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  /** Of those that went in, read from a cache. */
  readonly cached: number;
}

/** None. */
export const noTokens: Tokens = { input: 0, output: 0, cached: 0 };

const amount = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0);

function tokensIn(usage: unknown): Tokens | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const rest = usage as Record<string, unknown>;
  const { prompt_tokens, input_tokens, completion_tokens, output_tokens, total_tokens } = rest;
  const details = (rest.prompt_tokens_details ?? rest.input_tokens_details) as { cached_tokens?: unknown } | undefined;
  // Anthropic counts what a cache held beside the rest, OpenAI as part of it.
  const read = amount(rest.cache_read_input_tokens);
  const input = amount(prompt_tokens ?? input_tokens) + read + amount(rest.cache_creation_input_tokens);
  const output = amount(completion_tokens ?? output_tokens) || Math.max(0, amount(total_tokens) - input);
  return { input, output, cached: Math.min(input, read || amount(details?.cached_tokens)) };
}

/** What the attempts of a call used; `undefined` when no endpoint said. */
export function tokensOf(attempts: readonly AttemptReport[]): Tokens | undefined {
  // Nearly always.
  if (attempts.length === 1) return tokensIn(attempts[0]?.usage);
  const told = attempts.flatMap(({ usage }) => tokensIn(usage) ?? []);
  if (told.length === 0) return undefined;
  const sum = (key: keyof Tokens) => told.reduce((total, each) => total + each[key], 0);
  return { input: sum('input'), output: sum('output'), cached: sum('cached') };
}

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
