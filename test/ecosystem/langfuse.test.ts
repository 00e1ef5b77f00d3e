// @langfuse/openai and its predecessor langfuse: `observeOpenAI(client)`, a Proxy over all of the client. Spans of the
// first stay in memory here, reports of the second go to a sink.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observeOpenAI } from '@langfuse/openai';
import { setLangfuseTracerProvider } from '@langfuse/tracing';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import Langfuse, { observeOpenAI as observeOpenAI3 } from 'langfuse';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';
import { sink } from './support/sink.ts';

const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'Hi' }];
const response_format = zodResponseFormat(z.object({ n: z.number() }), 'n');

/** What an application does with its client, each call failing over. `withOptions` gives a client that nobody traces. */
const script = [
  ...[fault(500), 'ok'],
  ...[fault(limited), fault(cutEarly), 'ok'],
  ...[fault(503), 'ok'],
  ...[fault(cutEarly), 'ok'],
  ...[fault('truncated-json'), { step: 'ok', text: '{"n":1}' }],
  ...[fault(500), 'ok'],
  'ok',
] as const;
const journey = [
  ...['a failed', 'b'],
  ...['a failed', 'b failed', 'c'],
  ...['b failed', 'c'],
  ...['b failed', 'c'],
  ...['b failed', 'c'],
  ...['a failed', 'b'],
  'b',
];

const text = 'Hello from account.';
const vector = Array.from({ length: 8 }, (_, i) => Math.fround(Math.sin(2 * (i + 1))));
const expected = {
  ...{ plain: text, streamed: text, response: text, text, parsed: { n: 1 }, patient: text },
  data: [{ object: 'embedding', index: 0, embedding: vector }],
  ...{ isOpenAI: true, baseURL: 'string' },
};

interface Event {
  readonly type: string;
  readonly body: {
    readonly name: string;
    readonly output?: unknown;
    readonly usage?: unknown;
    readonly level?: string;
  };
}

async function work(client: OpenAI) {
  const plain = await client.chat.completions.create({ model, messages });
  let streamed = '';
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
  const response = await client.responses.create({ model, input: 'Hi' });
  let text = '';
  for await (const event of await client.responses.create({ model, input: 'Hi', stream: true }))
    if (event.type === 'response.output_text.delta') text += event.delta;
  const parsed = await client.chat.completions.parse({ model, messages, response_format });
  const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
  const patient = await client.withOptions({ timeout: 5_000 }).chat.completions.create({ model, messages });
  return {
    ...{ plain: plain.choices[0]?.message.content, streamed, response: response.output_text, text },
    ...{ parsed: parsed.choices[0]?.message.parsed, data, patient: patient.choices[0]?.message.content },
    ...{ isOpenAI: client instanceof OpenAI, baseURL: typeof client.baseURL },
  };
}

test('@langfuse/openai', async () => {
  const { value, spans } = await sameAsRaw({
    script,
    work: async ({ client }) => {
      const exporter = new InMemorySpanExporter();
      const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
      setLangfuseTracerProvider(provider);
      const value = await work(observeOpenAI(client, { generationName: 'call' }));
      await provider.forceFlush();
      const spans = exporter.getFinishedSpans().map(({ name, status, attributes }) => ({
        ...{ name, failed: status.code === SpanStatusCode.ERROR, output: attributes['langfuse.observation.output'] },
        usage: attributes['langfuse.observation.usage_details'],
      }));
      return { value, spans };
    },
    journey,
  });
  assert.deepEqual(value, expected);
  assert.deepEqual(
    spans.map(({ name, failed }) => [name, failed]),
    Array.from({ length: 6 }, () => ['call', false]),
  );
});

test('langfuse', async () => {
  const { value, generations } = await sameAsRaw({
    script,
    work: async ({ client }) => {
      await using server = await sink(() => ({ successes: [], errors: [] }));
      const langfuse = new Langfuse({ publicKey: 'pk-lf', secretKey: 'lf-secret', baseUrl: server.url });
      const parent = langfuse.trace({ name: 'work' });
      const value = await work(observeOpenAI3(client, { parent, generationName: 'call' }));
      await langfuse.shutdownAsync();
      assert.doesNotMatch(server.text(), /sk-/);
      const events = server.reports.flatMap(({ body }) => (JSON.parse(body) as { batch: Event[] }).batch);
      const generations = events.filter(({ type }) => type === 'generation-create').map(({ body }) => body);
      return {
        value,
        generations: generations.map(({ name, output, usage, level }) => ({ name, output, usage, level })),
      };
    },
    journey,
  });
  assert.deepEqual(value, expected);
  assert.equal(generations.length, 6);
});
