// A body is written as JSON once for all attempts of its call, whatever each endpoint calls the model.
import type OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';

type Map = Record<string, unknown> | undefined;

const MAPS: Map[] = [
  undefined,
  { 'gpt-5': 'vendor/gpt-5' },
  { '*': { model: 'own-$1', body: { seed: 7 }, omit: ['user', 'stream_options'] } },
];
const ANSWER = { id: 'c', object: 'chat.completion', choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] };
const EVENTS = `data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;

const bad = () => Response.json({ error: { message: 'no' } }, { status: 500 });
const good = () => Response.json(ANSWER);
const cut = () => new Response('{"id":"c","choi', { headers: { 'content-type': 'application/json' } });
const events = () => new Response(EVENTS, { headers: { 'content-type': 'text/event-stream' } });

function world(replies: readonly (() => Response)[], endpointOf = (endpoint: object) => endpoint) {
  const bodies: unknown[] = [];
  const fetch = async (_: unknown, init?: RequestInit) => {
    bodies.push(JSON.parse(String(init?.body)));
    return replies[bodies.length - 1]!();
  };
  const endpoints = MAPS.map((modelMap, i) => ({
    baseURL: `https://e${i}.example/v1`,
    apiKey: `k${i}`,
    fetch,
    modelMap,
  }));
  const client = new LoadBalancedOpenAI(endpoints.map(endpointOf) as never, {
    logLevel: 'off',
    strategy: 'priority',
    shareState: false,
  });
  const written = vi.fn(() => 'the prompt');
  const ask = { model: 'gpt-5', messages: [{ role: 'user', content: { toJSON: written } }], user: 'u', temperature: 0 };
  return { client, bodies, written, ask: ask as never as OpenAI.ChatCompletionCreateParamsNonStreaming };
}

const messages = [{ role: 'user', content: 'the prompt' }];
const SENT = [
  { model: 'gpt-5', messages, user: 'u', temperature: 0 },
  { model: 'vendor/gpt-5', messages, user: 'u', temperature: 0 },
  { model: 'own-gpt-5', messages, temperature: 0, seed: 7 },
];

describe('a body is serialised once over three attempts', () => {
  it.each([
    ['that are refused', [bad, bad, good]],
    ['of which one breaks off in its answer', [cut, bad, good]],
  ])('%s', async (_, replies) => {
    const { client, bodies, written, ask } = world(replies);
    await client.chat.completions.create(ask);
    expect(bodies).toEqual(SENT);
    expect(written).toHaveBeenCalledOnce();
  });

  it('of a stream', async () => {
    const { client, bodies, written, ask } = world([bad, bad, events]);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.delta.content;
    expect(text).toBe('hi');
    const { model, messages: asked, ...others } = SENT[2]!;
    expect(bodies[2]).toEqual({ model, messages: asked, ...others, stream: true });
    expect(written).toHaveBeenCalledOnce();
  });

  it('with keys that are made anew for each', async () => {
    const { client, bodies, written, ask } = world([bad, bad, good], (endpoint) => ({
      ...endpoint,
      apiKey: async () => (endpoint as { apiKey: string }).apiKey,
    }));
    await client.chat.completions.create(ask);
    expect(bodies).toEqual(SENT);
    expect(written).toHaveBeenCalledOnce();
  });
});

it('a body that is changed while its call goes on is sent as it was', async () => {
  const { client, bodies, ask } = world([
    () => {
      ask.messages = [];
      return bad();
    },
    bad,
    good,
  ]);
  await client.chat.completions.create(ask);
  expect(bodies.map((body) => (body as typeof ask).messages)).toEqual([messages, messages, messages]);
});

it('a hook that changes the body is asked for each attempt', async () => {
  class Hooked extends LoadBalancedOpenAI {
    #attempt = 0;
    protected override async prepareOptions({ body }: { body?: unknown }): Promise<void> {
      (body as { messages: { name?: string }[] }).messages[0]!.name = `n${++this.#attempt}`;
    }
  }
  const names: unknown[] = [];
  const fetch = async (_: unknown, init?: RequestInit) => {
    names.push((JSON.parse(String(init?.body)) as { messages: { name: string }[] }).messages[0]?.name);
    return names.length < 2 ? bad() : good();
  };
  const endpoints = [1, 2].map((i) => ({ baseURL: `https://e${i}.example/v1`, apiKey: 'k', fetch }));
  const client = new Hooked(endpoints, { logLevel: 'off', shareState: false });
  await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] });
  expect(names).toEqual(['n1', 'n2']);
});

it('the options of a reply still hold the body', async () => {
  const { client, ask } = world([good]);
  const promise = client.chat.completions.create(ask);
  const props = await (promise as unknown as { responsePromise: Promise<{ options: { body: unknown } }> })
    .responsePromise;
  expect(props.options.body).toBe(ask);
  await promise;
});
