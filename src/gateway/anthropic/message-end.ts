/** Why a message ended and what it used, in the words of the Messages API. Pure. */
import { isObject, type Loose } from './read-fields.ts';

const REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
};

/** How a message ended. */
export interface MessageEnd {
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
}

/**
 * Why a choice ended.
 * @param choice its `finish_reason`, and which stop sequence it was where an endpoint says that as `stop_reason`; OpenAI does not.
 * @param calls whether tools were called: with a chosen tool the API says `stop` all the same.
 * @param refused whether the model refused.
 */
export function endOf(choice: Loose, calls: boolean, refused: boolean): MessageEnd {
  const { finish_reason, stop_reason } = choice;
  if (refused) return { stop_reason: 'refusal', stop_sequence: null };
  if (finish_reason === 'stop' && !calls && typeof stop_reason === 'string')
    return { stop_reason: 'stop_sequence', stop_sequence: stop_reason };
  const known = REASONS[String(finish_reason)] ?? 'end_turn';
  return { stop_reason: known === 'end_turn' && calls ? 'tool_use' : known, stop_sequence: null };
}

const amount = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0);
const within = (value: unknown): Loose => (isObject(value) ? value : {});

/** What a message used. There, what a cache held is counted beside the rest; here it is part of it. */
export function messageUsage(usage: unknown): Readonly<Record<string, number>> {
  const { prompt_tokens, completion_tokens, prompt_tokens_details } = within(usage);
  const { cached_tokens, cache_write_tokens } = within(prompt_tokens_details);
  const input = amount(prompt_tokens);
  const read = Math.min(input, amount(cached_tokens));
  const written = Math.min(input - read, amount(cache_write_tokens));
  return {
    input_tokens: input - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: amount(completion_tokens),
  };
}
