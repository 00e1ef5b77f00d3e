// What a prompt begins with: the same number for turns of one conversation, other numbers for others, in bounded time.
import { describe, expect, it } from 'vitest';
import { operationOf } from '../../src/call/operations.ts';
import { Prompt } from '../../src/call/prompt.ts';

type Body = Record<string, unknown>;

const promptOf = (body: unknown, path = '/chat/completions', headers?: unknown) =>
  new Prompt(operationOf('post', path), body, headers);
const message = (role: string, content: unknown) => ({ role, content });
const user = (content: unknown) => message('user', content);
const LONG = 'You are a careful assistant. '.repeat(200);
const system = message('system', LONG);
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

/** A first turn, and a later one of the same conversation. */
const TURNS: Record<string, [path: string, first: Body, later: Body]> = {
  chat: [
    '/chat/completions',
    { model: 'm', messages: [system, user('one')] },
    { model: 'm', messages: [system, user('one'), message('assistant', 'two'), user('three')], temperature: 1 },
  ],
  'chat with parts and tools': [
    '/chat/completions',
    { tools: [tool('f')], messages: [user([{ type: 'text', text: LONG }])] },
    { tools: [tool('f')], messages: [user([{ type: 'text', text: LONG }]), message('tool', 'x')], stream: true },
  ],
  responses: [
    '/responses',
    { instructions: LONG, input: [user('one')] },
    { instructions: LONG, input: [user('one'), { type: 'function_call', name: 'f' }, user('more')] },
  ],
  'a legacy completion': ['/completions', { prompt: LONG }, { prompt: `${LONG} and more` }],
  'a raw call in the format of messages': [
    '/messages',
    { system: [{ type: 'text', text: LONG }], messages: [user('one')] },
    { system: [{ type: 'text', text: LONG }], messages: [user('one'), message('assistant', 'two')] },
  ],
  prompt_cache_key: [
    '/chat/completions',
    { prompt_cache_key: 'k', messages: [user(LONG)] },
    { prompt_cache_key: 'k', messages: [user(`other ${LONG}`)] },
  ],
};

describe('turns of one conversation', () => {
  it.each(Object.entries(TURNS))('%s', (_, [path, first, later]) => {
    const [one, two] = [promptOf(first, path), promptOf(later, path)];
    expect(one.prefix).toEqual(expect.any(Number));
    expect(two.prefix).toBe(one.prefix);
    expect(one.conversation).toEqual(expect.any(Number));
    expect(two.conversation).toBe(one.conversation);
  });
});

describe('other conversations', () => {
  const bodies: Record<string, Body> = {
    plain: { messages: [system, user('one')] },
    'another first message': { messages: [system, user('two')] },
    'another system message': { messages: [message('system', `${LONG}!`), user('one')] },
    'one letter in the middle of a long text': {
      messages: [message('system', LONG.replace('careful', 'Careful')), user('one')],
    },
    tools: { tools: [tool('f')], messages: [system, user('one')] },
    'other tools': { tools: [tool('g')], messages: [system, user('one')] },
    'more tools': { tools: [tool('f'), tool('g')], messages: [system, user('one')] },
    functions: { functions: [{ name: 'h' }], messages: [system, user('one')] },
    'an image': { messages: [system, user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }])] },
    'another image': {
      messages: [system, user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAB' } }])],
    },
    'a cache key': { prompt_cache_key: 'k', messages: [system, user('one')] },
    'another cache key': { prompt_cache_key: 'l', messages: [system, user('one')] },
  };

  it('have other numbers', () => {
    const all = Object.values(bodies).map((body) => promptOf(body));
    expect(new Set(all.map(({ prefix }) => prefix)).size).toBe(all.length);
    expect(new Set(all.map(({ conversation }) => conversation)).size).toBe(all.length);
  });

  it('are those of another model, since a cache belongs to one', () => {
    const of = (model: string) => promptOf({ model, messages: [system] });
    expect(of('a').conversation).not.toBe(of('b').conversation);
    expect(of('a').prefix).toBe(of('b').prefix);
  });
});

