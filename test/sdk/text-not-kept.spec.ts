// Whoever keeps what a call gave him does not keep the text of its body: it may be 20 MB, and promises are kept in caches.
import type { OpenAI } from 'openai';
import { expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { collectGarbage } from '../support/parts.ts';

const ANSWER = { id: 'c', object: 'chat.completion', choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] };
const EVENTS = `data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
const good = () => Response.json(ANSWER);
const events = () => new Response(EVENTS, { headers: { 'content-type': 'text/event-stream' } });
const refused = () => Response.json({ error: { message: 'no' } }, { status: 400 });
const cut = () => new Response('{"id":"c","choi', { headers: { 'content-type': 'application/json' } });

const MB = 1_000_000;
const CALLS = 20;
const ASK: OpenAI.ChatCompletionCreateParamsNonStreaming = {
  model: 'gpt-5',
  messages: [{ role: 'user', content: 'x'.repeat(MB) }],
};

const nothing = () => undefined;
const settled = async (client: OpenAI) => {
  const promise = client.chat.completions.create(ASK);
  await promise.then(nothing, nothing);
  return [promise];
};
const turns = () => new Promise((resolve) => setTimeout(resolve, 5));

it.each<[string, () => Response, (client: OpenAI) => Promise<readonly unknown[]>]>([
  ['the promise of an answer', good, settled],
  ['the promise of a refusal', refused, settled],
  ['the promise of an answer that broke off', cut, settled],
  ['a promise that nobody awaits', good, async (client) => [client.chat.completions.create(ASK)]],
  [
    'the promise of a response',
    good,
    async (client) => {
      const promise = client.chat.completions.create(ASK);
      return [promise, await promise.asResponse()];
    },
  ],
  [
    'a stream that is read',
    events,
    async (client) => {
      const stream = await client.chat.completions.create({ ...ASK, stream: true });
      const reader = stream[Symbol.asyncIterator]();
      return [stream, reader, await reader.next()];
    },
  ],
])('%s', async (_, reply, call) => {
  const client = new LoadBalancedOpenAI(
    [1, 2].map((i) => ({ baseURL: `https://e${i}.example/v1`, apiKey: `k${i}`, fetch: async () => reply() })),
    { logLevel: 'off', shareState: false, maxRetries: 0 },
  );
  const kept: unknown[] = [await call(client)];
  await turns();
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < CALLS; i++) kept.push(await call(client));
  await turns();
  await collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan((CALLS * MB) / 4);
  expect(kept).toHaveLength(CALLS + 1);
});
