// @openai/agents: `new OpenAIProvider({ openAIClient: client })`, or a model made with the client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIConversationsSession,
  OpenAIProvider,
  OpenAIResponsesModel,
  Runner,
  retryPolicies,
  setDefaultOpenAIClient,
  setTracingDisabled,
  tool,
} from '@openai/agents';
import type OpenAI from 'openai';
import { z } from 'zod';
import { cutEarly, fault, killed, limited, sameAsRaw } from './support/same-as-raw.ts';

// Its traces would go to the vendor.
setTracingDisabled(true);

const call = { step: 'ok', toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }] } as const;
const sunny = { step: 'ok', text: 'Sunny.' } as const;

/** An agent with one tool, which writes down what it is called with. */
function agentWithTool(cities: string[] = []) {
  const weather = tool({
    name: 'weather',
    description: 'The weather in a city',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => {
      cities.push(city);
      return 'sun';
    },
  });
  return new Agent({ name: 'Forecast', model: 'gpt-5', instructions: 'Use the tool.', tools: [weather] });
}

const runner = (client: OpenAI, useResponses = true) =>
  new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client, useResponses }) });

for (const [api, useResponses] of [
  ['Responses', true],
  ['Chat Completions', false],
] as const) {
  test(`${api}: a run with a tool`, async () => {
    const { output, cities } = await sameAsRaw({
      script: [call, fault(500), sunny],
      work: async ({ client }) => {
        const cities: string[] = [];
        const result = await runner(client, useResponses).run(agentWithTool(cities), 'Weather in Paris?');
        return { output: result.finalOutput, cities, items: result.newItems.map(({ type }) => type) };
      },
      journey: ['a', 'a failed', 'b'],
    });
    assert.deepEqual({ output, cities }, { output: 'Sunny.', cities: ['Paris'] });
  });

  test(`${api}: a streamed run with a tool`, async () => {
    const { text, output } = await sameAsRaw({
      script: [call, fault(cutEarly), fault(limited), sunny],
      work: async ({ client }) => {
        const stream = await runner(client, useResponses).run(agentWithTool(), 'Weather in Paris?', { stream: true });
        let text = '';
        const events: string[] = [];
        for await (const event of stream) {
          const data = event.type === 'raw_model_stream_event' ? event.data : undefined;
          events.push(data?.type ?? event.type);
          if (data?.type === 'output_text_delta') text += data.delta;
        }
        await stream.completed;
        return { text, events, output: stream.finalOutput };
      },
      journey: ['a', 'a failed', 'b failed', 'c'],
    });
    assert.deepEqual({ text, output }, { text: 'Sunny.', output: 'Sunny.' });
  });
}

test('an endpoint is killed in the middle of a run', async () => {
  const cities = await sameAsRaw({
    script: [call, killed, call, fault(503), call, sunny],
    work: async ({ client }) => {
      const cities: string[] = [];
      await runner(client).run(agentWithTool(cities), 'Weather in Paris?');
      return cities;
    },
    journey: ['a', 'a failed', 'b', 'b failed', 'c', 'b'],
  });
  assert.deepEqual(cities, ['Paris', 'Paris', 'Paris']);
});

test('the client as the default for everything', async () => {
  await sameAsRaw({
    script: [fault('html'), sunny],
    work: async ({ client }) => {
      setDefaultOpenAIClient(client);
      const runner = new Runner({ modelProvider: new OpenAIProvider() });
      return (await runner.run(new Agent({ name: 'Forecast', model: 'gpt-5' }), 'Weather?')).finalOutput;
    },
    journey: ['a failed', 'b'],
  });
});

