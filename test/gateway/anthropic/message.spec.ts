// Completions as messages, whole and as streams; the same completion says the same in both ways, however it is cut.
import { describe, expect, it } from 'vitest';
import { messageUsage } from '../../../src/gateway/anthropic/message-end.ts';
import { messageError, messageIn } from '../../../src/gateway/anthropic/message-error.ts';
import { messageOf } from '../../../src/gateway/anthropic/message-reply.ts';
import { type MessageEvent, MessageStream } from '../../../src/gateway/anthropic/message-stream.ts';
import type { Loose } from '../../../src/gateway/anthropic/read-fields.ts';
import { ServerEvents, written } from '../../../src/gateway/anthropic/server-events.ts';
import { fc, runs } from '../../support/property.ts';

const completion = (message: object, finish_reason = 'stop', more: object = {}) => ({
  id: 'chatcmpl-1',
  model: 'gpt-5-2025',
  choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason, ...more }],
  usage: { prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } },
});
const call = (id: string, name: string, args: string) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

describe('a completion as a message', () => {
  it('is one', () => {
    expect(messageOf(completion({ content: 'Hello.' }), 'msg_1', 'gpt-5')).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'gpt-5-2025',
      content: [{ type: 'text', text: 'Hello.', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: 6, output_tokens: 4 },
    });
  });

  it.each([
    ['stop', {}, 'end_turn'],
    ['length', {}, 'max_tokens'],
    ['content_filter', {}, 'refusal'],
    ['tool_calls', { tool_calls: [call('c', 'f', '{}')] }, 'tool_use'],
    // With a chosen tool the API says `stop`.
    ['stop', { tool_calls: [call('c', 'f', '{}')] }, 'tool_use'],
    ['length', { tool_calls: [call('c', 'f', '{"a')] }, 'max_tokens'],
    ['stop', { refusal: 'No.' }, 'refusal'],
    ['something_new', {}, 'end_turn'],
  ])('ends with %s and %j as %s', (reason, message, wanted) => {
    expect(messageOf(completion({ content: 'x', ...message }, reason), 'm', 'm').stop_reason).toBe(wanted);
  });

  it('names the stop sequence where the endpoint does', () => {
    const { stop_reason, stop_sequence } = messageOf(completion({}, 'stop', { stop_reason: 'END' }), 'm', 'm');
    expect([stop_reason, stop_sequence]).toEqual(['stop_sequence', 'END']);
  });

  it.each([
    ['{"a":1}', { a: 1 }],
    ['', {}],
    ['[1]', { value: [1] }],
    ['{"a', { arguments: '{"a' }],
  ])('has the arguments %j as an object', (text, input) => {
    const { content } = messageOf(completion({ tool_calls: [call('c1', 'f', text)] }), 'm', 'm');
    expect(content).toEqual([{ type: 'tool_use', id: 'c1', name: 'f', input }]);
  });

  it('holds a completion that is hardly one', () => {
    expect(messageOf({}, 'm', 'gpt-5')).toMatchObject({ model: 'gpt-5', content: [], stop_reason: 'end_turn' });
  });
});

it.each<[unknown, number[]]>([
  [{ prompt_tokens: 10, completion_tokens: 4 }, [10, 0, 0, 4]],
  [{ prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 99 } }, [0, 0, 10, 4]],
  [{ prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 5 } }, [2, 5, 3, 0]],
  [undefined, [0, 0, 0, 0]],
])('counts %j apart, as the Messages API does', (usage, wanted) => {
  expect(Object.values(messageUsage(usage))).toEqual(wanted);
});

const chunk = (delta: object, finish_reason: string | null = null): Loose => ({
  ...{ id: 'chatcmpl-1', model: 'gpt-5-2025', choices: [{ index: 0, delta, finish_reason }] },
});
const part = (index: number, args: string, more: object = {}, name?: string) =>
  chunk({ tool_calls: [{ index, ...more, function: { ...(name && { name }), arguments: args } }] });
