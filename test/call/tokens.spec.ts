// The tokens that a call used, in the words of each API.
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/call/tokens.ts';

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
