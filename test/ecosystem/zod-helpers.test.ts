// The SDK's own zod helpers: schemas go out, parsed objects come back, plain and streamed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zodFunction, zodResponseFormat, zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';

const Person = z.object({ name: z.string(), age: z.number() });
const ada = { name: 'Ada', age: 36 };
const answer = { step: 'ok', text: JSON.stringify(ada) } as const;
const call = { step: 'ok', toolCalls: [{ name: 'person', arguments: ada }] } as const;
const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'Who?' }];

test('zodResponseFormat: parse', async () => {
  const parsed = await sameAsRaw({
    script: [answer, fault(500), answer],
    work: async ({ client }) => {
      const response_format = zodResponseFormat(Person, 'person');
      const ask = async () => {
        const completion = await client.chat.completions.parse({ model, messages, response_format });
        return completion.choices[0]?.message.parsed;
      };
      return [await ask(), await ask()];
    },
    journey: ['a', 'a failed', 'b'],
  });
  assert.deepEqual(parsed, [ada, ada]);
});

test('zodResponseFormat: stream', async () => {
  const { parsed } = await sameAsRaw({
    script: [fault(cutEarly), answer],
    work: async ({ client }) => {
      const response_format = zodResponseFormat(Person, 'person');
      const stream = client.chat.completions.stream({ model, messages, response_format });
      const events: string[] = [];
      for await (const event of stream) events.push(event.choices[0]?.delta.content ?? '');
      return { events, parsed: (await stream.finalChatCompletion()).choices[0]?.message.parsed };
    },
    journey: ['a failed', 'b'],
  });
  assert.deepEqual(parsed, ada);
});

test('zodFunction: runTools', async () => {
  const { final, seen } = await sameAsRaw({
    script: [call, fault(limited), fault(503), { step: 'ok', text: 'Ada.' }],
    work: async ({ client }) => {
      const seen: unknown[] = [];
      const tool = zodFunction({
        name: 'person',
        parameters: Person,
        function: (person) => {
          seen.push(person);
          return 'known';
        },
      });
      const runner = client.chat.completions.runTools({ model, messages, tools: [tool] });
      return { final: await runner.finalContent(), seen };
    },
    journey: ['a', 'a failed', 'b failed', 'c'],
  });
  assert.deepEqual({ final, seen }, { final: 'Ada.', seen: [ada] });
});

test('zodTextFormat: parse', async () => {
  const parsed = await sameAsRaw({
    script: [answer, fault('reset'), fault(500), answer],
    work: async ({ client }) => {
      const ask = async () =>
        (await client.responses.parse({ model, input: 'Who?', text: { format: zodTextFormat(Person, 'person') } }))
          .output_parsed;
      return [await ask(), await ask()];
    },
    // A connection that was used before and is reset: once more to the same endpoint.
    journey: ['a', 'a failed', 'a failed', 'b'],
  });
  assert.deepEqual(parsed, [ada, ada]);
});

test('zodTextFormat and zodResponsesFunction: stream', async () => {
  const { parsed, called } = await sameAsRaw({
    script: [fault(cutEarly), answer, fault(cutEarly), call],
    work: async ({ client }) => {
      const text = { format: zodTextFormat(Person, 'person') };
      const asked = client.responses.stream({ model, input: 'Who?', text });
      const deltas: string[] = [];
      for await (const event of asked) if (event.type === 'response.output_text.delta') deltas.push(event.delta);
      const { output_parsed } = await asked.finalResponse();
      const tools = [zodResponsesFunction({ name: 'person', parameters: Person })];
      const item = (await client.responses.stream({ model, input: 'Call.', tools }).finalResponse()).output[0];
      return { deltas, parsed: output_parsed, called: item?.type === 'function_call' && item.parsed_arguments };
    },
    journey: ['a failed', 'b', 'a failed', 'b'],
  });
  assert.deepEqual({ parsed, called }, { parsed: ada, called: ada });
});
