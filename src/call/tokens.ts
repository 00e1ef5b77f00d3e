/** The tokens that a call used, as its endpoints report them, whichever API's words they use. Pure. */
import type { AttemptReport } from './outcome.ts';

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

/** What the attempts of a call used, those that lost included; `undefined` when no endpoint said. @param attempts as `attemptsOf` and `call-end` have them. */
export function tokensOf(attempts: readonly Pick<AttemptReport, 'usage'>[]): Tokens | undefined {
  // Nearly always.
  if (attempts.length === 1) return tokensIn(attempts[0]?.usage);
  const told = attempts.flatMap(({ usage }) => tokensIn(usage) ?? []);
  if (told.length === 0) return undefined;
  const sum = (key: keyof Tokens) => told.reduce((total, each) => total + each[key], 0);
  return { input: sum('input'), output: sum('output'), cached: sum('cached') };
}
