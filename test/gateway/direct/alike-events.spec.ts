// Events of a stream that are like one before them are handed on unread; whatever says something new is not one of them.
import { describe, expect, it } from 'vitest';
import { AlikeEvents } from '../../../src/gateway/direct/alike-events.ts';
import { withoutUsage } from '../../../src/gateway/usage/hide-usage.ts';

const chunk = (content: string, more = '') =>
  Buffer.from(
    `data: {"id":"c","choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}]${more}}\n\n`,
  );
const delta = (number: number, text: string) =>
  Buffer.from(
    `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${number},"delta":${JSON.stringify(text)},"logprobs":[],"obfuscation":"${'x'.repeat(number)}"}\n\n`,
  );

function likeOf(...[block, shown]: [block: Buffer, shown?: Buffer]): AlikeEvents {
  const events = new AlikeEvents();
  events.learn(block, shown ?? block);
  return events;
}

describe('events like one that was read', () => {
  it.each(['b', 'two words', 'ü€😀', 'a "quote"', 'a \\', '\\"', '"},"finish_reason":"stop"', '\n\n'])(
    'are those with another text: %j',
    (text) => {
      const piece = chunk(text);
      expect(likeOf(chunk('a')).split(piece)).toEqual({ alike: piece, events: 1, rest: undefined });
    },
  );

  it('are counted, and what follows them is left', () => {
    const rest = Buffer.from('data: [DONE]\n\n');
    const piece = Buffer.concat([chunk('b'), chunk('c'), rest]);
    const { alike, events } = likeOf(chunk('a')).split(piece);
    expect([alike?.equals(Buffer.concat([chunk('b'), chunk('c')])), events]).toEqual([true, 2]);
    expect(likeOf(chunk('a')).split(piece).rest?.toString()).toBe(String(rest));
  });

  it('may differ in numbers and padding', () => {
    expect(likeOf(delta(1, 'a')).split(delta(22, 'b')).events).toBe(1);
  });

  it.each([
    ['an end', Buffer.from(String(chunk('b')).replace('null', '"stop"'))],
    ['an error', Buffer.from('data: {"error":{"message":"no"}}\n\n')],
    ['usage', chunk('b', ',"usage":{"total_tokens":1}')],
    ['no text', chunk('')],
    ['half of one', chunk('b').subarray(0, -3)],
    ['half of a text', chunk('b').subarray(0, 60)],
    ['a comment', Buffer.from(': alive\n\n')],
    ['another answer', Buffer.from(String(chunk('b')).replace('"index":0', '"index":1'))],
  ])('are not those with %s', (_, piece) => {
    expect(likeOf(chunk('a')).split(piece)).toEqual({ alike: undefined, events: 0, rest: piece });
  });

  it('are shown as the first one was', () => {
    const more = ',"usage":null';
    const events = likeOf(chunk('a', more), withoutUsage(chunk('a', more)));
    const piece = Buffer.concat([chunk('ü "b"', more), chunk('c', more)]);
    const { alike, rest } = events.split(piece);
    expect([String(alike), rest]).toEqual([String(chunk('ü "b"')) + String(chunk('c')), undefined]);
  });

  it('are looked for no more where none comes', () => {
    const events = new AlikeEvents();
    for (let number = 0; number < 20; number++) events.learn(chunk(`a${number}`), chunk(`a${number}`));
    expect(events.split(chunk('b')).events).toBe(0);
  });
});
