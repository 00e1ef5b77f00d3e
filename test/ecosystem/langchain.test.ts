// @langchain/openai builds clients of its own and clones them: `configuration: { fetch: client.balancer.fetch, baseURL }`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HumanMessage, type ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import { type Access, cutEarly, fault, killed, limited, sameAsRaw } from './support/same-as-raw.ts';

const call = { step: 'ok', toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }] } as const;
const sunny = { step: 'ok', text: 'Sunny.' } as const;

// It sets the client's maxRetries to 0 by itself; its own retries are off as well, so that the pool is alone.
const chat = ({ fetch, baseURL, apiKey }: Access, useResponsesApi = false) =>
  new ChatOpenAI({ model: 'gpt-5', apiKey, configuration: { fetch, baseURL }, maxRetries: 0, useResponsesApi });

const weather = tool(({ city }) => `sun in ${city}`, {
  name: 'weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
});

for (const useResponsesApi of [false, true]) {
  const api = useResponsesApi ? 'responses' : 'chat';

  test(`${api}: invoke and stream`, async () => {
    const [said, streamed] = await sameAsRaw({
      script: [fault(500), sunny, fault(limited), fault(cutEarly), sunny],
      work: async (access) => {
        const model = chat(access, useResponsesApi);
        const said = await model.invoke('Weather?');
        let streamed = '';
        for await (const chunk of await model.stream('Weather?')) streamed += chunk.text;
        return [said.text, streamed, said.usage_metadata] as const;
      },
      journey: ['a failed', 'b', 'a failed', 'b failed', 'c'],
    });
    assert.deepEqual([said, streamed], ['Sunny.', 'Sunny.']);
  });

  test(`${api}: bindTools`, async () => {
    const [args, said] = await sameAsRaw({
      script: [call, fault('reset'), fault(500), sunny],
      work: async (access) => {
        const model = chat(access, useResponsesApi).bindTools([weather]);
        const question = new HumanMessage('Weather in Paris?');
        const asked = await model.invoke([question]);
        const [toolCall] = asked.tool_calls ?? [];
        const answer: ToolMessage = await weather.invoke({ ...toolCall!, type: 'tool_call' });
        return [toolCall?.args, (await model.invoke([question, asked, answer])).text] as const;
      },
      // A connection that was used before and is reset: once more to the same endpoint.
      journey: ['a', 'a failed', 'a failed', 'b'],
    });
    assert.deepEqual([args, said], [{ city: 'Paris' }, 'Sunny.']);
  });

  test(`${api}: withStructuredOutput`, async () => {
    const sky = await sameAsRaw({
      script: [fault(503), { step: 'ok', text: '{"sky":"blue"}' }],
      work: (access) =>
        chat(access, useResponsesApi)
          .withStructuredOutput(z.object({ sky: z.string() }), { method: 'jsonSchema' })
          .invoke('Weather?'),
      journey: ['a failed', 'b'],
    });
    assert.deepEqual(sky, { sky: 'blue' });
  });
}

test('an endpoint is killed in the middle of a batch', async () => {
  const said = await sameAsRaw({
    script: [sunny, killed, sunny, sunny, fault(500), sunny],
    work: async (access) => {
      const answers = await chat(access).batch(['One?', 'Two?', 'Three?', 'Four?'], { maxConcurrency: 1 });
      return answers.map(({ text }) => text);
    },
    journey: ['a', 'a failed', 'b', 'b', 'b failed', 'c'],
  });
  assert.deepEqual(
    said,
    Array.from({ length: 4 }, () => 'Sunny.'),
  );
});

test('embeddings', async () => {
  await sameAsRaw({
    script: [fault(500), 'ok', fault('truncated-json'), 'ok'],
    work: async ({ fetch, baseURL, apiKey }) => {
      const configuration = { fetch, baseURL };
      const embeddings = new OpenAIEmbeddings({
        model: 'text-embedding-3-small',
        apiKey,
        configuration,
        maxRetries: 0,
      });
      return [await embeddings.embedQuery('one'), await embeddings.embedDocuments(['one', 'two'])];
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
});

test('a stream that breaks after its first content is not repeated', async () => {
  const { text, broken } = await sameAsRaw({
    script: [{ stream: 3, errorAfter: 2 }],
    work: async (access) => {
      let text = '';
      try {
        for await (const chunk of await chat(access).stream('Count.')) text += chunk.text;
      } catch {
        return { text, broken: true };
      }
      return { text, broken: false };
    },
    journey: ['a'],
  });
  assert.deepEqual({ text, broken }, { text: 'account-N account-N ', broken: true });
});

test('responses chained by their id stay where they began', async () => {
  await sameAsRaw({
    script: [fault(500), sunny, { step: 'ok', text: 'Rainy.' }],
    work: async (access) => {
      const model = chat(access, true);
      const today = await model.invoke('Weather today?');
      const previous_response_id = String(today.response_metadata.id);
      return [today.text, (await model.invoke('And tomorrow?', { previous_response_id })).text];
    },
    options: { strategy: 'round-robin' },
    journey: ['a failed', 'b', 'b'],
  });
});

test('a stream that is given up frees its endpoint', async () => {
  await sameAsRaw({
    script: [fault(cutEarly), { stream: 3, stallAfter: 1 }],
    work: async (access) => {
      const leaving = new AbortController();
      let pieces = 0;
      try {
        for await (const { text } of await chat(access).stream('Weather?', { signal: leaving.signal })) {
          if (text === '') continue;
          pieces += 1;
          leaving.abort();
        }
      } catch (error) {
        return { pieces, name: (error as Error).name };
      }
      return { pieces };
    },
    journey: ['a failed', 'b'],
  });
});

test('an error of the call itself keeps its class', async () => {
  await sameAsRaw({
    script: [{ status: 400, message: 'No such field.' }],
    work: async (access) => {
      const error = await chat(access)
        .invoke('Weather?')
        .catch((reason) => reason);
      return { name: error.constructor.name, status: error.status, message: error.message };
    },
    journey: ['a'],
  });
});
