// Runs one call to its end, streams included, and writes down what came of it. Used by `scenario.ts`.
import { type Attempt, attemptsOf } from '../../src/index.ts';
import { timed } from './lag.ts';

/** What a call did. */
export interface Outcome {
  /** What the call resolved to; for a stream the list of its events. */
  readonly result: unknown;
  readonly error: unknown;
  /** The text of the answer, of a stream as far as it came. */
  readonly text: string;
  readonly attempts: readonly Attempt[];
  /** Ms the call took, and how much of that may be this process's own lag. */
  readonly ms: number;
  readonly lag: number;
}

/** Runs a call to its end; a stream is read, and what broke it is the error of the call. */
export async function outcomeOf(act: () => Promise<unknown>): Promise<Outcome> {
  const seen: unknown[] = [];
  let stream: unknown;
  const run = await timed(async () => {
    const result = await act();
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result) || !('controller' in result))
      return result;
    stream = result;
    for await (const event of result as AsyncIterable<unknown>) seen.push(event);
    return undefined;
  });
  const { error, ms, lag } = run;
  const attempts = attemptsOf(error ?? stream ?? run.value);
  const result = stream === undefined ? run.value : seen;
  return { result, error, text: textOf(stream === undefined ? [run.value] : seen), attempts, ms, lag };
}

type Answer = {
  choices?: { message?: { content?: string }; delta?: { content?: string }; text?: string }[];
  output_text?: string;
  delta?: unknown;
};

function textOf(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      const { choices = [], output_text, delta } = (part ?? {}) as Answer;
      const [choice] = choices;
      const own = choice?.message?.content ?? choice?.delta?.content ?? choice?.text ?? output_text;
      return own ?? (typeof delta === 'string' ? delta : '');
    })
    .join('');
}
