// A call of the Messages API as a chat call: each field by a row, what chat has no words for by name.
import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { chatCall } from '../../../src/gateway/anthropic/chat-call.ts';
import { chatMessages } from '../../../src/gateway/anthropic/chat-messages.ts';
import { estimatedTokens } from '../../../src/gateway/anthropic/count-tokens.ts';
import type { Loose } from '../../../src/gateway/anthropic/read-fields.ts';
import { Refused } from '../../../src/gateway/http/api-error.ts';

type Params = Anthropic.MessageCreateParams;
const hi: Params['messages'] = [{ role: 'user', content: 'hi' }];
const small = { model: 'gpt-5', max_tokens: 50, messages: hi };
const asChat = (more: Partial<Params>) => chatCall({ ...small, ...more } as Loose);
const talk = (...messages: Params['messages']) => chatMessages(undefined, messages);
const refusal = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refused) return `${error.facts.status} ${error.message}`;
  }
  return 'taken';
};

const tool: Anthropic.Tool = {
  name: 'weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
  cache_control: { type: 'ephemeral' },
};
const asFunction = {
  type: 'function',
  function: { name: 'weather', description: 'Tells the weather.', parameters: tool.input_schema },
};

it('asks for the same length, which there has another name', () => {
  expect(asChat({})).toEqual({ model: 'gpt-5', messages: hi, max_completion_tokens: 50 });
});

// The SDK does not type `temperature`, `top_p` and `top_k` any more; clients send them.
it.each<[string, Partial<Params> & { temperature?: number; top_p?: number }, Loose]>([
  ['system as text', { system: 'Be brief.' }, { messages: [{ role: 'system', content: 'Be brief.' }, ...hi] }],
  [
    'system as blocks',
    {
      system: [
        { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'B' },
      ],
    },
    { messages: [{ role: 'system', content: 'A\n\nB' }, ...hi] },
  ],
  ['temperature and top_p', { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2, top_p: 0.9 }],
  ['stop sequences', { stop_sequences: ['END', '###'] }, { stop: ['END', '###'] }],
  ['a user', { metadata: { user_id: 'u-1' } }, { user: 'u-1' }],
  ['a stream, with its usage', { stream: true }, { stream: true, stream_options: { include_usage: true } }],
  ['an effort', { output_config: { effort: 'high' } }, { reasoning_effort: 'high' }],
  ['the highest effort', { output_config: { effort: 'max' } }, { reasoning_effort: 'xhigh' }],
  ['a tier', { service_tier: 'standard_only' }, { service_tier: 'default' }],
  ['tools', { tools: [tool] }, { tools: [asFunction] }],
  ['any tool', { tools: [tool], tool_choice: { type: 'any' } }, { tool_choice: 'required' }],
  ['no tool', { tools: [tool], tool_choice: { type: 'none' } }, { tool_choice: 'none' }],
  [
    'one tool',
    { tools: [tool], tool_choice: { type: 'tool', name: 'weather' } },
    { tool_choice: { type: 'function', function: { name: 'weather' } } },
  ],
  [
    'one call at a time',
    { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    { tool_choice: 'auto', parallel_tool_calls: false },
  ],
  [
    'a schema',
    { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'output', schema: { type: 'object' }, strict: true },
      },
    },
  ],
])('says %s in the words of chat', (_, given, wanted) => {
  expect(asChat(given)).toMatchObject(wanted);
});

it('leaves out what only changes how: top_k, thinking, a choice among no tools', () => {
  const given = {
    top_k: 5,
    thinking: { type: 'enabled', budget_tokens: 2_000 },
    tool_choice: { type: 'any' },
  } as const;
  expect(asChat(given)).toEqual(asChat({}));
});

it('names a user with a long name by what stands for it, always the same', () => {
  const { user } = asChat({ metadata: { user_id: 'u'.repeat(200) } });
  expect(user).toMatch(/^[0-9a-f]{64}$/);
  expect(asChat({ metadata: { user_id: 'u'.repeat(200) } }).user).toBe(user);
});