describe('what goes before the text', () => {
  const body = { messages: [user('hi')] };
  const same = (one: Prompt, two: Prompt) => one.prefix !== undefined && one.prefix === two.prefix;

  it.each(['user', 'safety_identifier', 'prompt_cache_key'])('%s', (field) => {
    const of = (value: unknown, text: string) => promptOf({ [field]: value, messages: [user(text)] });
    expect(same(of('u-1', 'one'), of('u-1', 'two'))).toBe(true);
    expect(same(of('u-1', 'one'), of('u-2', 'one'))).toBe(false);
    expect(same(of('', 'one'), promptOf({ messages: [user('one')] }))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an object', { 'X-Session-Id': 's' }],
    ['a list', [['session_id', 's']]],
    ['Headers', new Headers({ 'session-id': 's' })],
    ["the SDK's own bag", { values: new Headers({ 'x-conversation-id': 's' }), nulls: new Set() }],
  ])('a session header in %s, for any operation', (_, headers) => {
    const plain = promptOf({ messages: [user('one')] }, undefined, { conversation_id: 's' });
    expect(same(promptOf(body, undefined, headers), plain)).toBe(true);
    expect(same(promptOf({ input: 'x' }, '/embeddings', headers), plain)).toBe(true);
    expect(same(promptOf(body, undefined, { 'x-session-id': null, accept: 's' }), promptOf(body))).toBe(true);
  });
});

describe('a stem', () => {
  const asked = (text: string, changes: Body = {}) => promptOf({ messages: [system, user(text)], ...changes });

  it('is what conversations share that begin with the same tools and instructions', () => {
    const { stem } = asked('one');
    expect(stem).toEqual(expect.any(Number));
    expect(asked('two').stem).toBe(stem);
    expect(asked('one').prefix).not.toBe(stem);
    expect(promptOf({ messages: [system] }).stem).toBe(stem);
    expect(asked('one', { tools: [tool('f')] }).stem).not.toBe(stem);
    const responses = (input: unknown) => promptOf({ instructions: LONG, input }, '/responses').stem;
    expect(responses('one')).toBe(responses([user('two')]));
    expect(responses('one')).toEqual(expect.any(Number));
  });

  it.each<[string, Prompt]>([
    ['short instructions', promptOf({ messages: [message('system', 'Be brief.'), user(LONG)] })],
    ['a cache key', asked('one', { prompt_cache_key: 'k' })],
    ['a session', promptOf({ messages: [system, user('one')] }, undefined, { 'x-session-id': 's' })],
    ['embeddings', promptOf({ input: LONG, messages: [system] }, '/embeddings')],
  ])('there is none with %s', (_, { stem }) => {
    expect(stem).toBeUndefined();
  });
});

describe('nothing to tell by', () => {
  it.each<[string, string, unknown]>([
    ['embeddings', '/embeddings', { input: LONG, user: 'u' }],
    ['images', '/images/generations', { prompt: LONG }],
    ['moderations', '/moderations', { input: LONG }],
    ['speech', '/audio/speech', { input: LONG }],
    ['an upload', '/chat/completions', new FormData()],
    ['no body', '/chat/completions', undefined],
    ['a body of text', '/chat/completions', 'x'],
    ['a chat without messages', '/chat/completions', { model: 'm' }],
    ['an unknown path', '/anything', { prompt: LONG }],
  ])('%s', (_, path, body) => {
    expect(promptOf(body, path)).toMatchObject({ prefix: undefined, conversation: undefined });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['holes', [null, undefined, 7, [], {}]],
    ['an object', { role: 'user' }],
    ['tokens', [1, 2, 3]],
  ])('messages that are none: %s', (_, messages) => {
    expect(promptOf({ messages, tools: [null, 7] }).prefix).toEqual(expect.any(Number));
  });
});

describe('a conversation', () => {
  const withText = (length: number, letter = 'x') => promptOf({ messages: [user(letter.repeat(length))] });

  it('begins at about 1,024 tokens, four bytes each', () => {
    expect(promptOf({ messages: [user('hi')] }).conversation).toBeUndefined();
    expect(withText(3_900).conversation).toBeUndefined();
    expect(withText(4_100).conversation).toBeDefined();
    expect(withText(1_300, '語').conversation).toBeUndefined();
    expect(withText(1_400, '語').conversation).toBeDefined();
  });

  it('counts all of the prompt: history and tools as well', () => {
    const turns = Array.from({ length: 60 }, (_, index) => message('user', `${index} ${'word '.repeat(15)}`));
    expect(promptOf({ messages: turns.slice(0, 10) }).conversation).toBeUndefined();
    expect(promptOf({ messages: turns }).conversation).toBeDefined();
    const tools = Array.from({ length: 60 }, (_, index) => tool(`a_tool_with_a_name_${index}`));
    expect(promptOf({ tools, messages: [user('hi')] }).conversation).toBeDefined();
    expect(promptOf({ prompt_cache_key: 'k', messages: [user('hi')] }).conversation).toBeUndefined();
  });
});

it('reads a bounded part of whatever comes', () => {
  let reads = 0;
  const counted = (value: object): object =>
    new Proxy(value, {
      get(target, key) {
        reads += 1;
        const inner = Reflect.get(target, key) as unknown;
        return typeof inner === 'object' && inner !== null ? counted(inner) : inner;
      },
    });
  const parts = Array.from({ length: 100 }, () => ({ type: 'text', text: '', deep: Array(100).fill({ a: ['b'] }) }));
  const body = {
    messages: Array.from({ length: 10_000 }, () => message('assistant', parts)),
    tools: Array(5_000).fill({}),
  };
  const prompt = promptOf(counted(body));
  expect(prompt.prefix).toEqual(expect.any(Number));
  expect(prompt.conversation).toEqual(expect.any(Number));
  expect(reads).toBeLessThan(10_000);
});

it('is worked out once, and only when asked for', () => {
  let reads = 0;
  const body = {
    get messages() {
      reads += 1;
      return [user(LONG)];
    },
  };
  const prompt = promptOf(body);
  expect(reads).toBe(0);
  const [prefix, conversation] = [prompt.prefix, prompt.conversation];
  const after = reads;
  expect([prompt.prefix, prompt.conversation]).toEqual([prefix, conversation]);
  expect(reads).toBe(after);
});
