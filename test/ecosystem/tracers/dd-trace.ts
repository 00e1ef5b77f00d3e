// dd-trace, switched on by its own flags; its spans are written to the standard output in place of an agent.
import { setImmediate } from 'node:timers/promises';
import type { Following, Trace } from '../support/traced-calls.ts';

interface Span {
  readonly name: string;
  readonly resource: string;
  readonly error: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

const spans: Span[] = [];
const write = process.stdout.write.bind(process.stdout) as (text: unknown, ...rest: unknown[]) => boolean;
process.stdout.write = (text: unknown, ...rest: unknown[]) => {
  if (typeof text !== 'string' || !text.startsWith('{"traces"')) return write(text, ...rest);
  spans.push(...(JSON.parse(text) as { traces: Span[][] }).traces.flat());
  return true;
};

/** Its calls are those of `openai.request`; the rest is HTTP. */
const ours = (): Trace[] =>
  spans
    .splice(0)
    .filter(({ name }) => name === 'openai.request')
    .map(({ resource, meta, metrics, error }) => ({
      what: resource,
      model: meta['openai.response.model'],
      input: metrics['gen_ai.usage.input_tokens'],
      output: metrics['gen_ai.usage.output_tokens'],
      error: error === 0 ? undefined : meta['error.message'],
    }));

export const following: Following = {
  async traces() {
    // What it does not see takes all of the turns; what is late shows up at the next call, where it is one too many.
    for (let turn = 0; turn < 200; turn++) {
      await setImmediate();
      const found = ours();
      if (found.length > 0) return found;
    }
    return [];
  },
  unseen: ['asResponse', 'asResponse of a stream', 'post'],
  unpriced: ['chat.completions.stream'],
};