test('models made with the client', async () => {
  await sameAsRaw({
    script: [fault(503), sunny, fault('truncated-json'), sunny],
    work: async ({ client }) => {
      const agent = (model: OpenAIResponsesModel | OpenAIChatCompletionsModel) =>
        new Agent({ name: 'Forecast', model });
      const responses = await new Runner().run(agent(new OpenAIResponsesModel(client, 'gpt-5')), 'Weather?');
      const chat = await new Runner().run(agent(new OpenAIChatCompletionsModel(client, 'gpt-5')), 'Weather?');
      return [responses.finalOutput, chat.finalOutput];
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
});

test('structured output', async () => {
  const output = await sameAsRaw({
    script: [fault(500), { step: 'ok', text: '{"sky":"blue"}' }],
    work: async ({ client }) => {
      const agent = new Agent({ name: 'Forecast', model: 'gpt-5', outputType: z.object({ sky: z.string() }) });
      return (await runner(client).run(agent, 'Weather?')).finalOutput;
    },
    journey: ['a failed', 'b'],
  });
  assert.deepEqual(output, { sky: 'blue' });
});

test('a stream that breaks after its first content is not repeated', async () => {
  await sameAsRaw({
    script: [{ stream: 3, errorAfter: 2 }],
    work: async ({ client }) => {
      const stream = await runner(client).run(agentWithTool(), 'Count.', { stream: true });
      let deltas = 0;
      const reading = async () => {
        for await (const event of stream)
          if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') deltas += 1;
        await stream.completed;
      };
      const broken = await reading().then(
        () => false,
        () => true,
      );
      return { deltas, broken };
    },
    journey: ['a'],
  });
});

test('a stream that is given up frees its endpoint', async () => {
  await sameAsRaw({
    script: [fault(cutEarly), { stream: 3, stallAfter: 1 }],
    work: async ({ client }) => {
      const leaving = new AbortController();
      const { signal } = leaving;
      const stream = await runner(client).run(agentWithTool(), 'Weather?', { stream: true, signal });
      let deltas = 0;
      for await (const event of stream) {
        if (event.type !== 'raw_model_stream_event' || event.data.type !== 'output_text_delta') continue;
        deltas += 1;
        leaving.abort();
      }
      return { deltas, cancelled: stream.cancelled };
    },
    journey: ['a failed', 'b'],
  });
});

test('a run with retries of its own, which sets maxRetries to 0', async () => {
  await sameAsRaw({
    script: [call, fault(500), fault(500), fault(500), sunny],
    work: async ({ client }) => {
      const retry = { maxRetries: 1, policy: retryPolicies.httpStatus([500]), backoff: { initialDelayMs: 1 } };
      const agent = agentWithTool().clone({ modelSettings: { retry } });
      return (await runner(client).run(agent, 'Weather in Paris?')).finalOutput;
    },
    // The pool has gone through everybody when the library tries once more.
    journey: ['a', 'a failed', 'b failed', 'c failed', 'a'],
  });
});

test('a conversation stays where it began', async () => {
  const kept = await sameAsRaw({
    script: [fault(503)],
    work: async ({ client }) => {
      const session = new OpenAIConversationsSession({ client });
      await runner(client).run(new Agent({ name: 'Forecast', model: 'gpt-5' }), 'Weather in Paris?', { session });
      return (await session.getItems()).map((item) => ('role' in item ? item.role : item.type));
    },
    options: { strategy: 'round-robin' },
    // Made, read, one turn, its items put, read again.
    journey: ['a failed', 'b', 'b', 'b', 'b', 'b'],
  });
  assert.deepEqual(kept, ['user', 'assistant']);
});

test('runs chained by previousResponseId stay where they began', async () => {
  await sameAsRaw({
    script: [fault(500), sunny, { step: 'ok', text: 'Rainy.' }],
    work: async ({ client }) => {
      const agent = new Agent({ name: 'Forecast', model: 'gpt-5' });
      const today = await runner(client).run(agent, 'Weather today?');
      const previousResponseId = today.lastResponseId ?? '';
      const next = await runner(client).run(agent, 'And tomorrow?', { previousResponseId });
      return [today.finalOutput, next.finalOutput];
    },
    options: { strategy: 'round-robin' },
    journey: ['a failed', 'b', 'b'],
  });
});
