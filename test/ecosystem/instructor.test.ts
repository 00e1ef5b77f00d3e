// instructor: objects out of chat answers, by tools, JSON and JSON schemas, plain and streamed, asked again when they do not fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Instructor from '@instructor-ai/instructor';
import type { LoadBalancedOpenAI } from 'load-balanced-openai';
import type OpenAI from 'openai';
import { z } from 'zod/v3';
import { cutEarly, fault, limited, sameAsRaw } from './support/same-as-raw.ts';

// Version 3, and `retryAllErrors`: it cannot read what version 4 says is wrong, and knows no other errors than that one's.
const schema = z.object({ name: z.string(), age: z.number() });
const ada = { name: 'Ada', age: 36 };
const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'Who?' }];

type Mode = 'TOOLS' | 'JSON' | 'MD_JSON' | 'JSON_SCHEMA';
const ANSWERS: Record<Mode, (person: object) => { step: 'ok' } & object> = {
  TOOLS: (person) => ({ step: 'ok', toolCalls: [{ name: 'Person', arguments: person }] }),
  JSON: (person) => ({ step: 'ok', text: JSON.stringify(person) }),
  MD_JSON: (person) => ({ step: 'ok', text: `\`\`\`json\n${JSON.stringify(person)}\n\`\`\`` }),
  JSON_SCHEMA: (person) => ({ step: 'ok', text: JSON.stringify(person) }),
};

for (const [mode, answer] of Object.entries(ANSWERS) as [Mode, (typeof ANSWERS)[Mode]][]) {
  // Its types are those of version 4 of the SDK, with the plain SDK as well.
  const instructor = (client: OpenAI) => Instructor({ client: client as never, mode, retryAllErrors: true });
  const ask = { model, messages, response_model: { schema: schema as never, name: 'Person' } };

  test(`${mode}: a person, asked for again when it does not fit, with an endpoint failing each time`, async () => {
    const { person } = await sameAsRaw({
      script: [fault(500), answer({ name: 'Ada', age: 'old' }), fault(limited), fault('reset'), answer(ada)],
      // A reset on a used connection is tried again where it happened.
      journey: ['a failed', 'b', 'a failed', 'b failed', 'b'],
      work: async ({ client }) => {
        const person = await instructor(client).chat.completions.create({ ...ask, max_retries: 1 });
        return { person };
      },
    });
    const { name, age } = person as unknown as typeof ada;
    assert.deepEqual({ name, age }, ada);
  });

  test(`${mode}: a person, streamed`, async () => {
    const people = await sameAsRaw({
      script: [fault(cutEarly), answer(ada)],
      journey: ['a failed', 'b'],
      async work({ client }) {
        const people: unknown[] = [];
        const stream = await instructor(client).chat.completions.create({ ...ask, stream: true });
        for await (const person of stream as unknown as AsyncIterable<object>) {
          const copy = structuredClone(person) as { _meta?: { _activePath?: unknown } };
          // Its parser goes on with what is handed out already: where it stands depends on how quick the stream is.
          delete copy._meta?._activePath;
          people.push(copy);
        }
        return people;
      },
    });
    const { name, age } = people.at(-1) as typeof ada;
    assert.deepEqual({ name, age }, ada);
  });
}

const through = (client: OpenAI) =>
  Instructor({ client: client as never, mode: 'TOOLS' }) as unknown as LoadBalancedOpenAI;

test('what is not its own goes through to the client', async () => {
  await sameAsRaw({
    script: [fault(500), 'ok', fault(503), 'ok', fault(cutEarly), 'ok'],
    journey: ['a failed', 'b', 'a failed', 'b', 'a failed', 'b'],
    async work({ client }) {
      const wrapped = through(client);
      const chat = await wrapped.chat.completions.create({ model, messages });
      const embedded = await wrapped.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
      let said = '';
      for await (const { choices } of await wrapped.chat.completions.create({ model, messages, stream: true }))
        said += choices[0]?.delta.content ?? '';
      return [chat.choices[0]?.message.content, embedded.data.length, said];
    },
  });
});

test('withOptions works through it, which it does not with the plain SDK; and so does balancer', async () => {
  await sameAsRaw({
    script: [fault(500), 'ok'],
    journey: ['a failed', 'b'],
    failsWithRawOnly: /Cannot read private member/,
    work: async ({ client }) =>
      (await through(client).withOptions({ timeout: 5_000 }).chat.completions.create({ model, messages })).choices
        .length,
  });
  await sameAsRaw({
    script: ['ok'],
    journey: ['b'],
    async work({ client }) {
      const { balancer } = through(client);
      const steered = balancer?.pin('b') ?? client;
      return (await steered.chat.completions.create({ model, messages })).choices[0]?.message.content;
    },
  });
});
