// Replies of a `fetch` that is not this process's own, such as `node-fetch`: their bodies are streams of Node.
import { Readable } from 'node:stream';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { isForeign, webBody } from '../../src/transport/foreign-response.ts';

const URL = 'https://a.example/v1';
const EVENTS = ['Hel', 'lo', '😀'].map(
  (content) => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`,
);
const END = `data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;

function foreign(body: Readable, type: string): Response {
  const headers = new Headers({ 'content-type': type });
  const text = async () => Buffer.concat(await body.toArray()).toString();
  return { ok: true, status: 200, url: URL, headers, body, text, json: async () => JSON.parse(await text()) } as never;
}

const pool = (reply: () => Response) => {
  const fetch = async () => reply();
  return new LoadBalancedOpenAI([{ apiKey: 'k', baseURL: URL, fetch }], {
    logLevel: 'off',
    shareState: false,
    maxRetries: 0,
  });
};
const cut = (text: string) => Readable.from([...Buffer.from(text)].map((byte) => Buffer.from([byte])));
const asked: OpenAI.ChatCompletionCreateParamsStreaming = { model: 'm', messages: [], stream: true };
async function readAll(stream: AsyncIterable<unknown>) {
  for await (const _ of stream);
}

it.each([
  ['of one piece', () => Readable.from([Buffer.from(EVENTS.join('') + END)])],
  ['of single bytes', () => cut(EVENTS.join('') + END)],
])('a stream %s is read to its end', async (_, body) => {
  const client = pool(() => foreign(body(), 'text/event-stream'));
  let text = '';
  for await (const { choices } of await client.chat.completions.create(asked)) text += choices[0]?.delta.content ?? '';
  expect(text).toBe('Hello😀');
});

it('a stream that breaks off is an error, and one that is left is given up', async () => {
  const broken = async function* () {
    yield Buffer.from(EVENTS[0]!);
    throw new Error('socket hang up');
  };
  const stream = await pool(() => foreign(Readable.from(broken()), 'text/event-stream')).chat.completions.create(asked);
  await expect(readAll(stream)).rejects.toThrow(OpenAI.APIConnectionError);
  const body = new Readable({ read: () => undefined });
  body.push(EVENTS[0]);
  const left = await pool(() => foreign(body, 'text/event-stream')).chat.completions.create(asked);
  for await (const _ of left) break;
  expect(body.destroyed).toBe(true);
});

it('one that breaks off is asked for elsewhere', async () => {
  const broken = async function* () {
    yield Buffer.from('{"id":');
    throw Object.assign(new Error('Premature close'), { name: 'FetchError' });
  };
  const fetch = async () => foreign(Readable.from(broken()), 'application/json');
  const good = async () => Response.json({ id: 'c', choices: [{ finish_reason: 'stop' }] });
  const endpoints = [fetch, good].map((own, i) => ({ apiKey: 'k', baseURL: `https://e${i}.example/v1`, fetch: own }));
  const client = new LoadBalancedOpenAI(endpoints, { logLevel: 'off', shareState: false, strategy: 'priority' });
  expect(await client.chat.completions.create({ model: 'm', messages: [] })).toMatchObject({ id: 'c' });
});

it('whoever wants bytes gets them', async () => {
  const client = pool(() => foreign(cut('{"id":"c","object":"x"}'), 'application/json'));
  const reply = await client.balancer.fetch(`${URL}/things`, { method: 'POST', body: '{}' });
  expect(await reply.text()).toBe('{"id":"c","object":"x"}');
});

describe('isForeign', () => {
  it.each<[boolean, unknown]>([
    [false, new Response('x')],
    [false, new Response(null)],
    [false, { body: null }],
    [false, { body: new Response('x').body }],
    [true, { body: undefined }],
    [true, { body: Readable.from([]) }],
  ])('%s: %o', (expected, response) => {
    expect(isForeign(response as Response)).toBe(expected);
    if (!expected) expect(webBody(response as Response)).toBe((response as Response).body);
  });
});
