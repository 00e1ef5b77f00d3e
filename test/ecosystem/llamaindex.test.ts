// @llamaindex/openai: `openai({ model, session: client })`. Its types want the session of its own, older copy of the SDK,
// and refuse the plain SDK's client as well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tool } from '@llamaindex/core/tools';
import { OpenAI as LlamaOpenAI, OpenAIEmbedding, OpenAIResponses } from '@llamaindex/openai';
import type OpenAI from 'openai';
import { z } from 'zod';
import { cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';

const messages = [{ role: 'user' as const, content: 'Hi' }];
const sessionOf = (client: OpenAI) => client as never;

const script = [fault(500), 'ok', fault(limited), fault(cutEarly), 'ok'] as const;
const journey = ['a failed', 'b', 'a failed', 'b failed', 'c'];

test('chat, plain and streamed', async () => {
  const said = await sameAsRaw({
    script,
    work: async ({ client }) => {
      const llm = new LlamaOpenAI({ model: 'gpt-5', session: sessionOf(client) });
      const plain = await llm.chat({ messages });
      let streamed = '';
      for await (const { delta } of await llm.chat({ messages, stream: true })) streamed += delta;
      return [plain.message.content, streamed];
    },
    journey,
  });
  assert.deepEqual(said, ['Hello from account.', 'Hello from account.']);
});

test('responses, plain and streamed', async () => {
  const [plain, streamed] = await sameAsRaw({
    script,
    work: async ({ client }) => {
      const llm = new OpenAIResponses({ model: 'gpt-5', session: sessionOf(client) });
      const plain = await llm.chat({ messages });
      let streamed = '';
      for await (const { delta } of await llm.chat({ messages, stream: true })) streamed += delta;
      return [plain.message.content, streamed];
    },
    journey,
  });
  assert.equal(plain, 'Hello from account.');
  // It hands out the last delta again at each event that ends a part, over the plain SDK as well.
  assert.match(String(streamed), /^Hello from account\.(account\.)+$/);
});

test('a tool', async () => {
  const { called } = await sameAsRaw({
    script: [{ step: 'ok', toolCalls: [{ name: 'sum', arguments: { a: 1 } }] }, fault(500), 'ok'],
    work: async ({ client }) => {
      const called: unknown[] = [];
      const sum = tool({
        name: 'sum',
        description: 'Adds one',
        parameters: z.object({ a: z.number() }),
        execute: ({ a }) => {
          called.push(a);
          return `${a + 1}`;
        },
      });
      const llm = new LlamaOpenAI({ model: 'gpt-5', session: sessionOf(client) });
      const first = await llm.exec({ messages, tools: [sum] });
      const last = await llm.exec({ messages: [...messages, ...first.newMessages], tools: [sum] });
      return { called, last: last.newMessages.at(-1)?.content };
    },
    journey: ['a', 'a failed', 'b'],
  });
  assert.deepEqual(called, [1]);
});

test('embeddings', async () => {
  await sameAsRaw({
    script: [fault(500), 'ok', fault(503), 'ok'],
    work: async ({ client }) => {
      const embedding = new OpenAIEmbedding({ model: 'text-embedding-3-small', session: sessionOf(client) });
      return [await embedding.getTextEmbedding('one'), await embedding.getTextEmbeddings(['one', 'two'])];
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
});
