// @arizeai/openinference-instrumentation-openai: patches the resource classes of the SDK and writes one OpenTelemetry span
// per call.
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { NodeTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import OpenAI from 'openai';
import { followCalls } from './support/traced-calls.ts';

/** Keeps spans that ended, and counts those that have not. */
const spans = { open: 0, ended: [] as ReadableSpan[] };
const processor: SpanProcessor = {
  onStart() {
    spans.open += 1;
  },
  onEnd(span) {
    spans.open -= 1;
    spans.ended.push(span);
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};

test('exactly one span per call, however many attempts it took', async () => {
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [processor] });
  new OpenAIInstrumentation({ tracerProvider }).manuallyInstrument(OpenAI);
  await followCalls({
    modules: { OpenAI, LoadBalancedOpenAI },
    async traces() {
      // It reads a copy of a stream, and is done a little later than its user.
      for (let turn = 0; spans.open > 0 && turn < 1_000; turn++) await setImmediate();
      // That of a raw response never ends, also with the plain SDK.
      spans.open = 0;
      return spans.ended.splice(0).map(({ name, attributes, status, events }) => ({
        what: name,
        model: attributes['llm.model_name'] ?? attributes['embedding.model_name'],
        input: attributes['llm.token_count.prompt'],
        output: attributes['llm.token_count.completion'],
        error: status.message ?? events[0]?.name,
        said: String(attributes['output.value']).match(/Hello from account\./)?.[0],
      }));
    },
    unseen: ['asResponse', 'asResponse of a stream', 'a refused call', 'post'],
    // Nobody hears what its own copy of the stream throws.
    deadly: ['a stream that breaks'],
    unpriced: ['chat, streamed', 'chat.completions.stream', 'embeddings'],
  });
});
