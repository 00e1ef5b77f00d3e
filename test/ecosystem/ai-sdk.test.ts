// ai and @ai-sdk/openai: `createOpenAI({ fetch: client.balancer.fetch, baseURL: client.baseURL, apiKey: 'not used' })`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import {
  embed,
  embedMany,
  generateObject,
  generateText,
  isStepCount,
  Output,
  streamText,
  ToolLoopAgent,
  tool,
} from 'ai';
import { z } from 'zod';
import { type Access, cutEarly, fault, killed, limited, sameAsRaw } from './support/same-as-raw.ts';

const call = { step: 'ok', toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }] } as const;
const sunny = { step: 'ok', text: 'Sunny.' } as const;
const prompt = 'Weather in Paris?';

// Its own retries are off: it would hide what the pool does, and wait 2 s before each.
const maxRetries = 0;

const vendor = ({ fetch, baseURL, apiKey }: Access) => createOpenAI({ fetch, baseURL, apiKey });

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => `sun in ${city}`,
});

const apis = [
  ['responses', (access: Access) => vendor(access).responses('gpt-5')],
  ['chat', (access: Access) => vendor(access).chat('gpt-5')],
] as const;

for (const [api, model] of apis) {
  test(`${api}: generateText with a tool`, async () => {
    const { text, results } = await sameAsRaw({
      script: [call, fault(500), fault('reset'), sunny],
      work: async (access) => {
        const { text, steps, usage } = await generateText({
          ...{ model: model(access), prompt, maxRetries },
          ...{ tools: { weather }, stopWhen: isStepCount(3) },
        });
        return { text, results: steps[0]?.toolResults.map(({ output }) => output), usage };
      },
      journey: ['a', 'a failed', 'b failed', 'c'],
    });
    assert.deepEqual({ text, results }, { text: 'Sunny.', results: ['sun in Paris'] });
  });

  test(`${api}: streamText with a tool`, async () => {
    const { text } = await sameAsRaw({
      script: [call, fault(cutEarly), fault(limited), sunny],
      work: async (access) => {
        const parts: string[] = [];
        const stream = streamText({
          ...{ model: model(access), prompt, maxRetries },
          ...{ tools: { weather }, stopWhen: isStepCount(3) },
        });
        for await (const part of stream.fullStream) parts.push(part.type);
        return { text: await stream.text, parts, usage: await stream.usage };
      },
      journey: ['a', 'a failed', 'b failed', 'c'],
    });
    assert.equal(text, 'Sunny.');
  });

  test(`${api}: structured output`, async () => {
    const objects = await sameAsRaw({
      script: [
        fault(503),
        { step: 'ok', text: '{"sky":"blue"}' },
        fault('html'),
        { step: 'ok', text: '{"sky":"grey"}' },
      ],
      work: async (access) => {
        const schema = z.object({ sky: z.string() });
        const { object } = await generateObject({ model: model(access), prompt, schema, maxRetries });
        const output = Output.object({ schema });
        return [object, (await generateText({ model: model(access), prompt, output, maxRetries })).output];
      },
      journey: ['a failed', 'b', 'a failed', 'b'],
    });
    assert.deepEqual(objects, [{ sky: 'blue' }, { sky: 'grey' }]);
  });
}

test('an agent', async () => {
  await sameAsRaw({
    script: [fault(500), call, fault(500), sunny],
    work: async (access) => {
      const agent = new ToolLoopAgent({ model: vendor(access)('gpt-5'), tools: { weather }, maxRetries });
      return (await agent.generate({ prompt })).text;
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
});

test("an endpoint is killed in the middle of an agent's work", async () => {
  await sameAsRaw({
    script: [call, killed, call, fault(503), call, sunny],
    work: async (access) => {
      const agent = new ToolLoopAgent({ model: vendor(access)('gpt-5'), tools: { weather }, maxRetries });
      const { text, steps } = await agent.generate({ prompt });
      return { text, steps: steps.length };
    },
    journey: ['a', 'a failed', 'b', 'b failed', 'c', 'b'],
  });
});

test('embed and embedMany', async () => {
  const [one, many] = await sameAsRaw({
    script: [fault(500), 'ok', fault('truncated-json'), 'ok'],
    work: async (access) => {
      const model = vendor(access).embedding('text-embedding-3-small');
      const { embedding } = await embed({ model, value: 'one', maxRetries });
      const { embeddings } = await embedMany({ model, values: ['one', 'two'], maxRetries });
      return [embedding, embeddings] as const;
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
  assert.equal(one.length, 8);
  assert.equal(many.length, 2);
});

test('a stream that breaks after its first content is not repeated', async () => {
  const { text, broken } = await sameAsRaw({
    script: [{ stream: 3, errorAfter: 2 }],
    work: async (access) => {
      const { fullStream } = streamText({ model: vendor(access).chat('gpt-5'), prompt, maxRetries, onError: () => {} });
      let text = '';
      let broken = false;
      for await (const part of fullStream) {
        if (part.type === 'text-delta') text += part.text;
        broken ||= part.type === 'error';
      }
      return { text, broken };
    },
    journey: ['a'],
  });
  assert.deepEqual({ text, broken }, { text: 'account-N account-N ', broken: true });
});

test('responses chained by their id stay where they began', async () => {
  await sameAsRaw({
    script: [fault(500), sunny, { step: 'ok', text: 'Rainy.' }],
    work: async (access) => {
      const model = vendor(access).responses('gpt-5');
      const today = await generateText({ model, prompt, maxRetries });
      const previousResponseId = String(today.providerMetadata?.openai?.responseId);
      const providerOptions = { openai: { previousResponseId } };
      return [today.text, (await generateText({ model, prompt: 'Tomorrow?', maxRetries, providerOptions })).text];
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
      const { textStream } = streamText({
        ...{ model: vendor(access).chat('gpt-5'), prompt, maxRetries },
        abortSignal: leaving.signal,
      });
      let pieces = 0;
      for await (const _ of textStream) {
        pieces += 1;
        leaving.abort();
      }
      return pieces;
    },
    journey: ['a failed', 'b'],
  });
});

test('an error of the call itself reaches it as it is', async () => {
  await sameAsRaw({
    script: [{ status: 400, message: 'No such field.' }],
    work: async (access) => {
      const error = await generateText({ model: vendor(access).chat('gpt-5'), prompt, maxRetries }).catch((e) => e);
      return { name: error.name, status: error.statusCode, message: error.message, again: error.isRetryable };
    },
    journey: ['a'],
  });
});