const play = (chunks: readonly Loose[]): MessageEvent[] => {
  const stream = new MessageStream('msg_1', 'gpt-5');
  return [...chunks.flatMap((one) => stream.take(one)), ...stream.end()];
};
const short = (events: readonly MessageEvent[]) =>
  events.map(({ type, index, delta }) => {
    const { text, partial_json } = (delta ?? {}) as { text?: string; partial_json?: string };
    return [type.replace('content_block_', ''), index, text ?? partial_json]
      .filter((one) => one !== undefined)
      .join(' ');
  });

/** What a client makes of events; throws at an order that the API never has. */
function gathered(events: readonly MessageEvent[]): { content: unknown[]; stop: unknown; usage: unknown } {
  const content: { text: string; name?: string; id?: string }[] = [];
  let [open, state] = [-1, 'before'];
  let [stop, usage]: unknown[] = [];
  for (const { type, index, ...event } of events) {
    if (type === 'ping') continue;
    const { content_block, delta } = event as {
      content_block?: { type: string };
      delta?: { text?: string; partial_json?: string };
    };
    if (type === 'message_start' && state === 'before') state = 'running';
    else if (type === 'content_block_start' && state === 'running' && open < 0 && index === content.length) {
      open = index;
      content.push({ ...content_block, text: '' });
    } else if (type === 'content_block_delta' && index === open) {
      (content[open] as { text: string }).text += delta?.text ?? delta?.partial_json ?? '';
    } else if (type === 'content_block_stop' && index === open) open = -1;
    else if (type === 'message_delta' && state === 'running' && open < 0) {
      [state, stop, usage] = ['ending', event.delta, event.usage];
    } else if (type === 'message_stop' && state === 'ending') state = 'over';
    else throw new Error(`${type} ${String(index)} while ${state}, ${open} open`);
  }
  if (state !== 'over') throw new Error(`ended ${state}`);
  return { content, stop, usage };
}

