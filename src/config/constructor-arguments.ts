/** The constructor's three forms made one: a list with options, options with `endpoints`, or the SDK's own options. */
import type { LoadBalancedOpenAIOptions } from './options.ts';
import { kindOf, Problems } from './problems.ts';

const isOptions = (value: unknown): value is LoadBalancedOpenAIOptions =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The options that `new LoadBalancedOpenAI(first, second)` means.
 * @throws ConfigurationError when the arguments do not fit together.
 */
export function optionsOf(first?: unknown, second?: unknown): LoadBalancedOpenAIOptions {
  const problems = new Problems();
  const wrong = (path: string, message: string) => problems.add('invalid_value', path, message);
  if (!Array.isArray(first)) {
    if (second === undefined && first === undefined) return {};
    if (!isOptions(first))
      wrong('first argument', `must be an array of endpoints or an options object, got ${kindOf(first)}`);
    else if (second !== undefined)
      wrong('second argument', 'goes with an array of endpoints as the first one; put everything into one object');
    problems.throwIfAny();
    return first as LoadBalancedOpenAIOptions;
  }
  if (second === undefined) return { endpoints: first };
  if (!isOptions(second)) wrong('second argument', `must be an options object, got ${kindOf(second)}`);
  else if (second.endpoints !== undefined) {
    const message = 'are given twice, as the first argument and in the options; keep one of them';
    problems.add('conflicting_options', 'endpoints', message);
  }
  problems.throwIfAny();
  return { ...(second as LoadBalancedOpenAIOptions), endpoints: first };
}