describe('a conversation', () => {
  it('has images by their address or as data', () => {
    const png = { type: 'base64', media_type: 'image/png', data: 'AAAA' } as const;
    expect(
      talk({
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', source: png },
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
        ],
      }),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
        ],
      },
    ]);
  });

  it('answers every call right behind it: results first, their images and the rest of the message after them', () => {
    const source = { type: 'url', url: 'https://x.test/a.png' } as const;
    expect(
      talk(
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 's' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bonn' } },
            { type: 'tool_use', id: 't2', name: 'photo', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And now?' },
            { type: 'tool_result', tool_use_id: 't1', content: 'no such city', is_error: true },
            {
              type: 'tool_result',
              tool_use_id: 't2',
              content: [
                { type: 'text', text: 'taken' },
                { type: 'image', source },
              ],
            },
          ],
        },
      ),
    ).toEqual([
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [
          { id: 't1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          { id: 't2', type: 'function', function: { name: 'photo', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 't1', content: 'Error: no such city' },
      { role: 'tool', tool_call_id: 't2', content: 'taken\n(An image below.)' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Of the result of t2:' },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          { type: 'text', text: 'And now?' },
        ],
      },
    ]);
  });

  it('leaves out thoughts, and a message of thoughts alone', () => {
    const thought = { type: 'redacted_thinking', data: 'x' } as const;
    expect(talk(...hi, { role: 'assistant', content: [thought] })).toEqual(hi);
  });

  it('has results without content', () => {
    expect(talk({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] })).toEqual([
      { role: 'tool', tool_call_id: 't', content: '' },
    ]);
  });
});

it.each<[string, object, string]>([
  ['no length', { max_tokens: undefined }, '400 max_tokens: Field required'],
  ['half a token', { max_tokens: 0.5 }, '400 max_tokens: Input should be a whole number of 1 or more'],
  ['no model', { model: undefined }, '400 model: Field required'],
  ['no messages', { messages: undefined }, '400 messages: Field required'],
  ['an empty list', { messages: [] }, '400 messages: at least one message is required'],
  [
    'another role',
    { messages: [{ role: 'tool', content: 'x' }] },
    "400 messages.0.role: Input should be 'user' or 'assistant'",
  ],
  ['a message of nothing', { messages: ['x'] }, '400 messages.0: Input should be an object'],
  [
    'a content of nothing',
    { messages: [{ role: 'user', content: 7 }] },
    '400 messages.0.content: Input should be a list',
  ],
  [
    'a document',
    { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'text', data: 'x' } }] }] },
    "400 messages.0.content.0: 'document' has no counterpart at OpenAI endpoints; send it to an endpoint of type anthropic",
  ],
  [
    'an uploaded image',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
    "400 messages.0.content.0: 'image from file' has no counterpart at OpenAI endpoints; send it to an endpoint of type anthropic",
  ],
  [
    "a tool of Anthropic's own",
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    "400 tools.0: 'web_search_20250305' has no counterpart at OpenAI endpoints; send it to an endpoint of type anthropic",
  ],
  ['a tool without a schema', { tools: [{ name: 'x' }] }, '400 tools.0.input_schema: Field required'],
  [
    'a strange choice',
    { tools: [tool], tool_choice: { type: 'x' } },
    "400 tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'",
  ],
])('refuses %s, and says where it stands', (_, more, message) => {
  expect(refusal(() => chatCall({ ...small, ...more } as Loose))).toBe(message);
});

describe('the estimate of tokens', () => {
  it.each<[string, Loose, number]>([
    ['a small call', small, 5],
    ['four times as much text', { messages: [{ role: 'user', content: 'x'.repeat(400) }] }, 104],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'u' } }] }] },
      1_604,
    ],
    ['the words of the system', { ...small, system: 'x'.repeat(40) }, 19],
  ])('is for %s', (_, call, tokens) => {
    expect(estimatedTokens(call)).toBe(tokens);
  });

  it('counts tools and calls of them', () => {
    const uses: Params['messages'] = [
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'weather', input: { city: 'Bonn' } }] },
    ];
    expect(estimatedTokens({ messages: uses })).toBe(4 + Math.ceil('weather{"city":"Bonn"}'.length / 4));
    expect(estimatedTokens({ ...small, tools: [tool] })).toBeGreaterThan(30);
  });
});