describe('a stream of chunks as events', () => {
  it('has text in one block, and its usage at the end', () => {
    const events = play([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'stop'),
      { choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } },
    ]);
    expect(short(events)).toEqual([
      ...['message_start', 'ping', 'start 0', 'delta 0 Hel', 'delta 0 lo', 'stop 0', 'message_delta', 'message_stop'],
    ]);
    expect(events[0]).toMatchObject({ message: { id: 'msg_1', model: 'gpt-5-2025', content: [], stop_reason: null } });
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: 7, output_tokens: 2 },
    });
  });

  it('writes calls one after the other as they come', () => {
    const events = play([
      chunk({ content: 'I look.' }),
      part(0, '', { id: 'c1' }, 'weather'),
      part(0, '{"city":'),
      part(0, '"Bonn"}'),
      part(1, '', { id: 'c2' }, 'time'),
      part(1, '{}'),
      chunk({}, 'tool_calls'),
    ]);
    expect(short(events)).toEqual([
      ...['message_start', 'ping', 'start 0', 'delta 0 I look.', 'stop 0'],
      ...['start 1', 'delta 1 {"city":', 'delta 1 "Bonn"}', 'stop 1', 'start 2', 'delta 2 {}', 'stop 2'],
      ...['message_delta', 'message_stop'],
    ]);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });

  it('keeps calls apart that are written at once', () => {
    const events = play([
      part(0, '{"a"', { id: 'c1' }, 'f'),
      part(1, '{"b"', { id: 'c2' }, 'g'),
      part(0, ':1}'),
      part(1, ':2}'),
      part(0, ' '),
      chunk({}, 'tool_calls'),
    ]);
    expect(gathered(events).content).toEqual([
      { type: 'tool_use', id: 'c1', name: 'f', input: {}, text: '{"a":1}' },
      { type: 'tool_use', id: 'c2', name: 'g', input: {}, text: '{"b":2}' },
    ]);
  });

  it('tells calls apart by their ids where all have the same number, or none', () => {
    const whole = (id: string) => chunk({ tool_calls: [call(id, 'f', `{"id":"${id}"}`)] });
    const { content } = gathered(play([whole('c1'), whole('c2'), whole('c3'), chunk({}, 'stop')]));
    expect(content).toMatchObject([{ id: 'c1' }, { id: 'c2', text: '{"id":"c2"}' }, { id: 'c3' }]);
  });

  it('ends what was cut by its length', () => {
    const events = play([part(0, '{"a', { id: 'c1' }, 'f'), chunk({}, 'length')]);
    expect(gathered(events)).toMatchObject({ content: [{ text: '{"a' }], stop: { stop_reason: 'max_tokens' } });
  });

  it('says of a refusal what it said', () => {
    const events = play([chunk({ refusal: 'No.' }), chunk({}, 'stop')]);
    expect(gathered(events)).toMatchObject({ content: [{ text: 'No.' }], stop: { stop_reason: 'refusal' } });
  });

  it('begins with its start even when somebody only shows that he is there', () => {
    expect(new MessageStream('m', 'gpt-5').ping().map(({ type }) => type)).toEqual(['message_start', 'ping', 'ping']);
  });

  it('says the same as the whole message, however the completion is cut and interleaved', () => {
    const text = fc.string({ minLength: 1, maxLength: 12 });
    const calls = fc.array(fc.record({ name: fc.constantFrom('f', 'g'), args: fc.dictionary(text, fc.jsonValue()) }), {
      maxLength: 4,
    });
    const cuts = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.string(), calls, cuts, (said, made, order) => {
        const whole = made.map(({ name, args }, index) => call(`c${index}`, name, JSON.stringify(args)));
        const chunks = [...said].map((letter) => chunk({ content: letter }));
        chunks.push(...whole.map(({ id, function: { name } }, index) => part(index, '', { id }, name)));
        const left = whole.map(({ function: { arguments: args } }) => args);
        for (let at = 0; left.some((rest) => rest !== ''); at++) {
          const index = (order[at % order.length] as number) % left.length;
          const turn = left[index] === '' ? left.findIndex((rest) => rest !== '') : index;
          chunks.push(part(turn, (left[turn] as string).slice(0, 3)));
          left[turn] = (left[turn] as string).slice(3);
        }
        chunks.push(chunk({}, made.length > 0 ? 'tool_calls' : 'stop'));
        const { content, stop } = gathered(play(chunks));
        const wanted = messageOf(completion({ content: said, tool_calls: whole }), 'msg_1', 'gpt-5');
        const read = content.map((block) => {
          const { text: all, ...rest } = block as { text: string; type: string };
          return rest.type === 'text' ? { ...rest, text: all } : { ...rest, input: JSON.parse(all) as unknown };
        });
        expect(read).toEqual(wanted.content);
        expect(stop).toEqual({ stop_reason: wanted.stop_reason, stop_sequence: null });
      }),
      runs(200),
    );
  });
});

describe('server-sent events', () => {
  it('are read the same in whatever pieces they come', () => {
    const events = fc.array(
      fc.oneof(
        fc.constant(null),
        fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll(/[\r\n]/g, '')),
      ),
    );
    fc.assert(
      fc.property(events, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 7 }), (given, end, size) => {
        const lines = given.map((data) => (data === null ? `: here${end}` : `event: x${end}data: ${data}${end}${end}`));
        const bytes = Buffer.from(lines.join(''));
        const reader = new ServerEvents();
        const read = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.take(bytes.subarray(at, at + size)));
        expect(read).toEqual(given.map((data) => (data === null ? { is: 'comment' } : { is: 'data', data })));
      }),
      runs(200),
    );
  });

  it('are written with their name', () => {
    expect(written({ type: 'ping' })).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });
});

it.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [422, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [502, 'api_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])('calls an error of status %i %s', (status, type) => {
  expect(messageError({ status, message: 'x' }, 'req_1')).toEqual({
    ...{ type: 'error', error: { type, message: 'x' }, request_id: 'req_1' },
  });
});

it.each([
  [{ error: { message: 'a' } }, 'a'],
  [{ error: 'b' }, 'b'],
  [{ message: 'c' }, 'c'],
  [{ error: { message: '' } }, undefined],
  ['<html>', undefined],
])('finds in %j what it says', (body, message) => {
  expect(messageIn(body)).toBe(message);
});
