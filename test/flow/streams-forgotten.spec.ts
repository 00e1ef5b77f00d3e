// What a stream took is free again once it is over, however it ended: a service reads millions of them.
import { queryObjects } from 'node:v8';
import { expect, it } from 'vitest';
import { CallStory } from '../../src/dispatch/call-story.ts';
import { chatStream } from '../support/calls.ts';
import { collectGarbage } from '../support/parts.ts';
import { openStage, type Stage } from '../support/stage.ts';

const STREAMS = 30;
const body = { stream: 3 } as const;
const stories = () => queryObjects(CallStory as never, { format: 'count' }) as unknown as number;

const ask = JSON.stringify({ model: 'gpt-5', messages: [], stream: true });
const fetched = ({ balancer }: Stage['client']) =>
  balancer.fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', body: ask });

it.each<[how: string, use: (stage: Stage) => Promise<unknown>]>([
  [
    'read to its end',
    async ({ client }) => {
      for await (const _ of await chatStream(client));
    },
  ],
  [
    'left after an event',
    async ({ client }) => {
      for await (const _ of await chatStream(client)) break;
    },
  ],
  [
    'aborted',
    async ({ client }) => {
      const stream = await chatStream(client);
      for await (const _ of stream) stream.controller.abort();
    },
  ],
  [
    'read by the helper of the SDK',
    ({ client }) =>
      client.chat.completions.stream({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }).finalMessage(),
  ],
  [
    'read through the fetch of the pool',
    async ({ client }) => {
      for await (const _ of (await fetched(client)).body ?? []);
    },
  ],
  [
    'left after an event through the fetch of the pool',
    async ({ client }) => {
      for await (const _ of (await fetched(client)).body ?? []) break;
    },
  ],
])('nothing is kept of a stream that was %s', async (_, use) => {
  await using stage = await openStage({ a: { repeat: [body] }, b: { repeat: [body] } });
  await use(stage);
  await collectGarbage();
  const before = stories();
  for (let stream = 0; stream < STREAMS; stream++) await use(stage);
  await collectGarbage();
  // The last one may still be on its way out.
  expect(stories() - before).toBeLessThanOrEqual(1);
});
