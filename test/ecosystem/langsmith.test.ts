// langsmith: `wrapOpenAI(client)`. It copies the client and reports each call to LangSmith, here to a sink.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'langsmith';
import { wrapOpenAI } from 'langsmith/wrappers';
import type OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';
import { type Report, sink } from './support/sink.ts';

const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'Hi' }];

interface Run {
  readonly name: string;
  readonly run_type: string;
  readonly error?: string;
  readonly outputs?: { readonly usage_metadata?: unknown };
}

/** The runs in the order they began; each is reported twice, at its start and at its end. */
function runsOf(reports: readonly Report[]): Run[] {
  const runs = new Map<string, Run>();
  for (const { path, body } of reports) {
    const run = JSON.parse(body) as Run & { id: string };
    const id = run.id ?? path.split('/').at(-1);
    runs.set(id, { ...runs.get(id), ...run });
  }
  return [...runs].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, run]) => run);
}

/** Does the work with a wrapped client; returns its value and so many traced runs. */
async function traced<Value>(plain: OpenAI, count: number, work: (client: OpenAI) => Promise<Value>) {
  await using langsmith = await sink();
  const client = new Client({ apiUrl: langsmith.url, apiKey: 'ls-key', autoBatchTracing: false });
  const value = await work(wrapOpenAI(plain, { client, tracingEnabled: true }));
  await langsmith.until(({ length }) => length === 2 * count);
  assert.doesNotMatch(langsmith.text(), /sk-/);
  const runs = runsOf(langsmith.reports).map(({ name, run_type, error, outputs }) => ({
    ...{ name, kind: run_type, error, usage: outputs?.usage_metadata },
  }));
  return { value, runs };
}

test('chat and responses, plain and streamed', async () => {
  const { value, runs } = await sameAsRaw({
    script: [fault(500), 'ok', fault(limited), fault(cutEarly), 'ok', 'ok', fault(503), 'ok'],
    work: ({ client }) =>
      traced(client, 4, async (wrapped) => {
        const plain = await wrapped.chat.completions.create({ model, messages });
        let streamed = '';
        for await (const chunk of await wrapped.chat.completions.create({ model, messages, stream: true }))
          streamed += chunk.choices[0]?.delta.content ?? '';
        const response = await wrapped.responses.create({ model, input: 'Hi' });
        let text = '';
        for await (const event of await wrapped.responses.create({ model, input: 'Hi', stream: true }))
          if (event.type === 'response.output_text.delta') text += event.delta;
        return [plain.choices[0]?.message.content, streamed, response.output_text, text];
      }),
    journey: ['a failed', 'b', 'a failed', 'b failed', 'c', 'b', 'b failed', 'c'],
  });
  assert.deepEqual(new Set(value), new Set(['Hello from account.']));
  assert.equal(runs.length, 4);
});

test('parse, stream, and what is not traced', async () => {
  await sameAsRaw({
    script: [
      fault('reset'),
      { step: 'ok', text: '{"n":1}' },
      fault(cutEarly),
      'ok',
      fault(500),
      'ok',
      fault(500),
      'ok',
    ],
    work: ({ client }) =>
      traced(client, 2, async (wrapped) => {
        const response_format = zodResponseFormat(z.object({ n: z.number() }), 'n');
        const { choices } = await wrapped.chat.completions.parse({ model, messages, response_format });
        let streamed = '';
        for await (const chunk of await wrapped.chat.completions.stream({ model, messages }))
          streamed += chunk.choices[0]?.delta.content ?? '';
        const { data } = await wrapped.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
        return [choices[0]?.message.parsed, streamed, data, (await wrapped.models.retrieve('gpt-5')).id];
      }),
    journey: ['a failed', 'b', 'a failed', 'b', 'a failed', 'b', 'a failed', 'b'],
  });
});

test('wrapping takes withOptions away, of the plain SDK as well', async () => {
  await sameAsRaw({
    script: [],
    work: ({ client }) => traced(client, 0, async (wrapped) => wrapped.withOptions({ timeout: 1_000 }).timeout),
    failsWithRaw: /withOptions is not a function/,
    journey: [],
  });
});
