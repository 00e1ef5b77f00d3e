// @posthog/ai: its client extends the SDK's, so the pool comes in as its `fetch`. Events go to a sink.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenAI as PostHogOpenAI } from '@posthog/ai/openai';
import { PostHog } from 'posthog-node';
import { type Access, cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';
import { sink } from './support/sink.ts';

const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'Hi' }];

interface Batch {
  readonly batch: readonly { readonly event: string; readonly properties: Readonly<Record<string, unknown>> }[];
}

/** Does the work; returns its value and what was captured. */
async function captured<Value>({ fetch, baseURL, apiKey }: Access, work: (client: PostHogOpenAI) => Promise<Value>) {
  await using server = await sink(() => ({ status: 'Ok' }));
  const posthog = new PostHog('phc-project', { host: server.url, flushAt: 1, disableGeoip: true });
  const value = await work(new PostHogOpenAI({ apiKey, baseURL, fetch, maxRetries: 0, posthog }));
  await posthog.shutdown();
  assert.doesNotMatch(server.text(), /sk-/);
  const batches = server.reports.filter(({ path }) => path.startsWith('/batch'));
  const events = batches.flatMap(({ body }) => (JSON.parse(body) as Batch).batch);
  return {
    value,
    events: events.map(({ event, properties }) => ({
      ...{ event, status: properties.$ai_http_status, model: properties.$ai_model },
      ...{ input: properties.$ai_input_tokens, output: properties.$ai_output_choices },
    })),
  };
}

test('chat, responses and embeddings, plain and streamed', async () => {
  const { value, events } = await sameAsRaw({
    script: [
      fault(500),
      'ok',
      fault(limited),
      fault(cutEarly),
      'ok',
      fault(503),
      'ok',
      fault(cutEarly),
      'ok',
      fault(500),
      'ok',
    ],
    work: (access) =>
      captured(access, async (client) => {
        const plain = await client.chat.completions.create({ model, messages, posthogDistinctId: 'someone' });
        let streamed = '';
        for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
          streamed += chunk.choices[0]?.delta.content ?? '';
        const response = await client.responses.create({ model, input: 'Hi' });
        let text = '';
        for await (const event of await client.responses.create({ model, input: 'Hi', stream: true }))
          if (event.type === 'response.output_text.delta') text += event.delta;
        await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
        return [plain.choices[0]?.message.content, streamed, response.output_text, text];
      }),
    journey: [
      ...['a failed', 'b'],
      ...['a failed', 'b failed', 'c'],
      ...['b failed', 'c'],
      ...['b failed', 'c'],
      ...['a failed', 'b'],
    ],
  });
  assert.deepEqual(new Set(value), new Set(['Hello from account.']));
  assert.equal(events.length, 5);
});
